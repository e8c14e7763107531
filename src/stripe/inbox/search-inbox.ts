import type { PendingQuery, Row } from 'postgres'
import type { Db, Tx } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import type { Mode } from '../event/subscription-event.ts'
import { type Write, writes } from './event-writes.ts'

export const writeStates = ['received', 'done', 'ignored', 'waiting', 'parked'] as const
export type WriteState = (typeof writeStates)[number]

export const sources = ['webhook', 'replay', 'fetch'] as const
type Source = (typeof sources)[number]

/** What is looked for; whatever is left out does not matter. */
export type InboxSearch = {
  /** Whose operator asks: events of another tenant's customers are not there for them. */
  tenantId: string
  /** Stripe's ids of events. */
  events?: readonly string[] | undefined
  subscription?: string | undefined
  customer?: string | undefined
  /** An organization's id, or its key. */
  organization?: string | undefined
  /** A type, or with a dot at its end everything that begins so: `invoice.` */
  type?: string | undefined
  /** How one of its two writes stands, or both. */
  state?: WriteState | undefined
  /** Why a write stands so; together with `state` it is the same write's. */
  reason?: string | undefined
  source?: Source | undefined
  /** When it was received: from this moment, and before that one. */
  from?: Date | undefined
  until?: Date | undefined
}

export type FoundEvent = {
  event: string
  inboxId: number
  type: string
  mode: Mode
  source: Source
  /** Stripe's clock. */
  created: Date
  receivedAt: Date
  subscription: string | null
  customer: string | null
  /** Whose customer it is now; null: nobody's. */
  organization: { id: string; name: string } | null
  /** Both, enrollment first. */
  writes: { write: Write; state: WriteState; reason: string | null; waitingOn: string | null }[]
}

/** Milliseconds that a search may take: it must not hold a connection that the receiver needs. */
const timeLimit = 5_000

/** Rows are numbered a moment before they are dated: around a time one has to look so many seconds further. */
export const slackSeconds = 60

/** Beyond it a year has five digits, which is no time to the database. */
const lastTime = Date.parse('9999-12-31T23:59:59.999Z')

/**
 * Events of the inbox, the newest arrival first.
 * @param page.before the last inbox id of the page before; null: from the newest on
 * @throws Refused `search_too_broad` (422) after five seconds.
 */
export async function searchInbox(
  db: Db,
  wanted: InboxSearch,
  page: { before: number | null; limit: number },
): Promise<FoundEvent[]> {
  const rows = await inTime(db, async (tx) => {
    const found = matching(tx, wanted, { ...(await arrivalsOf(tx, wanted)), before: page.before })
    return tx<FoundRow[]>`
      with found as materialized (${found} order by e.inbox_id desc limit ${page.limit})
      select
        e.event_id as event, e.inbox_id, e.type, e.mode, e.source, e.created_at as created, e.received_at,
        e.stripe_subscription_id as subscription, e.stripe_customer_id as customer,
        o.organization_id, o.name as organization_name, markers.told as markers
      from found
      join stripe.events e using (inbox_id)
      left join stripe.customers c on c.stripe_customer_id = e.stripe_customer_id
      left join organization.organizations o on o.organization_id = c.organization_id
      left join lateral (
        select json_agg(json_build_object('write', w.write, 'state', w.state, 'reason', w.reason, 'waitingOn', w.waiting_on)) as told
        from stripe.event_writes w where w.event_id = e.event_id
      ) markers on true
      order by e.inbox_id desc`
  })
  return rows.map(({ markers, organizationId, organizationName, ...row }) => ({
    ...row,
    organization: organizationId === null ? null : { id: organizationId, name: organizationName! },
    writes: writes.map(
      (write) =>
        markers?.find((marker) => marker.write === write) ?? {
          write,
          state: 'received',
          reason: null,
          waitingOn: null,
        },
    ),
  }))
}

/** Ids of the newest events that match, `limit` of them at most, the newest first. @throws as `searchInbox` */
export async function matchingEvents(db: Db, wanted: InboxSearch, limit: number): Promise<string[]> {
  const rows = await inTime(db, async (tx) => {
    const found = matching(tx, wanted, { ...(await arrivalsOf(tx, wanted)), before: null })
    return tx<{ event: string }[]>`
      with found as materialized (${found} order by e.inbox_id desc limit ${limit})
      select e.event_id as event from found join stripe.events e using (inbox_id) order by e.inbox_id desc`
  })
  return rows.map(({ event }) => event)
}

type FoundRow = Omit<FoundEvent, 'organization' | 'writes'> & {
  organizationId: string | null
  organizationName: string | null
  markers: FoundEvent['writes'] | null
}

/** Inbox ids: from the first, and below the other two. */
type Bounds = { first: number | null; beyond: number | null; before: number | null }

/**
 * The inbox ids that match. What an index leads to is read first and whole, behind a fence (`offset 0`): left alone, the
 * planner may rather walk the whole inbox backwards for a customer of three events. Everything else is walked backwards,
 * from and to the inbox ids of the times that were asked for.
 */
