/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { CatalogChoices } from '../../billing/catalog-choices.ts'
import type { SubscriptionExplained } from '../../stripe/enrollment/explain-subscription.ts'
import { nameOf, StatusBadge } from './enrollment-ladder.tsx'
import { Table } from './table.tsx'
import { Time } from './time.tsx'

/** The subscriptions at Stripe, what each is for, and how far it is known where it stands. */
export const Subscriptions: FC<{
  subscriptions: readonly SubscriptionExplained[]
  choices: CatalogChoices
}> = ({ subscriptions, choices }) =>
  subscriptions.length === 0 ? null : (
    <section aria-labelledby="subscriptions">
      <h2 id="subscriptions">Subscriptions</h2>
      <Table
        caption="Subscriptions at Stripe"
        rows={subscriptions}
        columns={[
          { title: 'Subscription', names: true, cell: ({ id }) => <code>{id}</code> },
          {
            title: 'Status',
            cell: ({ status }) =>
              status === null ? <span class="badge">not known yet</span> : <StatusBadge status={status} />,
          },
          {
            title: 'For',
            cell: ({ items }) =>
              items.length === 0
                ? '–'
                : items.map(({ price, quantity, product }) => (
                    <div>
                      {product === null ? 'no product' : nameOf(choices, product)}
                      {quantity !== null && quantity !== 1 && ` × ${quantity}`}{' '}
                      <code class="id">{price}</code>
                    </div>
                  )),
          },
          { title: 'Known', cell: (subscription) => <Known subscription={subscription} /> },
        ]}
      />
    </section>
  )

const Known: FC<{ subscription: SubscriptionExplained }> = ({ subscription }) => {
  const { unresolved, resolve_at, claims_nothing, ended_at } = subscription
  if (unresolved)
    return (
      <div>
        <span class="badge waiting">not settled</span>{' '}
        <span class="why">
          {unresolved.replaceAll('_', ' ')}: the last known tier is held
          {resolve_at && (
            <>
              ; looked at again <Time at={new Date(resolve_at)} />
            </>
          )}
        </span>
      </div>
    )
  if (ended_at)
    return (
      <span>
        ended <Time at={new Date(ended_at)} />
      </span>
    )
  return <span>{claims_nothing ?? 'settled'}</span>
}
