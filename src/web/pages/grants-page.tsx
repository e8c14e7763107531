/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { CatalogChoices } from '../../billing/catalog-choices.ts'
import type { GrantEntry } from '../../entitlements/list-grants.ts'
import type { Organization } from '../../organization/organizations.ts'
import type { Faults, Typed } from '../read-form.ts'
import { ActionForm } from './action-form.tsx'
import { SelectField, TextField } from './fields.tsx'
import { givenByAndReason } from './grant-columns.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { OrganizationHead } from './organization-head.tsx'
import { enrollmentPath, grantsPath, grantsTab } from './organization-paths.ts'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'
import { UntilField, untilShown } from './until-field.tsx'

export type GrantsPageData = {
  viewer: Viewer
  organization: Organization
  /** What is no plan, the newest first. */
  grants: readonly GrantEntry[]
  /** Those that have ended too. */
  past: boolean
  choices: CatalogChoices
  seen: string
  typed: Typed
  faults: Faults
}

/** What operators gave one organization beside ladders. Plans are not given here (R52). */
export const GrantsPage: FC<GrantsPageData> = (data) => {
  const { viewer, organization, grants, past } = data
  const here = grantsPath(organization.organizationId)
  return (
    <PanelPage title={`Grants of ${organization.name}`} at={grantsTab} viewer={viewer}>
      <OrganizationHead organization={organization} here={here} />
      <section aria-labelledby="given">
        <h2 id="given">Given beside ladders</h2>
        <p class="aside">
          {past ? (
            <>
              Those that have ended are shown too. <a href={here}>The live ones alone</a>
            </>
          ) : (
            <a href={`${here}?past=yes`}>Show those that have ended too</a>
          )}
        </p>
        {grants.length === 0 ? (
          <p class="empty small">Nothing: no add-on or other product that is no plan.</p>
        ) : (
          <Table caption="Grants beside ladders" rows={grants} columns={columns(data)} />
        )}
      </section>
      {viewer.role === 'operator' && <GiveCard {...data} />}
    </PanelPage>
  )
}

const GiveCard: FC<GrantsPageData> = ({ viewer, organization, choices, seen, typed, faults }) => {
  const back = grantsPath(organization.organizationId)
  return (
    <section aria-labelledby="give">
      <h2 id="give">Give a product</h2>
      <p class="aside">
        Plans are tiers of a ladder and are given through{' '}
        <a href={enrollmentPath(organization.organizationId)}>Enrollment</a>.
      </p>
      {choices.flat.length === 0 ? (
        <p class="empty small">
          Nothing that is no plan is published: <a href="/operator/products">publish a product</a> with a type
          first.
        </p>
      ) : (
        <ActionForm
          viewer={viewer}
          action={back}
          look="card"
          label="Give…"
          ask={{
            title: `Give ${organization.name} this?`,
            will: 'It is held from now on, beside any tier. Given twice it is held twice.',
            button: 'Give',
            reason: 'required',
            back,
            shows: { product: 'Product', quantity: 'Quantity', ...untilShown },
          }}
        >
          <input type="hidden" name="seen" value={seen} />
          <div class="form">
            <SelectField
              name="product"
              label="Product"
              value={typed.product}
              fault={faults.product}
              required
              none="Choose one"
              choices={choices.flat.map(({ key, name }) => ({ value: key, label: name }))}
            />
            <TextField
              name="quantity"
              type="number"
              min={1}
              label="Quantity"
              value={typed.quantity ?? '1'}
              fault={faults.quantity}
              required
            />
            <UntilField typed={typed} faults={faults} />
          </div>
        </ActionForm>
      )}
    </section>
  )
}

function columns({ viewer, organization, choices, seen }: GrantsPageData): Column<GrantEntry>[] {
  const back = grantsPath(organization.organizationId)
  return [
    {
      title: 'Product',
      names: true,
      cell: ({ product, quantity }) => (
        <span>
          {choices.productNames[product] ?? product}
          {quantity > 1 && ` × ${quantity}`}
        </span>
      ),
    },
    {
      title: 'State',
      cell: ({ live, closed_reason }) =>
        live ? <span class="badge done">live</span> : <span class="badge">{closed_reason ?? 'ended'}</span>,
    },
    {
      title: 'Until',
      cell: ({ valid_until, closed_at }) => {
        const end = closed_at ?? valid_until
        return end === null ? <span>no end</span> : <Time at={new Date(end)} seconds={false} />
      },
    },
    ...givenByAndReason,
    {
      title: 'Revoke',
      control: true,
      cell: ({ grant_id, product, live }) =>
        !live || viewer.role !== 'operator' ? null : (
          <ActionForm
            viewer={viewer}
            action={`${back}/${grant_id}/revoke`}
            label="Revoke…"
            ask={{
              title: `Take ${choices.productNames[product] ?? product} back?`,
              will: 'It is not held any more from this moment. No tier moves by it.',
              button: 'Revoke',
              reason: 'required',
              danger: true,
              back,
            }}
          >
            <input type="hidden" name="seen" value={seen} />
          </ActionForm>
        ),
    },
  ]
}
