import { holdCatalog } from '../../billing/hold-catalog.ts'
import type { Tx } from '../../db/types.ts'
import { workerSettings } from '../../db/worker-settings.ts'
import type { Cause } from '../../entitlements/moves.ts'
import { type SettledMove, settlePools } from '../../entitlements/settle-pools.ts'
import { putSubscriptionClaims } from '../../entitlements/subscription-claims.ts'
import type { PriceMeanings } from '../catalog/price-meanings.ts'
import { noticeKey, noticeType } from '../event/notice.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import { type Marker, markWrites, releaseWaiting } from '../inbox/event-writes.ts'
import { paymentTypes } from '../inbox/inbox-rows.ts'
import { type UnhandledEvent, unhandledEvents } from '../inbox/unhandled-events.ts'
import { readFetches } from '../trail/fetch-rows.ts'
import { dateOfFetch } from '../trail/fetch-window.ts'
import { type FetchRow, type Resolution, resolve } from '../trail/resolution.ts'
import { idsIn, knownState, readStates, stateOf } from '../trail/resolved-state.ts'
import { type Checkpoint, saveCheckpoints, saveSubscriptions } from '../trail/trail-checkpoint.ts'
import { readTrails } from '../trail/trail-rows.ts'
import { alarmsOf, type BatchAlarm, unfetchable } from './batch-alarms.ts'
import { paymentsIn, toTell } from './batch-signals.ts'
import { causesOf } from './cause-of-move.ts'
import { type Decision, decideSubscription, type SubscriptionFacts } from './decide-subscription.ts'
import { findOwners, type LinkOutcome, type Owner } from './owners.ts'
import { readStandingClaims } from './standing-claims.ts'
import { tellSignals } from './tell-signals.ts'

export type BatchOutcome = {
  applied: number
  moves: SettledMove[]
  again: { subscription: string; at: Date }[]
  /** Subscriptions to ask Stripe about once this transaction is committed, and what they wait on until then. */
  fetch: { subscription: string; hold: Decision['hold'] }[]
  alarms: BatchAlarm[]
  /** Subscriptions whose trail has a hole that will not close by itself, and why. */
  unresolved: { subscription: string; why: string }[]
  receivedAt: Date[]
}

export type BatchParts = {
  meanings: PriceMeanings
  autoProvision: string | null
  canFetch: boolean
  now: Date
  /** Subscriptions whose fetch brought us here: not to be fetched again at once. */
  justFetched: ReadonlySet<string>
}

type Work = { events: readonly number[]; subscriptions?: readonly string[]; again?: boolean }
type Owned = Extract<Owner, { kind: 'owned' }>
type Known = Exclude<Resolution, { kind: 'nothing' }>

/** One subscription that has an owner, on its way through the batch. */
type Case = {
  owner: Owned
  resolution: Known
  state: SubscriptionState | null
  /** For a hole: what was settled before it. */
  known: SubscriptionState | null
  fetches: readonly FetchRow[]
  decision: Decision
}

/**
 * The enrollment write for a batch, in the caller's transaction: find the owners (locks in the one order), resolve each
 * subscription from everything that the inbox knows of it, decide purely what it claims, write the claims and settle the
 * pools, note how far each trail is resolved, and mark the events, all or nothing.
 */
