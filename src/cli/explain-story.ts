import type { ClaimExplained } from '../entitlements/explain-ladder.ts'
import type { Explained } from '../stripe/enrollment/explain.ts'
import type { NextExplained } from '../stripe/enrollment/explain-next.ts'
import type { SubscriptionExplained } from '../stripe/enrollment/explain-subscription.ts'
import type { WaitingExplained } from '../stripe/enrollment/explain-waiting.ts'
import { type Clock, causeStory, clockOf, evidenceStory, lineOf, tierOf, wrapped } from './explain-words.ts'

type Ladder = Explained['ladders'][number]
type Move = Ladder['history'][number]

/**
 * What `explain` knows, for a person: where it stands and why, what caused it, what is held, and what comes next.
 * @param zone of the reader, as IANA names it
 */
export function storyOf(explained: Explained, zone: string): string {
  const clock = clockOf(zone)
  const { ladders, subscriptions, waiting, next } = explained
  return [
    introduction(explained, zone),
    ...ladders.map((ladder) => ladderStory(ladder, clock)),
    ...subscriptions.map((subscription) => subscriptionStory(subscription, clock)),
    waiting.length > 0 ? waitingStory(waiting) : 'Nothing is waiting.',
    next.length > 0 ? nextStory(next, clock) : 'Nothing is known to come next.',
  ].join('\n\n')
}

/** Who is meant, and how times are written. */
export function introduction(
  {
    organization,
    name,
    customers,
    ladders,
  }: Pick<Explained, 'organization' | 'name' | 'customers'> & {
    ladders: readonly unknown[]
  },
  zone: string,
): string {
  const whose = customers.length > 0 ? customers.join(', ') : 'no customer at Stripe'
  const times = `Times are local (${zone}), each with its distance to UTC.`
  if (organization === null)
    return `${wrapped(`${whose}: linked to no organization yet, so it stands on no ladder.`, 0)}\n${times}`
  const nowhere = ladders.length === 0 ? '\nIt stands on no ladder and never did.' : ''
  return `${wrapped(`Organization ${organization} (${name}), ${whose}`, 0, 2)}${nowhere}\n${times}`
}

function ladderStory(ladder: Ladder, clock: Clock): string {
  const { claims, ceiling, due, brought_by, history } = ladder
  const bringer = history.find(({ sequence }) => sequence === brought_by)
  return [
    placeStory(ladder, clock),
    ...(due ? [wrapped(`It is about to go to ${lineOf(due)}: the sweep moves it within seconds.`, 2)] : []),
    ...(bringer ? ['  How it came there', moveStory(bringer, clock)] : []),
    ...(claims.length > 0 ? ['  Claims', ...claims.map((claim) => claimStory(claim, clock))] : []),
    ...(ceiling ? [ceilingStory(ceiling, clock)] : []),
    ...(history.length > 0 ? [movesTold(ladder), ...history.map((move) => moveLine(move, clock))] : []),
  ].join('\n')
}

function placeStory({ ladder, product, rank, status, since, holder }: Ladder, clock: Clock): string {
  if (product === null) return `On ladder ${ladder}: nowhere`
  const held = `held by ${holder!.kind} ${holder!.id}`
  return wrapped(
    `On ladder ${ladder}: ${tierOf({ product, rank })}, ${status}, since ${clock(since!)}, ${held}`,
    0,
    2,
  )
}

/** The chain from a place back to what caused it: the move, the rule, the event or decision. */
export function moveStory({ type, reason, actor, rule, cause, ...move }: Move, clock: Clock): string {
  const { from_product, to_product } = move
  const moved = `${type} ${from_product ?? '–'} → ${to_product ?? '–'}, by ${actor}: ${reason}`
  return [
    wrapped(`move    ${moved}`, 4, 12),
    wrapped(`rule    ${rule}`, 4, 12),
    wrapped(`cause   ${causeStory(cause, clock)}`, 4, 12),
  ].join('\n')
}

/** What stands above the rows of the history. @param when a moment that has passed, in words */
export function movesTold({ history, earlier }: Pick<Ladder, 'history' | 'earlier'>, when = ''): string {
  if (earlier === 0) return `  Every move${when}`
  const newest = history.length === 1 ? 'The newest move' : `The newest ${history.length} moves`
  return wrapped(`${newest}${when}; ${earlier} earlier: --at shows those until a time, the panel all`, 2, 4)
}

