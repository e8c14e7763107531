/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Ladder, TierUse } from '../../billing/ladders.ts'
import type { Product } from '../../billing/products.ts'
import { counted } from '../counted.ts'
import { type SentForm, stateOf } from '../sent-form.ts'
import { ActionForm } from './action-form.tsx'
import { SelectField, TextField } from './fields.tsx'
import { ladderPath } from './ladders-page.tsx'
import type { Viewer } from './layout.tsx'
import { StatusBadge } from './product-kind.tsx'
import { productPath, productsPath } from './products-page.tsx'
import { SeenField } from './seen-field.tsx'
import { type Column, Table } from './table.tsx'

export type LadderPageData = {
  viewer: Viewer
  ladder: Ladder
  /** Products without a type that are no tier of it: those that are offered, and those that are not. */
  plans: { published: readonly Product[]; others: readonly Product[] }
  sent: SentForm
}

/** The field of a tier's rank. */
export function rankField(product: string): string {
  return `rank.${product}`
}

/** What the form for ranks shows, and what has to stand unchanged when it is sent. */
export function ranksShown({ tiers }: Ladder): readonly (readonly [string, number])[] {
  return tiers.map(({ product, rank }) => [product, rank])
}

/** A ladder's tiers, and what an operator does with them. */
export const LadderTiers: FC<LadderPageData> = ({ viewer, ladder, plans, sent }) => (
  <>
    <section aria-labelledby="tiers">
      <h2 id="tiers">Tiers</h2>
      {ladder.tiers.length === 0 ? (
        <p class="empty small">
          There is no tier yet. Put a plan on it below; the one at rank 0 is what a new organization starts
          on.
        </p>
      ) : (
        <Table
          caption={`Tiers of ${ladder.name}, the lowest first`}
          rows={ladder.tiers}
          columns={columns(viewer, ladder)}
        />
      )}
    </section>
    {viewer.role === 'operator' && (
      <>
        {ladder.tiers.length > 0 && (
          <section aria-labelledby="ranks">
            <h2 id="ranks">Ranks</h2>
            <Ranks viewer={viewer} ladder={ladder} sent={sent} />
          </section>
        )}
        <section aria-labelledby="add">
          <h2 id="add">Add a tier</h2>
          <div class="cards">
            <Attach viewer={viewer} ladder={ladder} products={plans.published} sent={sent} />
            <PublishAndAttach viewer={viewer} ladder={ladder} products={plans.others} sent={sent} />
          </div>
        </section>
      </>
    )}
  </>
)

function columns(viewer: Viewer, ladder: Ladder): Column<TierUse>[] {
  return [
    { title: 'Rank', cell: ({ rank }) => <span>{rank}</span> },
    {
      title: 'Plan',
      names: true,
      cell: ({ product, name }) => (
        <>
          <a href={productPath(product)}>{name}</a>
          <code class="id">{product}</code>
        </>
      ),
    },
    { title: 'Status', cell: ({ status }) => <StatusBadge status={status} /> },
    {
      title: 'Stand on it',
      cell: ({ attachments }) => <span>{counted(attachments, 'organization')}</span>,
    },
    {
      title: 'Claim it',
      cell: ({ claims, ceilings }) => (
        <>
          <span>{claims.toLocaleString('en')}</span>
          {ceilings > 0 && <span class="id">{counted(ceilings, 'ceiling')}</span>}
        </>
      ),
    },
    ...(viewer.role === 'operator'
      ? [
          {
            title: 'Remove',
            control: true,
            cell: (tier: TierUse) => <Remove viewer={viewer} ladder={ladder} tier={tier} />,
          },
        ]
      : []),
  ]
}

const Remove: FC<{ viewer: Viewer; ladder: Ladder; tier: TierUse }> = ({ viewer, ladder, tier }) => {
  const { product, name, attachments, claims, ceilings } = tier
  if (attachments > 0) return <span class="why">in use</span>
  if (claims > 0) return <span class="why">claimed</span>
  if (ceilings > 0) return <span class="why">is a ceiling</span>
  return (
    <ActionForm
      viewer={viewer}
      action={`${ladderPath(ladder.key)}/tiers/${product}/remove`}
      label="Remove…"
      ask={{
        title: `Remove ${name} from ${ladder.name}?`,
        will: 'Nobody stands on it, and nobody claims it. The product stays, and what it includes.',
        button: 'Remove',
        reason: 'optional',
        danger: true,
        back: ladderPath(ladder.key),
      }}
    />
  )
}

