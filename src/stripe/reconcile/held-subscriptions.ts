import { createHash } from 'node:crypto'
import type { Reader, Tx } from '../../db/types.ts'
import { findOrganizations, provisioning } from '../customers/customer-rows.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import type { CustomerLink } from './differences.ts'
import type { HeldSubscription, Names } from './tell-subscription.ts'

/** An unhandled event or a due look older than this is not under way any more: nobody works, or it fails. */
const STUCK = '5 minutes'
/** A hole has its grace, and its fetch some seconds more. */
const HOLE = '30 seconds'

/** What stands here of one subscription, and whether something is being done about it at this moment. */
export type HeldNow = {
  customer: string | null
  /** The organization to which its customer is linked. */
  linkedTo: string | null
  /** Null: it belongs to nobody yet, or is not known at all. */
  held: HeldSubscription | null
  /** Stripe's time of the newest event that is known, Unix seconds. */
  newestEvent: number | null
  /** An event that nobody has taken up, a look that is due, or a hole in its grace. */
  busy: boolean
}

type Row = {
  subscription: string
  customer: string | null
  linkedTo: string | null
  organization: string | null
  status: string | null
  cancelAt: number | null
  pause: SubscriptionState['pause']
  trialEnd: number | null
  resolvedBy: string | null
  unresolved: string | null
  newestEvent: number | null
  busy: boolean
}

/** What stands here of each of these subscriptions; its customer may be known to the caller alone. One snapshot is wanted. */
export async function readHeld(
  tx: Tx,
  wanted: readonly { subscription: string; customer: string | null }[],
): Promise<Map<string, HeldNow>> {
  if (wanted.length === 0) return new Map()
  const ids = wanted.map(({ subscription }) => subscription)
  const customers = wanted.map(({ customer }) => customer)
  const [rows, holdings] = await Promise.all([
    tx<Row[]>`
      select
        w.subscription, c.stripe_customer_id as customer, c.organization_id as linked_to, b.account_id as organization, b.status,
        extract(epoch from b.cancel_at)::float8 as cancel_at, b.pause_collection as pause,
        extract(epoch from b.trial_end)::float8 as trial_end, s.resolved_by, s.unresolved, told.newest_event,
        coalesce(told.open, false)
          or coalesce(s.resolve_at between clock_timestamp() - ${STUCK}::interval and clock_timestamp(), false)
          or coalesce(s.hole_seen_at > clock_timestamp() - ${HOLE}::interval, false) as busy
      from unnest(${ids}::text[], ${customers}::text[]) as w (subscription, customer)
      left join stripe.subscriptions s on s.stripe_subscription_id = w.subscription
      left join stripe.customers c on c.stripe_customer_id = coalesce(w.customer, s.stripe_customer_id)
      left join billing.subscriptions b on b.subscription_id = s.subscription_id
      left join lateral (
        select
          extract(epoch from max(e.created_at))::float8 as newest_event,
          bool_or(e.received_at > clock_timestamp() - ${STUCK}::interval and not exists (
            select from stripe.event_writes m where m.event_id = e.event_id and m.write = 'enrollment'
          )) as open
        from stripe.events e
        where e.stripe_subscription_id = w.subscription and e.trail_kind is not null
      ) told on true
    `,
    readHoldings(tx, ids),
  ])
  return new Map(
    rows.map(({ subscription, customer, linkedTo, organization, newestEvent, busy, ...known }) => [
      subscription,
      {
        customer,
        linkedTo,
        newestEvent,
        busy,
        held:
          organization === null
            ? null
            : {
                organization,
                ...known,
                ...(holdings.get(subscription) ?? { tiers: [], addons: [] }),
              },
      },
    ]),
  )
}

