import type { Tx } from '../../db/types.ts'
import { type Held, readHeld } from '../../entitlements/held-by-subscriptions.ts'
import { lockPools } from '../../entitlements/lock-pools.ts'
import type { PriceMeanings } from '../catalog/price-meanings.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import type { UnhandledEvent } from '../inbox/unhandled-events.ts'
import { readFetches } from '../trail/fetch-rows.ts'
import { dateOfFetch } from '../trail/fetch-window.ts'
import { type FetchRow, type Resolution, resolve } from '../trail/resolution.ts'
import { idsIn, knownState, readStates, stateOf } from '../trail/resolved-state.ts'
import { readTrails } from '../trail/trail-rows.ts'
import {
  type Decision,
  decideSubscription,
  type StandingClaims,
  type SubscriptionFacts,
} from './decide-subscription.ts'
import type { Owner } from './owners.ts'
import { giveHomes, type Home } from './subscription-homes.ts'

type Owned = Extract<Owner, { kind: 'owned' }>

/** One subscription that has an owner, on its way through a batch. */
export type Case = {
  owner: Owned
  resolution: Exclude<Resolution, { kind: 'nothing' }>
  /** As it is resolved now; for a hole the state at its head, null where no single head is known. */
  state: SubscriptionState | null
  /** For a hole: what was settled before it. */
  known: SubscriptionState | null
  fetches: readonly FetchRow[]
  /** What it claims and holds at this moment. */
  held: readonly Held[]
  decision: Decision
}

export type CaseParts = {
  meanings: PriceMeanings
  canFetch: boolean
  now: Date
  /** Subscriptions whose fetch brought us here: not to be fetched again at once. */
  justFetched: ReadonlySet<string>
}

type Told = {
  owners: ReadonlyMap<string, Owner>
  /** Rows in billing that some of the owned get now. */
  homes: readonly Home[]
  /** The batch's events: nearly always the states that resolutions name are among them. */
  events: readonly UnhandledEvent[]
  /** Subscriptions that are looked at on purpose: their grace ended, or a date passed. */
  due: ReadonlySet<string>
  catalogVersion: number
}

/**
 * Resolves each subscription that has an owner from everything that the inbox knows of it, and decides purely what it claims.
 * Takes the locks of their pools on the way, after those of the subscriptions' rows.
 */
export async function decideCases(tx: Tx, told: Told, parts: CaseParts): Promise<Case[]> {
  const { owners, homes, events, due, catalogVersion } = told
  const owned = [...owners.values()].filter((owner) => owner.kind === 'owned')
  if (owned.length === 0) return []
  const ids = owned.map((owner) => owner.held.subscription)
  const asked = owned.filter((owner) => owner.held.asked).map((owner) => owner.held.subscription)
  // Sent together, carried out in this order: what is held is read under the pools' locks.
  const [, trails, fetches, , held] = await Promise.all([
    giveHomes(tx, homes),
    readTrails(tx, ids),
    readFetches(tx, asked),
    lockPools(tx, [...new Set(owned.map((owner) => owner.poolId))]),
    readHeld(
      tx,
      owned.map((owner) => owner.subscriptionId),
    ),
  ])
  const resolved = owned.flatMap((owner) => {
    const told = fetches.get(owner.held.subscription) ?? []
    const resolution = resolve(trails.get(owner.held.subscription) ?? [], told)
    return resolution.kind === 'nothing' ? [] : [{ owner, resolution, fetches: told }]
  })
  const named = resolved.flatMap(({ resolution }) => idsIn(resolution))
  const states = await statesOf(tx, events, named)
  const stated = resolved.map((it) => ({
    ...it,
    state: stateOf(it.resolution, states, it.fetches, it.owner.held.resolvedState),
    known: knownState(it.resolution, states, it.fetches),
    held: held.get(it.owner.subscriptionId) ?? [],
  }))
  const meaningOf = await parts.meanings(
    tx,
    stated.flatMap(({ state, known }) => [...(state?.items ?? []), ...(known?.items ?? [])]),
    catalogVersion,
  )
  return stated.map((it) => ({ ...it, decision: decisionFor(it, meaningOf, due, parts) }))
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
  { owner, resolution, state, known, fetches, held }: Omit<Case, 'decision'>,
  meaningOf: SubscriptionFacts['meaningOf'],
  due: ReadonlySet<string>,
  parts: CaseParts,
): Decision {
  const { subscription, fetchAttempts, holeSeenAt, resolveAt } = owner.held
  return decideSubscription({
    subscription,
    resolution,
    state,
    known,
    resolvedBefore: owner.held.resolvedBy !== null,
    standing: standingOf(held),
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

/** A claim on what is no tier any more has no rank to be compared by. */
function standingOf(held: readonly Held[]): StandingClaims {
  const claims = held.flatMap(({ what, status, planLadderId, productId, rank }) =>
    what === 'claim' && rank !== null ? [{ status, planLadderId: planLadderId!, productId, rank }] : [],
  )
  return {
    status: claims[0]?.status ?? null,
    tiers: claims.map(({ planLadderId, productId, rank }) => ({ planLadderId, productId, rank })),
    addons: held.flatMap(({ what, productId, quantity }) =>
      what === 'addon' ? [{ productId, quantity }] : [],
    ),
  }
}