export async function enrollBatch(tx: Tx, work: Work, parts: BatchParts): Promise<BatchOutcome> {
  await Promise.all([workerSettings(tx), holdCatalog(tx)])
  const events = await unhandledEvents(tx, work.events, 'enrollment', work.again ?? false)
  const payments = await paymentsIn(tx, events)
  const own = events.filter(({ type }) => !paymentTypes.has(type))
  const { owners, links } = await findOwners(
    tx,
    own,
    [...(work.subscriptions ?? []), ...payments.keys()],
    parts.autoProvision,
  )
  const cases = await decideCases(tx, owners, events, new Set(work.subscriptions), parts)
  const causes = await causesOf(tx, cases, own, parts.justFetched)
  const moves = await writeClaims(tx, cases, causes)
  const markers = events.map((event) => markerOf(event, owners, links, cases, payments))
  const settled = cases.filter((it) => !it.decision.hold && it.owner.held.unresolved !== null)
  // Sent together: none of them reads what another writes.
  await Promise.all([
    saveCheckpoints(tx, [...cases.map(checkpointOf), ...homeless(owners)]),
    saveSubscriptions(tx, cases.flatMap(settledState)),
    markWrites(tx, 'enrollment', markers, { again: work.again ?? false }),
    releaseWaiting(
      tx,
      'enrollment',
      settled.map((it) => it.owner.held.subscription),
    ),
    tellSignals(
      tx,
      cases.flatMap((it) => toTell(it, own, causes.get(it.owner.held.subscription)!, payments)),
    ),
  ])
  return {
    applied: markers.filter((marker) => marker.state === 'done').length,
    moves,
    again: cases.flatMap((it) =>
      it.decision.look.at ? [{ subscription: it.owner.held.subscription, at: it.decision.look.at }] : [],
    ),
    fetch: cases.flatMap(({ owner, decision }) =>
      decision.look.fetch ? [{ subscription: owner.held.subscription, hold: decision.hold }] : [],
    ),
    alarms: alarmsOf(markers, cases, parts),
    unresolved: unfetchable(cases, parts),
    receivedAt: events.filter((_, i) => markers[i]!.state === 'done').map((event) => event.receivedAt),
  }
}

async function decideCases(
  tx: Tx,
  owners: ReadonlyMap<string, Owner>,
  events: readonly UnhandledEvent[],
  due: ReadonlySet<string>,
  parts: BatchParts,
): Promise<Case[]> {
  const owned = [...owners.values()].filter((owner) => owner.kind === 'owned')
  if (owned.length === 0) return []
  const ids = owned.map((owner) => owner.held.subscription)
  const asked = owned.filter((owner) => owner.held.asked).map((owner) => owner.held.subscription)
  const [trails, fetches] = await Promise.all([readTrails(tx, ids), readFetches(tx, asked)])
  const resolved = owned.flatMap((owner) => {
    const told = fetches.get(owner.held.subscription) ?? []
    const resolution = resolve(trails.get(owner.held.subscription) ?? [], told)
    return resolution.kind === 'nothing' ? [] : [{ owner, resolution, fetches: told }]
  })
  const states = await statesOf(
    tx,
    events,
    resolved.flatMap(({ resolution }) => idsIn(resolution)),
  )
  const stated = resolved.map((it) => ({
    ...it,
    state: stateOf(it.resolution, states, it.fetches, it.owner.held.resolvedState),
    known: knownState(it.resolution, states, it.fetches),
  }))
  const [meaningOf, standing] = await Promise.all([
    parts.meanings(
      tx,
      stated.flatMap(({ state, known }) => [...(state?.items ?? []), ...(known?.items ?? [])]),
    ),
    readStandingClaims(
      tx,
      stated.filter(({ resolution }) => resolution.kind === 'hole').map(({ owner }) => owner.subscriptionId),
    ),
  ])
  return stated.map((it) => ({
    ...it,
    decision: decisionFor(it, meaningOf, standing(it.owner.subscriptionId), due, parts),
  }))
}

/** The states that the resolutions name: nearly always this batch's own, which are read already. */
async function statesOf(
  tx: Tx,
  events: readonly UnhandledEvent[],
  ids: readonly string[],
): Promise<Map<string, SubscriptionState>> {
  const states = new Map(events.flatMap(({ event, toState }) => (toState ? [[event, toState]] : [])))
  const missing = new Set(ids.filter((id) => !states.has(id) && !id.startsWith('fetch_')))
  for (const [event, state] of await readStates(tx, [...missing])) states.set(event, state)
  return states
}

function decisionFor(
  { owner, resolution, state, known, fetches }: Omit<Case, 'decision'>,
  meaningOf: SubscriptionFacts['meaningOf'],
  standing: SubscriptionFacts['standing'],
  due: ReadonlySet<string>,
  parts: BatchParts,
): Decision {
  const { subscription, fetchAttempts, holeSeenAt, resolveAt } = owner.held
  return decideSubscription({
    subscription,
    resolution,
    state,
    known,
    resolvedBefore: owner.held.resolvedBy !== null,
    standing,
    meaningOf,
    now: parts.now,
    due: due.has(subscription),
    canFetch: parts.canFetch,
    justFetched: parts.justFetched.has(subscription),
    lastFetch: fetches.length > 0 ? Math.max(...fetches.map(dateOfFetch)) : null,
    fetchAttempts,
    holeSeenAt,
    planned: resolveAt,
  })
}

