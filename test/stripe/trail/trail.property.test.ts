import { describe, expect, test } from 'vitest'
import { apiAnswer } from '../../../src/simulator/api-answer.ts'
import { type Life, type LifeEvent, livesOf } from '../../../src/simulator/life.ts'
import { chance, type Random, randomOf, shuffled, whole } from '../../../src/simulator/random.ts'
import { isTerminalVertex, tierVertex } from '../../../src/stripe/event/vertex.ts'
import { fetchWindow } from '../../../src/stripe/trail/fetch-window.ts'
import { resolveTrail, type TrailAnswer } from '../../../src/stripe/trail/trail.ts'
import { byCreated, type Fetch, type TrailEvent } from '../../../src/stripe/trail/trail-event.ts'

const SEED = 20261028
const NOW = 1_793_000_000
const ENDED = 'ended'

/** A life as the trail reads it, rendered once and then only permuted. */
type Case = { life: Life; events: TrailEvent[]; truth: string }

const cases: Case[] = [
  // Stripe's clock as it says it is, and as bad as the trail bears: 2 s off, each way.
  ...livesOf(5_000, { seed: SEED, now: NOW, maxEvents: 8, hurry: 0.6, twins: 0.1 }),
  ...livesOf(5_000, { seed: SEED + 1, now: NOW, maxEvents: 8, hurry: 0.6, twins: 0.1, jitter: 2 }),
].map((life) => ({ life, events: life.events.map(trailEventOf), truth: truthOf(life) }))

function trailEventOf({ event, type, created, request, before, after }: LifeEvent): TrailEvent {
  const kind =
    type === 'customer.subscription.created'
      ? 'root'
      : type === 'customer.subscription.updated'
        ? 'edge'
        : type === 'customer.subscription.deleted'
          ? 'end'
          : 'sighting'
  const from =
    kind === 'edge' ? tierVertex(before!.state) : kind === 'sighting' ? tierVertex(after.state) : null
  const fingerprint = JSON.stringify([type, kind === 'edge' ? before : null, after])
  return { event, created, kind, request, fingerprint, from, to: tierVertex(after.state) }
}

function truthOf({ truth, events }: Life): string {
  return truth.ended ? ENDED : tierVertex(events.at(-1)!.after.state)
}

function said(answer: TrailAnswer): string | null {
  return answer.kind === 'ended' ? ENDED : answer.kind === 'settled' ? answer.vertex : null
}

/** Stripe's API asked at a true time: up to 2 s stale, dated by Stripe's whole seconds alone. */
function fetched(life: Life, at: number, random: Random, id: string): Fetch | null {
  const elapsed = 0.05 + random() * 2
  const answer = apiAnswer(life, at, random() * 2)
  if (answer === null) return null
  const vertex = tierVertex(answer.snapshot.state)
  return { fetch: id, ...fetchWindow(answer.date, elapsed), vertex, terminal: isTerminalVertex(vertex) }
}

/** Asks as Stepladder does: at once, and again when the newest event is more than 10 s old. Returns the fetches it took. */
function fetchUntilSettled(c: Case, known: readonly TrailEvent[], from: number, random: Random): Fetch[] {
  const fetches: Fetch[] = []
  let at = from
  for (let tries = 0; tries < 3; tries++) {
    const fetch = fetched(c.life, at, random, `fetch_${tries}`)
    if (fetch) fetches.push(fetch)
    if (said(resolveTrail(known, fetches, isTerminalVertex)) !== null) return fetches
    at = Math.max(at, ...known.map((e) => e.created)) + 14
  }
  return fetches
}

/** Every order of a short list; `visit` must not keep the array. */
function everyOrder<T>(list: T[], visit: (order: T[]) => void, k = list.length): void {
  if (k <= 1) {
    visit(list)
    return
  }
  for (let i = 0; i < k; i++) {
    everyOrder(list, visit, k - 1)
    const j = k % 2 === 0 ? i : 0
    ;[list[j], list[k - 1]] = [list[k - 1]!, list[j]!]
  }
}