function matching(tx: Tx, wanted: InboxSearch, { first, beyond, before }: Bounds): PendingQuery<Row[]> {
  const { type = null, state = null, reason = null, source = null, from = null, until = null } = wanted
  const { subscription = null, customer = null } = wanted
  const prefix = type?.endsWith('.') ? type : null
  const narrowed = narrowing(tx, wanted)
  return tx`
    select e.inbox_id
    from ${narrowed ? tx`(select * from stripe.events e where ${narrowed} offset 0)` : tx`stripe.events`} e
    where (${before}::bigint is null or e.inbox_id < ${before}::bigint)
      and (${first}::bigint is null or e.inbox_id >= ${first}::bigint)
      and (${beyond}::bigint is null or e.inbox_id < ${beyond}::bigint)
      and (${from}::timestamptz is null or e.received_at >= ${from}::timestamptz)
      and (${until}::timestamptz is null or e.received_at < ${until}::timestamptz)
      and (${type}::text is null or e.type = ${type} or starts_with(e.type, ${prefix}))
      and (${source}::text is null or e.source = ${source})
      and (${subscription}::text is null or e.stripe_subscription_id = ${subscription})
      and (${customer}::text is null or e.stripe_customer_id = ${customer})
      and ${wanted.organization === undefined ? tx`true` : ofOrganization(tx, wanted.tenantId, wanted.organization)}
      and (${state}::text is distinct from 'received' or (
        select count(*) from stripe.event_writes w where w.event_id = e.event_id) < ${writes.length})
      and (coalesce(nullif(${state}::text, 'received'), ${reason}::text) is null or exists (
        select from stripe.event_writes w
        where w.event_id = e.event_id and w.state = coalesce(${state}, w.state) and (${reason}::text is null or w.reason = ${reason})))
      and ${tenantOf(tx)} = ${wanted.tenantId}`
}

/** The index that leads to the fewest, by its condition; null: none does. */
function narrowing(tx: Tx, wanted: InboxSearch): PendingQuery<Row[]> | null {
  const { events, subscription, customer, organization, state, reason = null } = wanted
  if (events) return tx`e.event_id = any(${events as string[]})`
  // Its trail by one index, its invoices and the like by their customer.
  if (subscription)
    return tx`(e.stripe_subscription_id = ${subscription} and e.trail_kind is not null
      or e.stripe_customer_id = any(array(
        select s.stripe_customer_id from stripe.subscriptions s where s.stripe_subscription_id = ${subscription}
        union select t.stripe_customer_id from stripe.events t
        where t.stripe_subscription_id = ${subscription} and t.trail_kind is not null)))`
  if (customer) return tx`e.stripe_customer_id = ${customer}`
  if (organization) return ofOrganization(tx, wanted.tenantId, organization)
  if (state === 'parked' || state === 'waiting')
    return tx`e.event_id in (
      select w.event_id from stripe.event_writes w
      where w.state = ${state} and (${reason}::text is null or w.reason = ${reason}))`
  // A sweep that has no mark yet may have left anything behind.
  if (state === 'received')
    return tx`e.inbox_id > (
      select case when count(*) < ${writes.length} then 0 else min(m.low_water) end
      from stripe.sweep_marks m where m.sweep = any(${writes as unknown as string[]}))`
  return null
}

function ofOrganization(tx: Tx, tenantId: string, organization: string): PendingQuery<Row[]> {
  return tx`e.stripe_customer_id = any(array(
    select c.stripe_customer_id from stripe.customers c join organization.organizations o using (organization_id)
    where o.tenant_id = ${tenantId} and ${
      isId(organization) ? tx`o.organization_id = ${organization}` : tx`o.organization_key = ${organization}`
    }))`
}

/**
 * Whose an event is: its customer's organization's tenant's. What is nobody's (no customer, or one that is not linked yet)
 * is the default tenant's, which runs the deployment and links customers.
 */
export function tenantOf(tx: Tx): PendingQuery<Row[]> {
  return tx`coalesce((
    select o.tenant_id from stripe.customers c join organization.organizations o using (organization_id)
    where c.stripe_customer_id = coalesce(e.stripe_customer_id, (
      select s.stripe_customer_id from stripe.subscriptions s where s.stripe_subscription_id = e.stripe_subscription_id))
  ), (select t.tenant_id from organization.tenants t where t.tenant_key = 'default'))`
}

async function arrivalsOf(tx: Tx, { from, until }: InboxSearch): Promise<Omit<Bounds, 'before'>> {
  return {
    first: from ? await firstArrival(tx, new Date(from.getTime() - slackSeconds * 1000)) : null,
    beyond: until
      ? await firstArrival(tx, new Date(Math.min(until.getTime() + slackSeconds * 1000, lastTime)))
      : null,
  }
}

/**
 * The first inbox id that was received at a time or later, by halving: arrivals are numbered in the order of their times, so
 * that no index on times has to be kept on the way of every delivery.
 */
export async function firstArrival(tx: Tx, time: Date): Promise<number> {
  const [row] = await tx<{ first: number }[]>`
    with recursive halves (low, high) as (
      select coalesce(min(inbox_id), 0), coalesce(max(inbox_id), 0) + 1 from stripe.events
      union all
      select
        case when seen.received_at < ${time} then seen.inbox_id + 1 else halves.low end,
        case when seen.received_at < ${time} then halves.high else (halves.low + halves.high) / 2 end
      from halves, lateral (
        select inbox_id, received_at from stripe.events
        where inbox_id >= (halves.low + halves.high) / 2 order by inbox_id limit 1
      ) seen
      where halves.low < halves.high
    )
    select low as first from halves order by high - low, low desc limit 1`
  return row!.first
}

async function inTime<T>(db: Db, search: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return (await db.begin('read only', async (tx) => {
      await tx`select set_config('statement_timeout', ${String(timeLimit)}, true)`
      return search(tx)
    })) as T
  } catch (error) {
    // 57014: given up at the limit.
    if ((error as { code?: string }).code !== '57014') throw error
    throw new Refused(
      'search_too_broad',
      'That search would have to read too much of the inbox.',
      'Name a subscription, a customer or an organization, or a shorter time.',
      422,
    )
  }
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
}