/** Putting the claims locks the pools before anything that references them is written; they are settled once for all the claims that changed. */
async function writeClaims(
  tx: Tx,
  cases: readonly Case[],
  causes: ReadonlyMap<string, Cause>,
): Promise<SettledMove[]> {
  const claiming = cases.filter((it) => it.decision.claims !== null)
  if (claiming.length === 0) return []
  const changed = await putSubscriptionClaims(
    tx,
    claiming.map(({ owner, decision }) => ({
      subscriptionId: owner.subscriptionId,
      poolId: owner.poolId,
      tenantId: owner.tenantId,
      ...decision.claims!,
    })),
  )
  // Whose claims stand as they stood moves nobody: a renewal is settled by not being looked at.
  const ids = new Set(changed)
  const moving = claiming.filter(
    (it) => ids.has(it.owner.subscriptionId) || it.owner.held.resolvedBy === null,
  )
  return settlePools(
    tx,
    moving.map((it) => ({
      poolId: it.owner.poolId,
      about: it.owner.subscriptionId,
      actor: { type: 'webhook', id: 'stripe', name: 'Stripe' },
      reason: `Subscription is ${it.decision.claims!.status}`,
      cause: causes.get(it.owner.held.subscription)!,
    })),
  )
}

function checkpointOf({ owner, resolution, state, decision }: Case): Checkpoint {
  const settled = resolution.kind !== 'hole'
  return {
    subscription: owner.held.subscription,
    customer: owner.held.customer,
    state: settled ? state : null,
    by: settled ? resolution.by : null,
    unresolved: decision.hold?.reason ?? null,
    holeSeenAt: decision.holeSeenAt,
    resolveAt: decision.look.at,
  }
}

/** Those whose customer belongs to nobody yet: nothing is resolved, and their rows say why. */
function homeless(owners: ReadonlyMap<string, Owner>): Checkpoint[] {
  return [...owners.values()].flatMap((owner) =>
    owner.kind === 'owned'
      ? []
      : [
          {
            subscription: owner.held.subscription,
            customer: owner.held.customer,
            state: null,
            by: null,
            unresolved: owner.reason,
            holeSeenAt: null,
            resolveAt: null,
          },
        ],
  )
}

function settledState({ owner, resolution, state }: Case) {
  if (resolution.kind === 'hole' || state === null) return []
  return [{ id: owner.subscriptionId, state, ended: resolution.kind === 'ended' }]
}

function markerOf(
  { event, type, subscription, trailKind }: UnhandledEvent,
  owners: ReadonlyMap<string, Owner>,
  links: ReadonlyMap<string, LinkOutcome>,
  cases: readonly Case[],
  payments: ReadonlyMap<string, string[]>,
): Marker {
  if (paymentTypes.has(type))
    return payments.has(subscription ?? '')
      ? { eventId: event, state: 'done' }
      : { eventId: event, state: 'ignored', reason: 'no_payment_at_risk' }
  // Stripe has to be asked what it could not tell: that is upkeep's.
  if (type === noticeType)
    return { eventId: event, state: 'waiting', waitingOn: noticeKey(event), reason: 'event_not_generated' }
  if (trailKind === null) {
    const link = links.get(event)!
    if (link.kind === 'none') return { eventId: event, state: 'ignored', reason: 'links_nobody' }
    if (link.kind === 'gone') return { eventId: event, state: 'ignored', reason: 'body_gone' }
    if (link.kind === 'linked') return { eventId: event, state: 'done' }
    return { eventId: event, state: 'waiting', waitingOn: link.on, reason: link.reason }
  }
  const owner = owners.get(subscription!)!
  if (owner.kind === 'waiting')
    return { eventId: event, state: 'waiting', waitingOn: owner.on, reason: owner.reason }
  const hold = cases.find((it) => it.owner.held.subscription === subscription)?.decision.hold
  if (hold) return { eventId: event, state: 'waiting', waitingOn: hold.on, reason: hold.reason }
  return { eventId: event, state: 'done' }
}
