import type { Reader, Tx } from '../../db/types.ts'
import { type CustomerPlace, linkCustomers } from '../customers/customers.ts'
import { readEnvelope } from '../event/envelope.ts'
import { type Link, linkOf } from '../event/links.ts'
import type { UnhandledEvent } from '../inbox/unhandled-events.ts'
import { type LockedSubscription, lockSubscriptions } from './locked-subscriptions.ts'
import type { Home } from './subscription-homes.ts'

/** Where a subscription belongs, its row held by this transaction. `on`: the named thing that has to arrive first. */
export type Owner =
  | {
      kind: 'owned'
      held: LockedSubscription
      subscriptionId: string
      tenantId: string
      accountId: string
      poolId: string
    }
  | { kind: 'waiting'; held: LockedSubscription; on: string; reason: string }

export type LinkOutcome =
  | { kind: 'linked' }
  | { kind: 'none' }
  /** Its body went by its age, and with it whatever it said; what it linked when it came stays linked. */
  | { kind: 'gone' }
  | { kind: 'waiting'; on: string; reason: string }

/**
 * Locks the subscriptions of these events (and those named besides) and links their customers to organizations by whatever the
 * events say. Locks are taken in the one order: subscriptions, then customers. Nearly always every customer is linked already and
 * the locks have told so.
 * @returns `homes`: the subscriptions that get their row in billing now, for the caller to write (`giveHomes`) together with what it
 * sends next; `links`: for each event that is not a subscription's own (a checkout, a customer), whether it linked anybody.
 */
export async function findOwners(
  tx: Tx,
  events: readonly UnhandledEvent[],
  subscriptions: readonly string[],
  autoProvision: string | null,
): Promise<{ owners: Map<string, Owner>; homes: Home[]; links: Map<string, LinkOutcome> }> {
  const held = await lockSubscriptions(tx, [
    ...events.flatMap((e) =>
      e.trailKind && e.subscription ? [{ subscription: e.subscription, customer: e.customer }] : [],
    ),
    ...subscriptions.map((subscription) => ({ subscription, customer: null })),
  ])
  const { links: told, gone } = await linksIn(tx, events)
  const unsettled = [...held.values()].filter(
    ({ owner, subscriptionId }) => owner === null || subscriptionId === null,
  )
  const fetched = await referencesFetched(tx, unsettled)
  const silent = unsettled.flatMap(({ subscription, customer, owner }) => {
    const reference = fetched.get(subscription) ?? null
    const known = owner !== null && (reference === null || isNamed(owner, reference))
    return customer === null || known ? [] : [{ customer, reference, by: 'metadata' as const }]
  })
  const customers = await linkCustomers(tx, [...newsOf(events, told, held), ...silent], autoProvision)

  const owners = ownersOf(held, customers)
  const links = new Map<string, LinkOutcome>()
  for (const { event, trailKind } of events) {
    if (trailKind !== null) continue
    const link = told.get(event)
    const owner = link && customers.get(link.customer)
    if (!owner) links.set(event, { kind: gone.has(event) ? 'gone' : 'none' })
    else if (owner.kind === 'waiting')
      links.set(event, { kind: 'waiting', on: owner.waitingOn, reason: owner.reason })
    else links.set(event, { kind: 'linked' })
  }
  return { owners, homes: homesOf(owners), links }
}

/** What each event says about whose customer this is: a subscription's metadata stand in its row, the others' in their bodies. */
async function linksIn(
  tx: Tx,
  events: readonly UnhandledEvent[],
): Promise<{ links: Map<string, Link>; gone: ReadonlySet<string> }> {
  const links = new Map<string, Link>()
  for (const { event, toState } of events) {
    if (toState?.customer && toState.organization)
      links.set(event, { customer: toState.customer, reference: toState.organization, by: 'metadata' })
  }
  const others = events.filter((e) => e.trailKind === null).map((e) => e.event)
  const gone = new Set(others)
  if (others.length === 0) return { links, gone }
  const bodies = await tx<{ event: string; body: Uint8Array }[]>`
    select event_id as event, body from stripe.event_bodies where event_id = any(${others})
  `
  for (const { event, body } of bodies) {
    gone.delete(event)
    const link = linkOf(readEnvelope(body))
    if (link) links.set(event, link)
  }
  return { links, gone }
}