/** Every order of a short life, 200 of a longer one; one event is delivered twice in each. */
function orders(c: Case, random: Random, visit: (order: TrailEvent[]) => void): void {
  const withDuplicate = (order: readonly TrailEvent[]) => {
    const twice = [...order]
    twice.splice(whole(random, 0, order.length), 0, order[whole(random, 0, order.length - 1)]!)
    visit(twice)
  }
  if (c.events.length <= 5) everyOrder([...c.events], withDuplicate)
  else for (let i = 0; i < 200; i++) withDuplicate(shuffled(random, c.events))
}

/** The wrong orders that others use: whether an arriving event replaces the newest applied one. */
const MUTANTS: Record<string, (next: TrailEvent, applied: TrailEvent) => boolean> = {
  'last arrival': () => true,
  'created >': (next, applied) => next.created > applied.created,
  'created >=': (next, applied) => next.created >= applied.created,
  '(created, id)': (next, applied) => byCreated(next, applied) > 0,
}

function mutantSays(order: readonly TrailEvent[], replaces: (typeof MUTANTS)[string]): string {
  const applied = order.reduce((newest, next) => (replaces(next, newest) ? next : newest))
  return applied.kind === 'end' || isTerminalVertex(applied.to) ? ENDED : applied.to
}

const percent = (part: number, all: number) => `${((100 * part) / all).toFixed(2)} %`

describe('the trail against the truth of simulated lives', () => {
  test('whatever the order of arrival, nothing is wrong and a gap is settled by fetching; the known wrong orders are caught', {
    timeout: 180_000,
  }, () => {
    const random = randomOf(SEED, 1)
    const mutants = Object.entries(MUTANTS).map(([name, replaces]) => ({ name, replaces, wrong: 0 }))
    let tried = 0
    let wrong = 0
    let holes = 0
    let fetches = 0
    let unsettled = 0
    for (const c of cases) {
      const whole = resolveTrail(c.events, [], isTerminalVertex)
      if (said(whole) === null) {
        holes++
        const asked = fetchUntilSettled(c, c.events, c.life.events.at(-1)!.at + 1 + random() * 20, random)
        fetches += asked.length
        if (said(resolveTrail(c.events, asked, isTerminalVertex)) !== c.truth) unsettled++
      }
      orders(c, random, (order) => {
        tried++
        const answer = resolveTrail(order, [], isTerminalVertex)
        if (!isSame(answer, whole) || (said(answer) ?? c.truth) !== c.truth) wrong++
        for (const mutant of mutants) if (mutantSays(order, mutant.replaces) !== c.truth) mutant.wrong++
      })
    }
    const others = mutants.map((m) => `${m.name} ${percent(m.wrong, tried)}`).join(', ')
    console.log(
      `trail: ${cases.length} lives, ${tried} orders, ${wrong} wrong, ${holes} lives with a hole settled by ${fetches} fetches; wrong orders: ${others}`,
    )
    expect(tried).toBeGreaterThan(500_000)
    expect(wrong).toBe(0)
    expect(unsettled).toBe(0)
    expect(fetches).toBeLessThanOrEqual(2 * holes)
    for (const mutant of mutants) expect(mutant.wrong, mutant.name).toBeGreaterThan(0)
  })

  test('fetched in the middle of its life, while stragglers are on their way, a subscription still ends on its truth', () => {
    const random = randomOf(SEED, 2)
    let fetches = 0
    let wrong = 0
    let tooEarly = 0
    for (const c of cases) {
      const outcome = lived(c, random)
      fetches += outcome.fetches
      if (outcome.said !== c.truth) wrong++
      if (outcome.endedTooEarly) tooEarly++
    }
    console.log(`trail: ${cases.length} lives lived in time, ${fetches} fetches, ${wrong} wrong`)
    expect(fetches).toBeGreaterThan(100)
    expect(wrong).toBe(0)
    expect(tooEarly).toBe(0)
  })

  test('with one event missing the answer is right, or the gap is seen, unless nothing that follows could tell', () => {
    const random = randomOf(SEED, 3)
    let lost = 0
    let seen = 0
    let silent = 0
    let unexplained = 0
    let unsettled = 0
    for (const c of cases) {
      for (const missing of c.events) {
        const known = c.events.filter((e) => e !== missing)
        if (known.length === 0) continue
        lost++
        const answer = said(resolveTrail(known, [], isTerminalVertex))
        if (answer === null) {
          seen++
          const asked = fetchUntilSettled(c, known, c.life.events.at(-1)!.at + 11, random)
          if (said(resolveTrail(known, asked, isTerminalVertex)) !== c.truth) unsettled++
        } else if (answer !== c.truth) {
          silent++
          if (!isUntold(c.events, missing)) unexplained++
        }
      }
    }
    console.log(
      `trail: ${lost} lives with one event missing, ${percent(seen, lost)} seen as a gap, ${percent(silent, lost)} silently wrong since nothing after it tells, ${unexplained} otherwise`,
    )
    expect(seen).toBeGreaterThan(0)
    expect(unsettled).toBe(0)
    // Not 0 (14.8 % measured): after a lost newest change nothing tells of it, and of lives this short one event is often the newest.
    expect(unexplained).toBe(0)
    expect(silent / lost).toBeLessThan(0.16)
  })
})

