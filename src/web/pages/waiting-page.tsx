/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Product } from '../../billing/products.ts'
import { freeingAction } from '../../stripe/enrollment/explain-freeing.ts'
import type { HeldGroup } from '../../stripe/inbox/held-groups.ts'
import { counted } from '../counted.ts'
import { addressWith } from '../event-filters.ts'
import { freeingStep, partsOf } from '../freeing-step.ts'
import { ActionForm } from './action-form.tsx'
import { eventPath, inboxPath } from './events-page.tsx'
import { SelectField } from './fields.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'

export const waitingPath = '/operator/waiting'
export const mapPricePath = `${waitingPath}/price`

export type WaitingPageData = {
  viewer: Viewer
  groups: readonly HeldGroup[]
  /** What a price may stand for; none for whoever may only read. */
  products: readonly Pick<Product, 'key' | 'name'>[]
  /** There are more groups than are shown. */
  more: boolean
}

/** What is held, by what it waits on, each with the one action that frees it. */
export const WaitingPage: FC<WaitingPageData> = ({ viewer, groups, products, more }) => {
  const waiting = groups.filter(({ state }) => state === 'waiting')
  const parked = groups.filter(({ state }) => state === 'parked')
  return (
    <PanelPage title="Waiting" at={waitingPath} viewer={viewer}>
      <div class="head">
        <h1>Waiting</h1>
        <p class="aside">
          What is held, by what it waits on. The last known tier stays meanwhile: nobody is moved down on a
          guess. <span data-zone="">Times are UTC.</span>
        </p>
      </div>
      {groups.length === 0 && (
        <section class="empty">
          <h2>Nothing waits.</h2>
          <p>
            Every event came to its end. See them in <a href={inboxPath}>the inbox</a>.
          </p>
        </section>
      )}
      {more && <p class="flash held">These are the {groups.length} largest groups; there are more.</p>}
      {waiting.length > 0 && (
        <section aria-labelledby="waiting">
          <h2 id="waiting">Waits for something named, and goes on by itself once it is there</h2>
          <Table caption="Waiting work" rows={waiting} columns={columnsFor(viewer, products)} />
        </section>
      )}
      {parked.length > 0 && (
        <section aria-labelledby="parked">
          <h2 id="parked">Parked: a person has to look</h2>
          <Table caption="Parked work" rows={parked} columns={columnsFor(viewer, products)} />
        </section>
      )}
    </PanelPage>
  )
}

const kinds: Readonly<Record<string, string>> = {
  price: 'a price',
  customer: 'a customer',
  organization: 'an organization',
  org_type: 'an org type',
  trail: 'the trail of a subscription',
  items: 'the items of a subscription',
  status: 'a status',
}

function columnsFor(viewer: Viewer, products: WaitingPageData['products']): Column<HeldGroup>[] {
  return [
    {
      title: 'Held for',
      names: true,
      cell: ({ state, reason, on, detail }) => {
        const [kind, thing] = partsOf(on ?? '')
        return (
          <div class="about" id={on ? encodeURIComponent(on) : undefined}>
            <span class="state">
              <span class={`badge ${state}`}>{on ? (kinds[kind] ?? kind.replaceAll('_', ' ')) : state}</span>
              <strong>{reason.replaceAll('_', ' ')}</strong>
            </span>
            {on && <code>{thing}</code>}
            {detail && <span class="why">{detail}</span>}
          </div>
        )
      },
    },
    {
      title: 'Held',
      cell: (group) => (
        <div class="about">
          <a href={eventsOf(group)}>{counted(group.writes, 'write')}</a>
          {group.subscriptions > 0 && <span class="why">{counted(group.subscriptions, 'subscription')}</span>}
          {group.customers > 0 && <span class="why">{counted(group.customers, 'customer')}</span>}
        </div>
      ),
    },
    {
      title: 'Since',
      cell: ({ since, dueAt }) => (
        <div class="about">
          <Time at={since} seconds={false} />
          {dueAt && (
            <span class="why">
              tried again <Time at={dueAt} />
            </span>
          )}
        </div>
      ),
    },
    {
      title: 'What frees it',
      cell: (group) => {
        const step = freeingStep(group, viewer.role)
        const price = group.reason === 'unmapped_price' && group.on ? partsOf(group.on)[1] : null
        return (
          <div class="about freeing">
            {price && products.length > 0 ? (
              <MapPrice viewer={viewer} price={price} products={products} />
            ) : (
              step && (
                <a class="button quiet" href={step.href}>
                  {step.label}
                </a>
              )
            )}
            <span class="why">{freeingAction(group)}</span>
          </div>
        )
      },
    },
  ]
}

const MapPrice: FC<{ viewer: Viewer; price: string; products: WaitingPageData['products'] }> = ({
  viewer,
  price,
  products,
}) => (
  <ActionForm
    viewer={viewer}
    action={mapPricePath}
    label="Map…"
    ask={{
      title: `Map ${price}?`,
      will: 'From now on the price stands for this product. What waits for it goes on at once, and whoever pays it is moved to that tier.',
      button: 'Map it',
      back: waitingPath,
      shows: { product: 'Product' },
    }}
  >
    <input type="hidden" name="price" value={price} />
    <SelectField
      name="product"
      id={`product-of-${price}`}
      label="It stands for"
      none="choose a product"
      choices={products.map(({ key, name }) => ({ value: key, label: `${name} (${key})` }))}
      required
    />
  </ActionForm>
)

/** Its events in the inbox: the one alone where it is one, else by what the inbox can be searched for. */
function eventsOf({ state, reason, on, event, writes }: HeldGroup): string {
  if (writes === 1) return eventPath(event)
  const [, thing] = partsOf(on ?? '')
  const about = thing.startsWith('sub_')
    ? { subscription: thing }
    : thing.startsWith('cus_')
      ? { customer: thing }
      : {}
  return addressWith(inboxPath, { state, reason, ...about })
}