/** One row of the history. */
export function moveLine({ sequence, effective_at, type, actor, ...move }: Move, clock: Clock): string {
  const { from_product, to_product, cause } = move
  const by = [actor, ...(cause.id === null ? [] : [`${cause.kind} ${cause.id}`])].join(', ')
  const moved = `${type} ${from_product ?? '–'} → ${to_product ?? '–'} (${by})`
  return wrapped(`${String(sequence).padStart(3)}  ${clock(effective_at)}  ${moved}`, 4, 9)
}

function claimStory({ kind, id, product, rank, wins, why, ends_at, given_by }: ClaimExplained, clock: Clock) {
  const by = given_by === null ? '' : `, by ${given_by}`
  const until = ends_at === null ? '' : `, until ${clock(ends_at)}`
  return wrapped(
    `${wins ? 'wins ' : 'loses'}   ${kind} ${id} claims ${tierOf({ product, rank })}${by}${until}: ${why}`,
    4,
    12,
  )
}

function ceilingStory(
  { id, product, rank, given_by, reason, ends_at }: NonNullable<Ladder['ceiling']>,
  clock: Clock,
) {
  const until = ends_at === null ? '' : `, until ${clock(ends_at)}`
  return wrapped(
    `At most ${tierOf({ product, rank })}, by ${given_by}${until}: ${reason} (ceiling ${id})`,
    2,
    4,
  )
}

function subscriptionStory(subscription: SubscriptionExplained, clock: Clock): string {
  const { id, status, items, known_from, claims_nothing, unresolved, resolve_at, ended_at } = subscription
  const sold = items.map(({ price, quantity, product }) => {
    const times = quantity === null || quantity === 1 ? '' : ` × ${quantity}`
    return `${price}${times}, which means ${product ?? 'no product'}`
  })
  const known = known_from && evidenceStory(known_from, clock)
  const again = resolve_at === null ? '' : `; looked at again ${clock(resolve_at)}`
  return [
    wrapped(
      `Subscription ${id}: ${status ?? 'no state known yet'}${ended_at ? `, ended ${clock(ended_at)}` : ''}`,
      0,
      2,
    ),
    ...sold.map((item) => wrapped(`for       ${item}`, 2, 12)),
    ...(known ? [wrapped(`known by  ${known}`, 2, 12)] : []),
    ...(unresolved ? [wrapped(`not settled: ${unresolved.replaceAll('_', ' ')}${again}`, 2, 4)] : []),
    ...(claims_nothing && !unresolved ? [wrapped(`claims no tier: ${claims_nothing}`, 2, 4)] : []),
  ].join('\n')
}

/** One paragraph for each thing that is waited on, however many writes wait on it. */
function waitingStory(waiting: readonly WaitingExplained[]): string {
  const groups = new Map<string, WaitingExplained[]>()
  for (const write of waiting) {
    const { event, state, on, reason } = write
    const key = state === 'parked' ? `${event} ${reason}` : (on ?? state)
    groups.set(key, [...(groups.get(key) ?? []), write])
  }
  const paragraphs = [...groups.values()].map((writes) => {
    const [{ state, on, reason, detail, action }] = writes as [WaitingExplained]
    const events = [...new Set(writes.map(({ event, type }) => `${event} (${type})`))]
    const some = events.length > 3 ? [...events.slice(0, 3), `${events.length - 3} more`] : events
    const both = [...new Set(writes.map(({ write }) => write))].join(' and ')
    const why =
      state === 'received'
        ? 'received, and not taken up yet'
        : state === 'waiting'
          ? `waits on ${on} (${reason})`
          : `parked, ${reason}${detail === null ? '' : `: ${detail}`}`
    return [
      wrapped(`${some.join(', ')}`, 2, 4),
      wrapped(`${both}: ${why}`, 4, 6),
      wrapped(`what frees it: ${action}`, 4, 6),
    ].join('\n')
  })
  return ['Waiting', ...paragraphs].join('\n')
}

function nextStory(next: readonly NextExplained[], clock: Clock): string {
  const lines = next.map(({ at, about, says, moves_to }) => {
    const moved = moves_to.map(({ ladder, ...to }) => `; ${ladder} then goes to ${lineOf(to)}`)
    return wrapped(
      `${at === null ? 'at a time not known here' : clock(at)}  ${about}: ${says}${moved.join('')}`,
      2,
      4,
    )
  })
  return ['What comes next, if nothing comes before it', ...lines].join('\n')
}