async function readHoldings(
  tx: Tx,
  ids: string[],
): Promise<Map<string, Pick<HeldSubscription, 'tiers' | 'addons'>>> {
  const rows = await tx<
    {
      subscription: string
      planLadderId: string | null
      productId: string
      quantity: number
      status: string
    }[]
  >`
    select s.stripe_subscription_id as subscription, c.plan_ladder_id, c.product_id, 1 as quantity, c.status
    from stripe.subscriptions s join entitlements.subscription_claims c using (subscription_id)
    where s.stripe_subscription_id = any(${ids})
    union all
    select s.stripe_subscription_id, null, v.product_id, v.quantity, v.status
    from stripe.subscriptions s
    join entitlements.pool_provisions v on v.subscription_id = s.subscription_id and v.ended_at is null
    where s.stripe_subscription_id = any(${ids})
      and not exists (select from entitlements.pool_provision_ladders a where a.provision_id = v.provision_id)
  `
  const holdings = new Map<
    string,
    { tiers: HeldSubscription['tiers'][number][]; addons: HeldSubscription['addons'][number][] }
  >()
  for (const { subscription, planLadderId, productId, quantity, status } of rows) {
    const of = holdings.get(subscription) ?? { tiers: [], addons: [] }
    if (planLadderId !== null) of.tiers.push({ planLadderId, productId, status })
    else of.addons.push({ productId, quantity, status })
    holdings.set(subscription, of)
  }
  return holdings
}

/**
 * How the customer of each of these subscriptions belongs to an organization, or would if the subscription were taken in now: in the
 * same way as an event's would (`linkCustomers`).
 */
export async function readLinks(
  reader: Reader,
  states: readonly SubscriptionState[],
  autoProvision: string | null,
): Promise<(state: SubscriptionState, linkedTo: string | null) => CustomerLink> {
  const references = states.flatMap(({ organization }) => organization ?? [])
  const [named, provision] = await Promise.all([
    findOrganizations(reader, [...new Set(references)]),
    autoProvision === null ? null : provisioning(reader, autoProvision),
  ])
  return ({ customer, organization }, linkedTo) => {
    if (linkedTo !== null) return { kind: 'linked' }
    if (customer === null)
      return {
        kind: 'unlinked',
        why: 'Stripe names no customer',
        next: 'Look at the subscription at Stripe.',
      }
    if (provision?.orgTypeId || (organization !== null && named.has(organization)))
      return { kind: 'would be linked' }
    if (provision)
      return {
        kind: 'unlinked',
        why: `AUTO_PROVISION names the org type ${autoProvision}, which the catalog does not have`,
        next: 'Correct the setting, or apply a catalog that has the type; then `reconcile --repair`.',
      }
    if (organization !== null)
      return {
        kind: 'unlinked',
        why: `Stripe's metadata names the organization ${organization}, which does not exist`,
        next: 'Correct metadata.organization at Stripe, or create that organization; then `reconcile --repair`.',
      }
    return {
      kind: 'unlinked',
      why: `nobody said whose ${customer} is`,
      next: `Put metadata.organization on ${customer} at Stripe, or set AUTO_PROVISION; then \`reconcile --repair\`.`,
    }
  }
}

/** What products and ladders are called. A catalog has hundreds of them at most. */
export async function readNames(reader: Reader): Promise<Names> {
  const rows = await reader<{ id: string; name: string }[]>`
    select product_id as id, product_key as name from billing.products
    union all select plan_ladder_id, ladder_key from billing.plan_ladders
  `
  const names = new Map(rows.map(({ id, name }) => [id, name]))
  const of = (id: string) => names.get(id) ?? id
  return { product: of, ladder: of }
}

/** Tells whether what stands here has changed since, without keeping it. Null: it is changing now. */
export function heldHash({ held, linkedTo, newestEvent, busy }: HeldNow): string | null {
  if (busy) return null
  const told = JSON.stringify([held, linkedTo, newestEvent])
  return createHash('sha256').update(told).digest('hex').slice(0, 32)
}

/**
 * Subscriptions that stand live here and were not looked at since a run began: Stripe does not list them, or they were made
 * meanwhile. Those that came to be after its begin are left to their events.
 */
export async function readUnlisted(sql: Reader, startedAt: Date, most: number): Promise<string[]> {
  const rows = await sql<{ subscription: string }[]>`
    select s.stripe_subscription_id as subscription
    from billing.subscriptions b
    join stripe.subscriptions s using (subscription_id)
    left join stripe.verified_subscriptions v using (stripe_subscription_id)
    where s.created_at < ${startedAt} and (v.looked_at is null or v.looked_at < ${startedAt})
      and (
        b.status not in ('canceled', 'incomplete_expired')
        or exists (select from entitlements.subscription_claims c where c.subscription_id = b.subscription_id)
      )
    order by 1 limit ${most}
  `
  return rows.map((row) => row.subscription)
}
