import type { SubscriptionState } from '../stripe/event/subscription-event.ts'
import { DAY, invoice, MONTH, MOVES, periodFrom, type Step } from './moves.ts'
import { TIER_PRICES } from './prices.ts'
import { chance, oneOf, type Random, randomOf, token, whole } from './random.ts'
import { itemOf, type Snapshot, type Truth, truthOf } from './snapshot.ts'

export type LifeEventType = `customer.subscription.${string}`

/** One event of a life, in true order. `before` and `after` are the subscription around it; null before its creation. */
export type LifeEvent = {
  event: string
  type: LifeEventType
  /** When it truly happened, Unix seconds with a fraction. */
  at: number
  /** What Stripe says: whole seconds, jitter included. */
  created: number
  request: string | null
  before: Snapshot | null
  after: Snapshot
  /** The event that told the same change first. */
  twinOf: string | null
}

export type Life = {
  index: number
  customer: string
  subscription: string
  events: LifeEvent[]
  truth: Truth
}

export type LifeOptions = {
  seed: number
  /** Unix seconds: every life is over, or quiet, by then, and nothing of it is overdue. */
  now: number
  /** At most so many events in a life, twins and sightings included. Default 12. */
  maxEvents?: number
  /** Share of changes that follow within a second. Default 0.35. */
  hurry?: number
  /** Share of changes told under two event ids. Default 0.05. */
  twins?: number
  /** `created` is off from the truth by up to so many seconds, each way. Default 0; the trail bears 2. */
  jitter?: number
}

/** One random subscription life; the same (seed, index) gives the same one, however many are made. */
export function lifeOf(index: number, options: LifeOptions): Life {
  // Lived twice: only the first tells how long it takes, and it has to end at `now`.
  const length = live(index, options, 0).at
  const quiet = whole(randomOf(options.seed, index, 1), 60, 3600)
  return live(index, options, Math.floor(options.now - length - quiet)).life
}

export function livesOf(count: number, options: LifeOptions): Life[] {
  return Array.from({ length: count }, (_, index) => lifeOf(index, options))
}

function live(index: number, options: LifeOptions, start: number): { life: Life; at: number } {
  const random = randomOf(options.seed, index)
  const subscription = `sub_sim_${options.seed}_${index}`
  const customer = `cus_sim_${options.seed}_${index}`
  const target = whole(random, 1, options.maxEvents ?? 12)
  const events: LifeEvent[] = []
  const { jitter = 0, hurry = 0.35, twins = 0.05 } = options
  const tell = (event: Omit<LifeEvent, 'event' | 'created' | 'twinOf'>, twin: boolean) => {
    const created = Math.floor(event.at) + (jitter > 0 ? whole(random, -jitter, jitter) : 0)
    const first = { ...event, event: `evt_sim_${token(random)}`, created, twinOf: null }
    events.push(first)
    if (!twin || events.length >= target) return
    events.push({
      ...first,
      event: `evt_sim_${token(random)}`,
      created: created + whole(random, 0, 1),
      twinOf: first.event,
    })
  }

  let at = start + random()
  let now = beginning(random, at, subscription, customer)
  tell(
    {
      type: 'customer.subscription.created',
      at,
      request: `req_sim_${token(random, 14)}`,
      before: null,
      after: now,
    },
    chance(random, twins),
  )
  while (events.length < target && now.state.endedAt === null) {
    const step = nextStep(random, now, at, hurry)
    if (step === null) break
    const { after, sightings = [] } = step
    const request = step.requested && chance(random, 0.85) ? `req_sim_${token(random, 14)}` : null
    at = step.at
    if (after !== now) {
      tell(
        { type: `customer.subscription.${step.type}`, at, request, before: now, after },
        chance(random, twins),
      )
      const returns = flips(random, now, step, target - events.length)
      now = after
      for (const flip of returns) {
        if (events.length >= target) break
        at += random() * 0.2
        const by = chance(random, 0.8) ? `req_sim_${token(random, 14)}` : null
        tell({ type: 'customer.subscription.updated', at, request: by, ...flip }, chance(random, twins))
        now = flip.after
      }
    }
    for (const sighting of sightings) {
      if (events.length >= target) break
      at += random() * 0.3
      tell({ type: `customer.subscription.${sighting}`, at, request, before: now, after: now }, false)
    }
  }
  return { life: { index, customer, subscription, events, truth: truthOf(now) }, at }
}

/** A customer who cannot decide: back, and perhaps there again, within the second; every object exactly as it was. */
function flips(
  random: Random,
  before: Snapshot,
  step: Step,
  room: number,
): { before: Snapshot; after: Snapshot }[] {
  const undecided = step.requested && step.type === 'updated' && (step.sightings ?? []).length === 0
  if (!undecided || room < 1 || !chance(random, 0.15)) return []
  const back = { before: step.after, after: before }
  const again = { before, after: step.after }
  return [back, again, back].slice(0, Math.min(room, whole(random, 1, 3)))
}

function beginning(random: Random, at: number, subscription: string, customer: string): Snapshot {
  const status = oneOf(random, ['incomplete', 'trialing', 'trialing', 'active', 'active'])
  const started = Math.floor(at)
  const items = [itemOf(`si_sim_${token(random, 14)}`, oneOf(random, TIER_PRICES).price, 1)]
  const trialEnd = status === 'trialing' ? started + 14 * DAY : null
  const state: SubscriptionState = {
    subscription,
    customer,
    status,
    items,
    itemsComplete: true,
    cancelAt: null,
    pause: null,
    trialEnd,
    periodEnd: trialEnd ?? periodFrom(started, items),
    endedAt: null,
    organization: null,
  }
  return {
    state,
    started,
    periodStart: started,
    cancelsAtPeriodEnd: false,
    canceledAt: null,
    latestInvoice: invoice(random),
    note: null,
  }
}

/** Draws moves by weight until one applies; null after many, which ends the life's story where it stands. */
function nextStep(random: Random, now: Snapshot, at: number, hurry: number): (Step & { at: number }) | null {
  const total = MOVES.reduce((sum, move) => sum + move.weight, 0)
  for (let tries = 0; tries < 200; tries++) {
    const move = drawn(random() * total)
    const date = move.when?.(now)
    if (date === null) continue
    const when = date === undefined ? soon(random, now, at, hurry) : date + random()
    // Nothing jumps over a date at which Stripe acts first.
    if (when < at || (date !== undefined && date > nextDate(now))) continue
    const step = move.make(now, when, random)
    if (step) return { ...step, at: when }
  }
  return null
}

function drawn(point: number): (typeof MOVES)[number] {
  let left = point
  for (const move of MOVES) {
    left -= move.weight
    if (left < 0) return move
  }
  return MOVES[0]!
}

function soon(random: Random, now: Snapshot, at: number, hurry: number): number {
  if (chance(random, hurry)) return at + random() * 0.4
  if (chance(random, 0.25)) return at + 1 + random() * 7
  return at + random() * Math.max(1, Math.min(MONTH / 2, nextDate(now) - DAY - at))
}

/** The next date at which Stripe does something by itself. */
function nextDate({ state }: Snapshot): number {
  const trial = state.status === 'trialing' ? state.trialEnd : null
  return Math.min(state.periodEnd ?? Infinity, state.cancelAt ?? Infinity, trial ?? Infinity)
}
