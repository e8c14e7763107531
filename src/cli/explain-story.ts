import type { ClaimExplained, LadderExplained } from '../entitlements/explain-organization.ts'
import type { SubscriptionExplained, WaitingExplained } from '../stripe/enrollment/explain-subscription.ts'
import { table } from './output.ts'

/** Everything that `explain` knows of one organization, customer or subscription: the document that --json prints. */
export type Explained = {
  organization: string | null
  name: string | null
  customers: string[]
  ladders: LadderExplained[]
  subscriptions: SubscriptionExplained[]
  waiting: WaitingExplained[]
}

/** The same for a person: where it stands and why, what happened, and what it waits on. */
export function storyOf(explained: Explained): string {
  const { ladders, subscriptions, waiting } = explained
  return [
    introduction(explained),
    ...ladders.map(ladderStory),
    ...(subscriptions.length > 0 ? [subscriptionStory(subscriptions)] : []),
    waiting.length > 0 ? waitingStory(waiting) : 'Nothing is waiting.',
  ].join('\n\n')
}

function introduction({ organization, name, customers, ladders }: Explained): string {
  const whose = customers.length > 0 ? customers.join(', ') : 'no customer at Stripe'
  if (organization === null) return `${whose}: linked to no organization yet, so it stands on no ladder.`
  const nowhere = ladders.length === 0 ? '\nIt stands on no ladder and never did.' : ''
  return `Organization ${organization} (${name}), ${whose}${nowhere}`
}

function ladderStory({
  ladder,
  product,
  rank,
  status,
  since,
  holder,
  claims,
  ceiling,
  history,
}: LadderExplained): string {
  const place =
    product === null
      ? `On ladder ${ladder}: nowhere`
      : `On ladder ${ladder}: ${product} (rank ${rank ?? 'none any more'}), ${status}, since ${time(since!)}, held by ${holder!.kind} ${holder!.id}`
  const moves = history.map((move) => [
    `  ${time(move.effective_at)}`,
    move.type,
    `${move.from_product ?? '–'} → ${move.to_product ?? '–'}`,
    move.actor,
    move.reason,
    move.cause.id === null ? move.cause.kind : `${move.cause.kind} ${move.cause.id}`,
  ])
  return [
    place,
    ...(ceiling ? [`  at most ${ceiling.product} (rank ${ceiling.rank}): ceiling ${ceiling.id}`] : []),
    ...claims.map(claimLine),
    ...(moves.length > 0 ? [table(['  when', 'move', 'tier', 'by', 'reason', 'cause'], moves)] : []),
  ].join('\n')
}

function claimLine({ kind, id, product, rank, wins, why }: ClaimExplained): string {
  return `  ${wins ? 'wins ' : 'loses'}  ${kind} ${id} claims ${product} (rank ${rank}): ${why}`
}

function subscriptionStory(subscriptions: readonly SubscriptionExplained[]): string {
  return subscriptions
    .map((subscription) => {
      const { id, status, unresolved, resolved_by, cancel_at, trial_end, period_end, ended_at } = subscription
      const dates = [
        ['trial ends', ended_at || status !== 'trialing' ? null : trial_end],
        ['cancels at', ended_at ? null : cancel_at],
        ['period ends', ended_at ? null : period_end],
        ['ended', ended_at],
      ].flatMap(([what, at]) => (at ? [`${what} ${time(at)}`] : []))
      const known = status === null ? 'no state known yet' : [status, ...dates].join(', ')
      const by = resolved_by === null ? '' : ` (known from ${resolved_by})`
      return `Subscription ${id}: ${known}${by}${unresolved === null ? '' : `; not settled: ${unresolved}`}`
    })
    .join('\n')
}

function waitingStory(waiting: readonly WaitingExplained[]): string {
  const lines = waiting.map(({ event, type, write, state, reason, on, detail }) => {
    const what = `  ${event} (${type}), ${write}:`
    if (state === 'received') return `${what} received, and not taken up yet`
    if (state === 'waiting') return `${what} waits on ${on} (${reason})`
    return `${what} parked, ${reason}${detail === null ? '' : `: ${detail}`}`
  })
  return ['Waiting', ...lines].join('\n')
}

/** To the second, in UTC. */
function time(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')}Z`
}
