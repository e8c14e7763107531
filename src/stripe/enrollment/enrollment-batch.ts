import type { Tx } from '../../db/types.ts'
import { lockPools } from '../../entitlements/lock-pools.ts'
import type { Cause } from '../../entitlements/moves.ts'
import { settlePools } from '../../entitlements/settle-pools.ts'
import { putSubscriptionClaims } from '../../entitlements/subscription-claims.ts'
import { holdCatalog, meaningsOfPrices } from '../catalog/catalog-mappings.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import { type Marker, markWrites, releaseWaiting } from '../inbox/event-writes.ts'
import { type UnhandledEvent, unhandledEvents } from '../inbox/unhandled-events.ts'
import { readFetches } from '../trail/fetch-rows.ts'
import { type FetchRow, type Resolution, resolve } from '../trail/resolution.ts'
import { idsIn, knownState, readStates, stateOf } from '../trail/resolved-state.ts'
import { type Checkpoint, saveCheckpoints, saveSubscriptions } from '../trail/trail-checkpoint.ts'
import { readTrails } from '../trail/trail-rows.ts'
import { causesOf } from './cause-of-move.ts'
import { type Decision, decideSubscription, type SubscriptionFacts } from './decide-subscription.ts'
import { type LinkOutcome, type Place, takePlaces } from './places.ts'
import { readStandingClaims } from './standing-claims.ts'

export type BatchOutcome = {
  applied: number
  again: { subscription: string; at: Date }[]
  /** Subscriptions to ask Stripe about once this transaction is committed. */
  fetch: string[]
  alarms: { kind: string; subject: string; detail: string }[]
  receivedAt: Date[]
}

export type BatchParts = {
  autoProvision: string | null
  canFetch: boolean
  now: Date
  /** Subscriptions whose fetch brought us here: not to be fetched again at once. */
  justFetched: ReadonlySet<string>
}

type Work = { events: readonly number[]; subscriptions?: readonly string[]; again?: boolean }
type Placed = Extract<Place, { kind: 'placed' }>
type Known = Exclude<Resolution, { kind: 'nothing' }>

/** One placed subscription on its way through the batch. */
export type Case = {
  place: Placed
  resolution: Known
  state: SubscriptionState | null
  /** For a hole: what was settled before it. */
  known: SubscriptionState | null
  fetches: readonly FetchRow[]
  decision: Decision
}

/**
 * The enrollment write for a batch, in the caller's transaction: take the places (locks in the one order), resolve each
 * subscription from everything that the inbox knows of it, decide purely what it claims, write the claims and settle the
 * pools, note how far each trail is resolved, and mark the events, all or nothing.
 */
export async function enrollBatch(tx: Tx, work: Work, parts: BatchParts): Promise<BatchOutcome> {
  await holdCatalog(tx)
  const events = await unhandledEvents(tx, work.events, 'enrollment', work.again ?? false)
  const { places, links } = await takePlaces(tx, events, work.subscriptions ?? [], parts.autoProvision)
  const cases = await decideCases(tx, places, new Set(work.subscriptions), parts)
  await writeClaims(tx, cases, await causesOf(tx, cases, events, parts.justFetched))
  await saveCheckpoints(tx, [...cases.map(checkpointOf), ...homeless(places)])
  await saveSubscriptions(tx, cases.flatMap(settledState))
  const markers = events.map((event) => markerOf(event, places, links, cases))
  await markWrites(tx, 'enrollment', markers, { again: work.again ?? false })
  await releaseWaiting(
    tx,
    'enrollment',
    cases
      .filter((it) => !it.decision.hold && it.place.held.unresolved !== null)
      .map((it) => it.place.held.subscription),
  )
  return {
    applied: markers.filter((marker) => marker.state === 'done').length,
    again: cases.flatMap((it) =>
      it.decision.look.at ? [{ subscription: it.place.held.subscription, at: it.decision.look.at }] : [],
    ),
    fetch: cases.filter((it) => it.decision.look.fetch).map((it) => it.place.held.subscription),
    alarms: alarmsOf(markers),
    receivedAt: events.filter((_, i) => markers[i]!.state === 'done').map((event) => event.receivedAt),
  }
}

async function decideCases(
  tx: Tx,
  places: ReadonlyMap<string, Place>,
  due: ReadonlySet<string>,
  parts: BatchParts,
): Promise<Case[]> {
  const placed = [...places.values()].filter((place) => place.kind === 'placed')
  if (placed.length === 0) return []
  const ids = placed.map((place) => place.held.subscription)
  const [trails, fetches] = await Promise.all([readTrails(tx, ids), readFetches(tx, ids)])
  const resolved = placed.flatMap((place) => {
    const told = fetches.get(place.held.subscription) ?? []
    const resolution = resolve(trails.get(place.held.subscription) ?? [], told)
    return resolution.kind === 'nothing' ? [] : [{ place, resolution, fetches: told }]
  })
  const states = await readStates(tx, [...new Set(resolved.flatMap(({ resolution }) => idsIn(resolution)))])
  const stated = resolved.map((it) => ({
    ...it,
    state: stateOf(it.resolution, states, it.fetches, it.place.held.resolvedState),
    known: knownState(it.resolution, states, it.fetches),
  }))
  const [meaningOf, standing] = await Promise.all([
    meaningsOfPrices(
      tx,
      stated.flatMap(({ state, known }) => [...(state?.items ?? []), ...(known?.items ?? [])]),
    ),
    readStandingClaims(
      tx,
      stated.filter(({ resolution }) => resolution.kind === 'hole').map(({ place }) => place.subscriptionId),
    ),
  ])
  return stated.map((it) => ({
    ...it,
    decision: decisionFor(it, meaningOf, standing(it.place.subscriptionId), due, parts),
  }))
}