const Ranks: FC<{ viewer: Viewer; ladder: Ladder; sent: SentForm }> = ({ viewer, ladder, sent }) => {
  const { typed, faults } = stateOf(sent, 'ranks')
  return (
    <ActionForm
      viewer={viewer}
      action={`${ladderPath(ladder.key)}/ranks`}
      look="card"
      label="Change the ranks…"
      ask={{
        title: `Change the ranks of ${ladder.name}?`,
        will: 'All at once, so that two can change places. It moves nobody by itself: a rank counts from the next move on, and rank 0 for whoever starts from now on.',
        button: 'Change the ranks',
        reason: 'optional',
        back: ladderPath(ladder.key),
        shows: Object.fromEntries(ladder.tiers.map(({ product, name }) => [rankField(product), name])),
      }}
    >
      <SeenField shown={ranksShown(ladder)} />
      <div class="form">
        {ladder.tiers.map(({ product, name, rank }) => (
          <TextField
            name={rankField(product)}
            label={`Rank of ${name}`}
            value={typed[rankField(product)] ?? String(rank)}
            fault={faults[rankField(product)]}
            type="number"
            min={0}
            required
          />
        ))}
      </div>
    </ActionForm>
  )
}

type AddData = { viewer: Viewer; ladder: Ladder; products: readonly Product[]; sent: SentForm }

function freeRank({ tiers }: Ladder): string {
  return String(Math.max(-1, ...tiers.map(({ rank }) => rank)) + 1)
}

const Attach: FC<AddData> = ({ viewer, ladder, products, sent }) => {
  const { typed, faults } = stateOf(sent, 'attach')
  if (products.length === 0)
    return (
      <p class="empty small">
        There is no published plan that is not on this ladder already. Publish one beside, or make a{' '}
        <a href={productsPath}>product</a> without a type.
      </p>
    )
  return (
    <ActionForm
      viewer={viewer}
      action={`${ladderPath(ladder.key)}/tiers`}
      look="card"
      label="Attach…"
      ask={{
        title: `Attach this plan to ${ladder.name}?`,
        will: 'It is a tier from now on. Subscriptions whose price means it are looked at again, and those that waited for it go on.',
        button: 'Attach',
        back: ladderPath(ladder.key),
        shows: { product: 'Plan', rank: 'Rank' },
      }}
    >
      <h3>A plan that is published</h3>
      <SelectField
        name="product"
        label="Plan"
        value={typed.product}
        fault={faults.product}
        choices={products.map(({ key, name }) => ({ value: key, label: `${name} (${key})` }))}
        required
      />
      <TextField
        name="rank"
        label="Rank"
        value={typed.rank ?? freeRank(ladder)}
        fault={faults.rank}
        hint="0 is the lowest, and what new organizations start on."
        type="number"
        min={0}
        required
      />
    </ActionForm>
  )
}

const PublishAndAttach: FC<AddData> = ({ viewer, ladder, products, sent }) => {
  const { typed, faults } = stateOf(sent, 'publish')
  if (products.length === 0)
    return <p class="empty small">There is no draft that could become a plan of this ladder.</p>
  return (
    <ActionForm
      viewer={viewer}
      action={`${ladderPath(ladder.key)}/publish-and-attach`}
      look="card"
      label="Publish and attach…"
      ask={{
        title: `Publish this product, and attach it to ${ladder.name}?`,
        will: 'It is offered as a plan of this ladder from now on; both happen, or neither.',
        button: 'Publish and attach',
        back: ladderPath(ladder.key),
        shows: { product: 'Product', rank: 'Rank' },
      }}
    >
      <h3>A product that is not published yet</h3>
      <SelectField
        name="product"
        id="draft"
        label="Product"
        value={typed.product}
        fault={faults.product}
        choices={products.map(({ key, name, status }) => ({
          value: key,
          label: `${name} (${key}), ${status}`,
        }))}
        required
      />
      <TextField
        name="rank"
        id="draft-rank"
        label="Rank"
        value={typed.rank ?? freeRank(ladder)}
        fault={faults.rank}
        hint="A draft cannot be published as a plan by itself: only its ladder says that it is one."
        type="number"
        min={0}
        required
      />
    </ActionForm>
  )
}