/** The events of one life as they come in, each with its delay, and the fetches that holes lead to after their grace. */
function lived(c: Case, random: Random): { said: string | null; fetches: number; endedTooEarly: boolean } {
  const arrivals = c.events.map((event, i) => ({ event, at: c.life.events[i]!.at + delay(random) }))
  const known: TrailEvent[] = []
  const fetches: Fetch[] = []
  let due: number | null = null
  let endedTooEarly = false
  const look = (now: number) => {
    const answer = resolveTrail(known, fetches, isTerminalVertex)
    if (answer.kind === 'ended' && c.truth !== ENDED) endedTooEarly = true
    if (answer.kind !== 'hole') due = null
    else due ??= now + 10
    return answer
  }
  const fetchAt = (at: number) => {
    const fetch = fetched(c.life, at, random, `fetch_${fetches.length}`)
    if (fetch) fetches.push(fetch)
    if (fetches.length > 50) throw new Error(`${c.life.subscription} is fetched without end`)
  }
  const fetchBy = (time: number) => {
    while (due !== null && due <= time) {
      const at = due
      fetchAt(at)
      due = null
      // Only a sighting: again once the newest event is more than 10 s old.
      if (look(at).kind === 'hole') due = Math.max(at + 3, Math.max(...known.map((e) => e.created)) + 14)
    }
  }
  // Beside holes, dates that pass and reconciliation lead to fetches: here at the worst moments, just after a change.
  const checks = c.life.events
    .filter(() => chance(random, 0.2))
    .map((e) => ({ event: null, at: e.at + random() * 4 }))
  for (const { event, at } of [...arrivals, ...checks].sort((a, b) => a.at - b.at)) {
    fetchBy(at)
    if (event) known.push(event)
    else fetchAt(at)
    look(at)
  }
  fetchBy(Number.POSITIVE_INFINITY)
  return {
    said: said(resolveTrail(known, fetches, isTerminalVertex)),
    fetches: fetches.length,
    endedTooEarly,
  }
}

/** Mostly at once, often some seconds late, sometimes an hour. */
function delay(random: Random): number {
  return chance(random, 0.7) ? random() : chance(random, 0.7) ? random() * 40 : random() * 3600
}

function isSame(a: TrailAnswer, b: TrailAnswer): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/**
 * Whether no later event could show that one is missing: it is in the last tie, or all ties after it are closed
 * (there and back), so that they may as well have begun where the missing change began.
 */
function isUntold(events: readonly TrailEvent[], missing: TrailEvent): boolean {
  const sorted = [...events].sort(byCreated)
  const ties = sorted.reduce<TrailEvent[][]>((all, e) => {
    const tie = all.at(-1)
    if (tie && e.created - tie.at(-1)!.created <= 5) tie.push(e)
    else all.push([e])
    return all
  }, [])
  const own = ties.findIndex((tie) => tie.includes(missing))
  return ties.slice(own + 1).every((tie) => {
    const lived = events.filter((e) => tie.includes(e))
    const visited = (vertex: string | null) => tie.some((e) => e.from === vertex || e.to === vertex)
    return lived[0]!.from === lived.at(-1)!.to && visited(missing.from) && visited(missing.to)
  })
}
