import type { ExplainedThen } from '../stripe/enrollment/explain.ts'
import type { KnownThen } from '../stripe/enrollment/explain-known-at.ts'
import { introduction, moveLine, moveStory, movesTold } from './explain-story.ts'
import { type Clock, clockOf, evidenceStory, tierOf, wrapped } from './explain-words.ts'

/**
 * Where it stood at a moment that has passed, and what was known then, for a person.
 * @param zone of the reader, as IANA names it
 */
export function storyThen(explained: ExplainedThen, zone: string): string {
  const clock = clockOf(zone)
  return [
    introduction(explained, zone),
    `As of ${clock(explained.at)}`,
    ...explained.ladders.map((ladder) => placeThen(ladder, clock)),
    knownThen(explained.known, clock),
  ].join('\n\n')
}

function placeThen(place: ExplainedThen['ladders'][number], clock: Clock): string {
  const { ladder, product, rank, status, since, holder, brought_by, history } = place
  const last = history.find(({ sequence }) => sequence === brought_by)
  if (!last) return `On ladder ${ladder}: no place yet`
  const stood =
    product === null
      ? `no place any more, since ${clock(last.effective_at)}`
      : `${tierOf({ product, rank })}, ${status ?? 'in a state not told'}, since ${clock(since!)}, held by ${holder!.kind} ${holder!.id}`
  return [
    wrapped(`On ladder ${ladder}: ${stood}`, 0, 2),
    product === null ? '  How it left' : '  How it came there',
    moveStory(last, clock),
    movesTold(place, ' until then'),
    ...history.map((move) => moveLine(move, clock)),
  ].join('\n')
}

function knownThen({ events, last, not_yet, subscriptions, decisions }: KnownThen, clock: Clock): string {
  const told = subscriptions.map(({ id, status, known_from, unresolved }) => {
    const from = known_from && evidenceStory(known_from, clock)
    const state = status ?? 'no single state'
    const hole = unresolved === null ? '' : `, not settled: ${unresolved.replaceAll('_', ' ')}`
    return wrapped(`${id}: ${state}${hole}${from ? `, by ${from}` : ''}`, 4, 6)
  })
  const given = decisions.flatMap((decision) => {
    const story = evidenceStory({ decision }, clock)
    return story === null ? [] : [wrapped(`${story} (${decision.id})`, 4, 6)]
  })
  const late = not_yet.flatMap((event) => {
    const story = evidenceStory({ event }, clock)
    return story === null ? [] : [wrapped(story, 4, 6)]
  })
  return [
    'What was known then',
    wrapped(
      events === 0
        ? 'no event of its subscriptions had come'
        : `events of its subscriptions that had come: ${events}, the last of them ${last!.event}`,
      2,
      4,
    ),
    ...(told.length > 0 ? ['  Its subscriptions, by what had come', ...told] : []),
    ...(given.length > 0 ? ['  Grants and ceilings', ...given] : []),
    ...(late.length > 0 ? ['  Made at Stripe by then, and here only later', ...late] : []),
  ].join('\n')
}
