import type { Reader } from '../../db/types.ts'

/** One thing that must hold, looked for in the database alone. */
export type Check = {
  /** A stable name to script against. */
  check: string
  /** What holds, in words. */
  holds: string
  violations: number
  /** The first few, each a plain sentence that names its row. */
  first: string[]
}

/** What is on its way or held: no violation, but worth knowing beside one. */
export type InboxStanding = {
  events: number
  /** Events without a marker of that write, still above the sweep's low-water mark: they are taken up by themselves. */
  backlog: { enrollment: number; 'subscription-changes': number }
  waiting: number
  parked: number
}

const most = 5

/** How much the inbox holds, and how much of it is not at its end. */
export async function readInboxStanding(reader: Reader): Promise<InboxStanding> {
  const [row] = await reader<
    { events: number; enrollment: number; changes: number; waiting: number; parked: number }[]
  >`
    select
      (select count(*) from stripe.events) as events,
      (select count(*) from stripe.events e where not exists (
        select from stripe.event_writes w where w.event_id = e.event_id and w.write = 'enrollment')) as enrollment,
      (select count(*) from stripe.events e where not exists (
        select from stripe.event_writes w where w.event_id = e.event_id and w.write = 'subscription-changes')) as changes,
      (select count(*) from stripe.event_writes where state = 'waiting') as waiting,
      (select count(*) from stripe.event_writes where state = 'parked') as parked`
  const { events, enrollment, changes, waiting, parked } = row!
  return { events, backlog: { enrollment, 'subscription-changes': changes }, waiting, parked }
}

/**
 * The invariants of the inbox and of what was made of it. Independent of the code that writes: each is a query for rows that
 * must not be. Give it a transaction of one snapshot, or work under way looks like a violation.
 */
export async function verifyInbox(reader: Reader): Promise<Check[]> {
  return Promise.all([
    forgottenEvents(reader),
    heldWithoutReason(reader),
    otherMode(reader),
    changesWithoutEvent(reader),
    unsettledDone(reader),
    comeBack(reader),
  ])
}

async function forgottenEvents(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('%s has no marker for %s, and the sweep has passed it', e.event_id, m.sweep) as sentence, count(*) over () as count
    from stripe.sweep_marks m
    join stripe.events e on e.inbox_id <= m.low_water
    where m.sweep in ('enrollment', 'subscription-changes')
      and not exists (select from stripe.event_writes w where w.event_id = e.event_id and w.write = m.sweep)
    order by e.inbox_id limit ${most}`
  return checked('no_event_forgotten', 'every event has both markers or is in the backlog', found)
}

async function heldWithoutReason(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('%s, %s is %s without %s', event_id, write, state,
             case when coalesce(reason, '') = '' then 'a reason' else 'the name of what it waits on' end) as sentence,
           count(*) over () as count
    from stripe.event_writes
    where (state in ('waiting', 'parked', 'ignored') and coalesce(reason, '') = '')
       or (state = 'waiting' and coalesce(waiting_on, '') = '')
    order by event_id, write limit ${most}`
  return checked('held_with_reason', 'what is ignored, parked or waiting says why', found)
}

/** Test and live mode never mix. */
async function otherMode(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('%s is of %s mode and its %s is %s', e.event_id, e.mode, w.write, w.state) as sentence, count(*) over () as count
    from stripe.deployment d
    join stripe.events e on e.mode <> d.mode
    join stripe.event_writes w using (event_id)
    where w.state <> 'ignored' or w.reason <> 'other_mode'
    order by e.inbox_id, w.write limit ${most}`
  return checked('one_mode', 'no event of the other mode was applied', found)
}

/** One set of change rows per event: rows belong to an event that is marked done, and what is not done has none. */
async function changesWithoutEvent(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('change %s of %s: the event %s', c.change_kind, c.event_id,
             case when e.event_id is null then 'is not in the inbox'
                  when w.state is null then 'has no marker of its changes'
                  when w.state <> 'done' then format('is marked %s', w.state)
                  else 'is of another subscription' end) as sentence,
           count(*) over () as count
    from billing.subscription_changes c
    left join stripe.events e on e.event_id = c.event_id
    left join stripe.event_writes w on w.event_id = c.event_id and w.write = 'subscription-changes'
    left join stripe.subscriptions s on s.subscription_id = c.subscription_id
    where c.source = 'event'
      and (w.state is distinct from 'done' or e.stripe_subscription_id is distinct from s.stripe_subscription_id)
    order by c.event_id, c.change_kind, c.item limit ${most}`
  return checked('changes_have_their_event', 'every change row belongs to an event that is done', found)
}

/** An event that is done led somewhere: its subscription is known to billing and has a resolved state. */
async function unsettledDone(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('%s is done, and subscription %s has %s', e.event_id, e.stripe_subscription_id,
             case when s.subscription_id is null then 'no row in billing' else 'no resolved state' end) as sentence,
           count(*) over () as count
    from stripe.events e
    join stripe.event_writes w on w.event_id = e.event_id and w.write = 'enrollment' and w.state = 'done'
    left join stripe.subscriptions s on s.stripe_subscription_id = e.stripe_subscription_id
    where e.trail_kind is not null and (s.subscription_id is null or s.resolved_state is null)
    order by e.inbox_id limit ${most}`
  return checked('done_is_resolved', 'an event that is done led to a resolved subscription', found)
}

/** `deleted`, or a terminal status wherever it was seen, ends a subscription for good, whatever came after. */
async function comeBack(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('subscription %s was ended by %s and is %s', e.stripe_subscription_id, min(e.event_id),
             coalesce(b.status, 'without a status')) as sentence,
           count(*) over () as count
    from stripe.events e
    join stripe.event_writes w on w.event_id = e.event_id and w.write = 'enrollment' and w.state = 'done'
    join stripe.subscriptions s on s.stripe_subscription_id = e.stripe_subscription_id
    join billing.subscriptions b on b.subscription_id = s.subscription_id
    where e.trail_kind is not null
      and (e.trail_kind = 'end' or e.to_state ->> 'status' in ('canceled', 'incomplete_expired'))
      and b.ended_at is null
    group by e.stripe_subscription_id, b.status
    order by e.stripe_subscription_id limit ${most}`
  return checked('ended_stays_ended', 'a subscription that ended never comes back', found)
}

/** A row that must not be, in words; each carries how many there are in all. */
export type Found = { sentence: string; count: number }

export function checked(check: string, holds: string, found: readonly Found[]): Check {
  return { check, holds, violations: found[0]?.count ?? 0, first: found.map(({ sentence }) => sentence) }
}
