import { deliveriesOf } from '../simulator/deliveries.ts'
import { type Life, livesOf } from '../simulator/life.ts'
import { type Tier, trueTier } from '../simulator/snapshot.ts'
import type { SubscriptionState, TrailKind } from '../stripe/event/subscription-event.ts'
import { asides } from '../stripe/event/vertex.ts'
import { vertexHash } from '../stripe/event/vertex-hash.ts'
import { resolve } from '../stripe/trail/resolution.ts'
import type { TrailRow } from '../stripe/trail/trail-rows.ts'

/** What is played in a round. Equal plans are equal events, byte by byte. */
export type WorkloadPlan = {
  /** Distinct for parts that are played to one database: it stands in every id. */
  seed: number
  /** Unix seconds at which every life is over or quiet: of the run, so that nothing falls due while it lasts. */
  now: number
  /** About so many deliveries, duplicates among them: lives are whole, so that the number is not met exactly. */
  deliveries: number
  subscriptions: number
}

export type Workload = {
  /** JSON in the order of delivery. */
  bodies: () => Buffer[]
  deliveries: number
  /** Distinct events. */
  events: number
  customers: string[]
  subscriptions: string[]
  truth: Map<string, Tier>
}

const duplicates = 0.1
const late = 0.05

/** Deliveries of lives from the simulator: 10 % come twice, 5 % come late, by any time. */
export function workloadOf(plan: WorkloadPlan): Workload {
  const lives = plannedLives(plan)
  const deliveries = deliveriesOf(lives, { seed: plan.seed, duplicates, shuffle: late, customers: false })
  return {
    bodies: () => deliveries.map(({ body }) => spreadOut(body())),
    deliveries: deliveries.length,
    events: new Set(deliveries.map(({ event }) => event)).size,
    customers: lives.map(({ customer }) => customer),
    subscriptions: lives.map(({ subscription }) => subscription),
    truth: new Map(lives.map(({ customer, truth }) => [customer, trueTier(truth)])),
  }
}

/** Lives of such a length that their events and the duplicates come to the number planned. */
function plannedLives({ seed, now, deliveries, subscriptions }: WorkloadPlan): Life[] {
  const perLife = deliveries / (1 + duplicates) / subscriptions
  // Few changes within one second, and no twins: what no trail can tell by itself would wait for an answer of Stripe's.
  const lives = (maxEvents: number, count: number) =>
    livesOf(count, { seed, now, maxEvents, twins: 0, hurry: 0.05 })
  const probe = Math.min(subscriptions, 400)
  let best = 1
  let bestFault = Number.POSITIVE_INFINITY
  for (let maxEvents = 1; maxEvents <= 20; maxEvents++) {
    const mean = lives(maxEvents, probe).reduce((sum, { events }) => sum + events.length, 0) / probe
    const fault = Math.abs(mean - perLife)
    if (fault >= bestFault) continue
    best = maxEvents
    bestFault = fault
  }
  return lives(best, subscriptions).filter(tellsItself)
}

/** Whether the whole trail of a life leads to its end without a question to Stripe. */
function tellsItself({ events }: Life): boolean {
  const trail = events.map(({ event, type, created, request, before, after }): TrailRow => {
    const kind = kinds[type] ?? 'sighting'
    const from = kind === 'edge' ? before : kind === 'sighting' ? after : null
    return {
      subscription: after.state.subscription,
      event,
      created,
      kind,
      request,
      // The same change told again has the same body but for its id.
      fingerprint: JSON.stringify([type, before, after]),
      from: from && vertexHash(from.state),
      to: vertexHash(after.state),
      fromAsides: from && asidesOf(from.state),
      toAsides: asidesOf(after.state),
      itemsComplete: true,
    }
  })
  return resolve(trail, []).kind !== 'hole'
}

const kinds: Record<string, TrailKind> = {
  'customer.subscription.created': 'root',
  'customer.subscription.updated': 'edge',
  'customer.subscription.deleted': 'end',
}

function asidesOf(state: SubscriptionState): string[] {
  const { cancellation, pause, trial } = asides(state)
  return [cancellation, pause, trial]
}

/** With line breaks and indents, as Stripe sends JSON: 5.3 KB then, as its subscription events mostly are. */
function spreadOut(body: string): Buffer {
  return Buffer.from(JSON.stringify(JSON.parse(body), null, 1))
}
