import type { NextInLine } from '../../entitlements/explain-ladder.ts'
import type { LadderExplained } from '../../entitlements/explain-organization.ts'
import type { ScheduleExplained } from './explain-schedule.ts'
import type { SubscriptionExplained } from './explain-subscription.ts'

/** Something that is known to come, unless something else comes before it. */
export type NextExplained = {
  /** ISO 8601; null: it is announced, and when is not known here. */
  at: string | null
  what:
    | 'trial_end'
    | 'cancel_at'
    | 'period_end'
    | 'grant_expiry'
    | 'ceiling_expiry'
    | 'phase'
    | 'look_again'
    | 'not_known'
  /** The subscription, grant, ceiling or schedule. */
  about: string
  /** In words. */
  says: string
  /** The places that would move then, if nothing else changed. */
  moves_to: ({ ladder: string } & NextInLine)[]
}

/** What comes next, the soonest first; what has no known time stands last. Pure. */
export function explainNext(
  known: {
    ladders: readonly LadderExplained[]
    subscriptions: readonly SubscriptionExplained[]
    schedules: readonly ScheduleExplained[]
  },
  now: Date,
): NextExplained[] {
  return [
    ...known.subscriptions.flatMap((subscription) => ofSubscription(subscription, known.ladders)),
    ...known.ladders.flatMap(ofLadder),
    ...grantsIn(known.ladders).map(
      ({ id, product, at }): NextExplained => ({
        at,
        what: 'grant_expiry',
        about: id,
        says: `the grant of ${product} ends`,
        moves_to: without(id, known.ladders),
      }),
    ),
    ...known.schedules.flatMap((schedule) => ofSchedule(schedule, known.ladders)),
  ]
    .filter(({ at }) => at === null || Date.parse(at) > now.getTime())
    .sort((a, b) => whenOf(a) - whenOf(b) || (a.about < b.about ? -1 : 1))
}

function whenOf({ at }: NextExplained): number {
  return at === null ? Number.POSITIVE_INFINITY : Date.parse(at)
}

function ofSubscription(
  { id, status, trial_end, cancel_at, period_end, ended_at, unresolved, resolve_at }: SubscriptionExplained,
  ladders: readonly LadderExplained[],
): NextExplained[] {
  const told = (
    at: string | null,
    what: NextExplained['what'],
    says: string,
    moves_to: NextExplained['moves_to'],
  ) => (at === null ? [] : [{ at, what, about: id, says, moves_to }])
  if (ended_at !== null) return []
  return [
    ...(unresolved === null ? [] : told(resolve_at, 'look_again', 'it is looked at again by itself', [])),
    ...(status === 'trialing' ? told(trial_end, 'trial_end', 'its trial ends', []) : []),
    ...told(cancel_at, 'cancel_at', 'it ends, as scheduled', without(id, ladders)),
    ...(cancel_at === null && status !== 'trialing'
      ? told(period_end, 'period_end', 'its period ends', [])
      : []),
  ]
}

function ofLadder({ ladder, ceiling }: LadderExplained): NextExplained[] {
  if (!ceiling?.ends_at) return []
  const { id, product, ends_at, if_lifted } = ceiling
  const says = `the ceiling of ${product} on ladder ${ladder} ends`
  return [{ at: ends_at, what: 'ceiling_expiry', about: id, says, moves_to: [{ ladder, ...if_lifted }] }]
}

/** A grant on two ladders ends once. */
function grantsIn(ladders: readonly LadderExplained[]): { id: string; product: string; at: string }[] {
  const grants = new Map<string, { id: string; product: string; at: string }>()
  for (const { claims } of ladders) {
    for (const { kind, id, product, ends_at } of claims) {
      if (kind !== 'subscription' && ends_at !== null) grants.set(id, { id, product, at: ends_at })
    }
  }
  return [...grants.values()]
}

function ofSchedule(
  { schedule, event, announced }: ScheduleExplained,
  ladders: readonly LadderExplained[],
): NextExplained[] {
  if (announced === null) {
    const says = `a schedule may announce more: retention dropped the body of ${event}, which told it`
    return [{ at: null, what: 'not_known', about: schedule, says, moves_to: [] }]
  }
  const { subscription, phases, cancelsAt, meanings } = announced
  const about = subscription ?? schedule
  const phasesAhead = phases.map(({ startsAt, items }): NextExplained => {
    const sold = items.map(({ price, quantity }) => {
      const product = meanings.get(price)
      const times = quantity === null || quantity === 1 ? '' : ` × ${quantity}`
      return `${product ?? `${price}, which no product stands for`}${times}`
    })
    const says = `its next phase begins, as ${schedule} announced: ${sold.join(', ') || 'no items told'}`
    return { at: isoOf(startsAt), what: 'phase', about, says, moves_to: [] }
  })
  if (cancelsAt === null) return phasesAhead
  const says = `it ends, as ${schedule} announced`
  const moves_to = subscription === null ? [] : without(subscription, ladders)
  return [...phasesAhead, { at: isoOf(cancelsAt), what: 'cancel_at', about, says, moves_to }]
}

/** The places that a claim holds, and whose they would be without it. */
function without(claim: string, ladders: readonly LadderExplained[]): NextExplained['moves_to'] {
  return ladders.flatMap(({ ladder, holder, next_in_line }) =>
    holder?.id === claim && next_in_line ? [{ ladder, ...next_in_line }] : [],
  )
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