/** What Stripe's own answers say of whose these are, the newest that says anything: of a subscription that no event told there is nothing else. */
async function referencesFetched(
  tx: Tx,
  unsettled: readonly LockedSubscription[],
): Promise<Map<string, string>> {
  const asked = unsettled.filter((row) => row.asked).map(({ subscription }) => subscription)
  if (asked.length === 0) return new Map()
  const rows = await tx<{ subscription: string; reference: string }[]>`
    select distinct on (stripe_subscription_id) stripe_subscription_id as subscription, state ->> 'organization' as reference
    from stripe.fetches
    where stripe_subscription_id = any(${asked}) and state ->> 'organization' is not null
    order by stripe_subscription_id, window_until desc, fetched_at desc
  `
  return new Map(rows.map(({ subscription, reference }) => [subscription, reference]))
}

/** The links that say something new: nearly all subscriptions have their owner, and nearly all events name the same one. */
function newsOf(
  events: readonly UnhandledEvent[],
  told: ReadonlyMap<string, Link>,
  held: ReadonlyMap<string, LockedSubscription>,
): Link[] {
  const known = new Map(
    [...held.values()].flatMap(({ customer, owner }) => (customer && owner ? [[customer, owner]] : [])),
  )
  return events.flatMap(({ event, trailKind }) => {
    const link = told.get(event)
    const owner = link && trailKind !== null ? known.get(link.customer) : undefined
    return link && !(owner && isNamed(owner, link.reference)) ? [link] : []
  })
}

/** Whether a reference, as the integrator wrote it at Stripe, names this organization: by its key or its id. */
function isNamed(
  { organizationKey, accountId }: NonNullable<LockedSubscription['owner']>,
  reference: string,
): boolean {
  return reference === organizationKey || reference.toLowerCase() === accountId
}

function ownersOf(
  held: ReadonlyMap<string, LockedSubscription>,
  customers: ReadonlyMap<string, CustomerPlace>,
): Map<string, Owner> {
  return new Map([...held.values()].map((row) => [row.subscription, ownerOf(row, customers)]))
}

function ownerOf(held: LockedSubscription, customers: ReadonlyMap<string, CustomerPlace>): Owner {
  const linked = held.customer === null ? undefined : customers.get(held.customer)
  const place = held.owner ?? linked
  if (!place) return { kind: 'waiting', held, on: `customer:of ${held.subscription}`, reason: 'no_customer' }
  if ('waitingOn' in place) return { kind: 'waiting', held, on: place.waitingOn, reason: place.reason }
  const { tenantId, accountId, poolId } = place
  const subscriptionId = held.subscriptionId ?? crypto.randomUUID()
  return { kind: 'owned', held, subscriptionId, tenantId, accountId, poolId }
}

function homesOf(owners: ReadonlyMap<string, Owner>): Home[] {
  return [...owners.values()].flatMap((owner) => {
    if (owner.kind !== 'owned' || owner.held.subscriptionId !== null) return []
    const { held, subscriptionId, tenantId, accountId } = owner
    return [{ subscription: held.subscription, customer: held.customer, subscriptionId, tenantId, accountId }]
  })
}

/** `asked`: whether Stripe was ever asked about it. */
export type OwnedSubscription = {
  subscriptionId: string
  tenantId: string
  accountId: string
  asked: boolean
}

/** The subscriptions that have their row in billing already, by Stripe's id. Takes no lock: such a row moves by a transfer alone, which holds the catalog alone. */
export async function readOwned(
  sql: Reader,
  subscriptions: readonly string[],
): Promise<Map<string, OwnedSubscription>> {
  const rows = await sql<(OwnedSubscription & { subscription: string })[]>`
    select
      s.stripe_subscription_id as subscription, b.subscription_id, b.tenant_id, b.account_id, s.lease_token > 0 as asked
    from stripe.subscriptions s
    join billing.subscriptions b using (subscription_id)
    where s.stripe_subscription_id = any(${subscriptions as string[]})
  `
  return new Map(rows.map(({ subscription, ...owner }) => [subscription, owner]))
}