function decisionFor(
  { place, resolution, state, known, fetches }: Omit<Case, 'decision'>,
  meaningOf: SubscriptionFacts['meaningOf'],
  standing: SubscriptionFacts['standing'],
  due: ReadonlySet<string>,
  parts: BatchParts,
): Decision {
  const { subscription, fetchAttempts, holeSeenAt, resolveAt } = place.held
  // The window ends ten seconds after Stripe's own Date.
  const newestFetch = Math.max(...fetches.map((fetch) => fetch.until - 10))
  return decideSubscription({
    subscription,
    resolution,
    state,
    known,
    resolvedBefore: place.held.resolvedBy !== null,
    standing,
    meaningOf,
    now: parts.now,
    due: due.has(subscription),
    canFetch: parts.canFetch,
    justFetched: parts.justFetched.has(subscription),
    lastFetch: fetches.length > 0 ? newestFetch : null,
    fetchAttempts,
    holeSeenAt,
    planned: resolveAt,
  })
}

/** Pools are locked before anything that references them is written, and settled once for all the claims that changed. */
async function writeClaims(
  tx: Tx,
  cases: readonly Case[],
  causes: ReadonlyMap<string, Cause>,
): Promise<void> {
  const claiming = cases.filter((it) => it.decision.claims !== null)
  if (claiming.length === 0) return
  await lockPools(tx, [...new Set(claiming.map((it) => it.place.poolId))])
  await putSubscriptionClaims(
    tx,
    claiming.map(({ place, decision }) => ({
      subscriptionId: place.subscriptionId,
      poolId: place.poolId,
      tenantId: place.tenantId,
      ...decision.claims!,
    })),
  )
  await settlePools(
    tx,
    claiming.map((it) => ({
      poolId: it.place.poolId,
      about: it.place.subscriptionId,
      actor: { type: 'webhook', id: 'stripe', name: 'Stripe' },
      reason: `Subscription is ${it.decision.claims!.status}`,
      cause: causes.get(it.place.held.subscription)!,
    })),
  )
}

function checkpointOf({ place, resolution, state, decision }: Case): Checkpoint {
  const settled = resolution.kind !== 'hole'
  return {
    subscription: place.held.subscription,
    customer: place.held.customer,
    state: settled ? state : null,
    by: settled ? resolution.by : null,
    unresolved: decision.hold?.reason ?? null,
    holeSeenAt: decision.holeSeenAt,
    resolveAt: decision.look.at,
  }
}

/** Those whose customer belongs to nobody yet: nothing is resolved, and their rows say why. */
function homeless(places: ReadonlyMap<string, Place>): Checkpoint[] {
  return [...places.values()].flatMap((place) =>
    place.kind === 'placed'
      ? []
      : [
          {
            subscription: place.held.subscription,
            customer: place.held.customer,
            state: null,
            by: null,
            unresolved: place.reason,
            holeSeenAt: null,
            resolveAt: null,
          },
        ],
  )
}

function settledState({ place, resolution, state }: Case) {
  if (resolution.kind === 'hole' || state === null) return []
  return [{ id: place.subscriptionId, state, ended: resolution.kind === 'ended' }]
}

function markerOf(
  { event, subscription, trailKind }: UnhandledEvent,
  places: ReadonlyMap<string, Place>,
  links: ReadonlyMap<string, LinkOutcome>,
  cases: readonly Case[],
): Marker {
  if (trailKind === null) {
    const link = links.get(event)!
    if (link.kind === 'none') return { eventId: event, state: 'ignored', reason: 'links_nobody' }
    if (link.kind === 'linked') return { eventId: event, state: 'done' }
    return { eventId: event, state: 'waiting', waitingOn: link.on, reason: link.reason }
  }
  const place = places.get(subscription!)!
  if (place.kind === 'waiting')
    return { eventId: event, state: 'waiting', waitingOn: place.on, reason: place.reason }
  const hold = cases.find((it) => it.place.held.subscription === subscription)?.decision.hold
  if (hold) return { eventId: event, state: 'waiting', waitingOn: hold.on, reason: hold.reason }
  return { eventId: event, state: 'done' }
}

/** A hole in its grace is common and no alarm; whatever else waits needs somebody to do something. */
function alarmsOf(markers: readonly Marker[]): BatchOutcome['alarms'] {
  const alarms = new Map<string, BatchOutcome['alarms'][number]>()
  for (const marker of markers) {
    if (marker.state !== 'waiting' || marker.waitingOn.startsWith('trail:')) continue
    alarms.set(marker.waitingOn, { kind: marker.reason, subject: marker.waitingOn, detail: marker.eventId })
  }
  return [...alarms.values()]
}
