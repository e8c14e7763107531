import { holdCatalog } from '../../billing/hold-catalog.ts'
import { together } from '../../db/together.ts'
import type { Tx } from '../../db/types.ts'
import type { Cause } from '../../entitlements/moves.ts'
import { type SettledMove, settleLockedPools } from '../../entitlements/settle-pools.ts'
import { claimsToWrite } from '../../entitlements/subscription-claims.ts'
import { writeClaims } from '../../entitlements/write-claims.ts'
import { markWrites, releaseWaiting } from '../inbox/event-writes.ts'
import { paymentTypes } from '../inbox/inbox-rows.ts'
import { unhandledEvents } from '../inbox/unhandled-events.ts'
import { type Checkpoint, saveCheckpoints } from '../trail/trail-checkpoint.ts'
import { alarmsOf, type BatchAlarm, unfetchable } from './batch-alarms.ts'
import { paymentsIn, toTell } from './batch-signals.ts'
import { causesOf } from './cause-of-move.ts'
import { type Case, type CaseParts, decideCases } from './decide-cases.ts'
import type { Decision } from './decide-subscription.ts'
import { markersOf } from './enrollment-markers.ts'
import { findOwners, type Owner } from './owners.ts'
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

export type BatchParts = CaseParts & { autoProvision: string | null }

type Work = { events: readonly number[]; subscriptions?: readonly string[]; again?: boolean }

/**
 * The enrollment write for a batch, in the caller's transaction: find the owners (locks in the one order), resolve each
 * subscription from everything that the inbox knows of it, decide purely what it claims, write the claims and settle the
 * pools, note how far each trail is resolved, and mark the events, all or nothing. What does not need another's answer is sent
 * together and carried out in the order in which it stands here: a message costs more than most statements.
 */
export async function enrollBatch(tx: Tx, work: Work, parts: BatchParts): Promise<BatchOutcome> {
  const again = work.again ?? false
  const [catalogVersion, events] = await Promise.all([
    holdCatalog(tx),
    unhandledEvents(tx, work.events, 'enrollment', again),
  ])
  const payments = await paymentsIn(tx, events)
  const own = events.filter(({ type }) => !paymentTypes.has(type))
  const subscriptions = [...(work.subscriptions ?? []), ...payments.keys()]
  const { owners, homes, links } = await findOwners(tx, own, subscriptions, parts.autoProvision)
  const due = new Set(work.subscriptions)
  const cases = await decideCases(tx, { owners, homes, events, due, catalogVersion }, parts)
  const causes = await causesOf(tx, cases, own, parts.justFetched)
  const markers = markersOf(events, { owners, links, cases, payments })
  const settled = cases.filter((it) => !it.decision.hold && it.owner.held.unresolved !== null)
  const checkpoints = [...cases.map(checkpointOf), ...homeless(owners)]
  const telling = cases.flatMap((it) => toTell(it, own, causes.get(it.owner.held.subscription)!, payments))
  const [moves] = await together([
    putClaims(tx, cases, causes),
    saveCheckpoints(tx, checkpoints),
    markWrites(tx, 'enrollment', markers, { again }),
    releaseWaiting(
      tx,
      'enrollment',
      settled.map((it) => it.owner.held.subscription),
    ),
    tellSignals(tx, telling),
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

/** The claims that differ, and then the pools brought to where they say: whose claims stand as they stood moves nobody, so a renewal is settled by not being looked at. */
async function putClaims(
  tx: Tx,
  cases: readonly Case[],
  causes: ReadonlyMap<string, Cause>,
): Promise<SettledMove[]> {
  const claiming = cases.filter((it) => it.decision.claims !== null)
  const { writes, changed } = claimsToWrite(
    claiming.map(({ owner: { subscriptionId, poolId, tenantId }, decision }) => ({
      subscriptionId,
      poolId,
      tenantId,
      ...decision.claims!,
    })),
    new Map(claiming.map(({ owner, held }) => [owner.subscriptionId, held])),
  )
  const moving = claiming.filter(
    ({ owner }) => changed.has(owner.subscriptionId) || owner.held.resolvedBy === null,
  )
  const [, moves] = await Promise.all([
    writeClaims(tx, writes),
    settleLockedPools(
      tx,
      moving.map((it) => ({
        poolId: it.owner.poolId,
        about: it.owner.subscriptionId,
        actor: { type: 'webhook', id: 'stripe', name: 'Stripe' },
        reason: `Subscription is ${it.decision.claims!.status}`,
        cause: causes.get(it.owner.held.subscription)!,
      })),
    ),
  ])
  return moves
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
    inBilling:
      settled && state !== null ? { id: owner.subscriptionId, ended: resolution.kind === 'ended' } : null,
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
            inBilling: null,
          },
        ],
  )
}
