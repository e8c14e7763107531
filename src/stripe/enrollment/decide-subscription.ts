import type { SubscriptionState } from '../event/subscription-event.ts'
import { GRACE_SECONDS, type Look, lookAfterHole, lookAfterSettled } from '../trail/next-look.ts'
import type { Resolution } from '../trail/resolution.ts'
import { type PriceMeaning, type Target, targetOf, upwardOnly } from './target.ts'

/** What a subscription claims as this moment stands, ranks resolved at use. */
export type StandingClaims = {
  status: string | null
  tiers: { planLadderId: string; productId: string; rank: number }[]
  addons: { productId: string; quantity: number }[]
}

export type SubscriptionFacts = {
  subscription: string
  resolution: Exclude<Resolution, { kind: 'nothing' }>
  /** The resolved state, asides put in; for a hole the state at its head, null where no single head is known. */
  state: SubscriptionState | null
  /** For a hole: the state that was settled before it. */
  known: SubscriptionState | null
  /** Whether any state was settled and applied before now. */
  resolvedBefore: boolean
  standing: StandingClaims
  meaningOf(price: string, product: string | null): PriceMeaning | null
  now: Date
  /** A deliberate look: the grace ended, or a date passed. */
  due: boolean
  canFetch: boolean
  justFetched: boolean
  /** Stripe's time of the newest kept answer, Unix seconds. */
  lastFetch: number | null
  fetchAttempts: number
  holeSeenAt: Date | null
  planned: Date | null
}

/** What to write for one subscription. `claims` null: what it claims stays as it is. */
export type Decision = {
  claims: { status: string; tiers: StandingClaims['tiers']; addons: StandingClaims['addons'] } | null
  /** Null when settled; else what the events of this subscription wait on, and why. */
  hold: { on: string; reason: string } | null
  holeSeenAt: Date | null
  look: Look
}

const NEVER: Look = { at: null, fetch: false }

/** From where a subscription stands to what it claims, what it waits on, and when to look again. Pure. */
export function decideSubscription(facts: SubscriptionFacts): Decision {
  const { resolution, state } = facts
  if (resolution.kind === 'ended')
    return {
      claims: { status: 'canceled', tiers: [], addons: [] },
      hold: null,
      holeSeenAt: null,
      look: NEVER,
    }
  if (resolution.kind === 'hole') return decideHole(facts, resolution.why)

  const target = targetOf(state!, facts.meaningOf)
  if (target.kind === 'waiting') {
    const needsItems = target.reason === 'more_items' || target.reason === 'no_items'
    const seenAt = facts.holeSeenAt ?? facts.now
    return {
      claims: null,
      hold: { on: target.on, reason: target.reason },
      holeSeenAt: needsItems ? seenAt : null,
      look: needsItems ? lookForMore(facts, seenAt, 0) : NEVER,
    }
  }
  const look = lookAfterSettled({ ...facts, state: state! })
  const nothing = { tiers: [], addons: [] }
  const claims =
    target.kind === 'live'
      ? { status: target.status, tiers: target.tiers, addons: target.addons }
      : { status: state!.status, ...nothing }
  return { claims, hold: null, holeSeenAt: null, look }
}

/**
 * Held until the trail joins or Stripe is asked; what lies behind the hole counts upward only. Where nothing was applied yet,
 * because the events on both sides of the hole came together, the last known tier is the one before the hole.
 */
function decideHole(facts: SubscriptionFacts, why: string): Decision {
  const { standing, state, known, subscription } = facts
  const seenAt = facts.holeSeenAt ?? facts.now
  const before = facts.resolvedBefore || known === null ? null : targetOf(known, facts.meaningOf)
  const base = before?.kind === 'live' && standing.tiers.length === 0 ? before : null
  const held = base ?? standing
  const rises = state && upwardOnly(targetOf(state, facts.meaningOf), held.tiers)
  return {
    claims: rises ? risen(held, rises) : base,
    hold: { on: `trail:${subscription}`, reason: why.replaceAll(' ', '_') },
    holeSeenAt: seenAt,
    look: lookForMore(facts, seenAt, GRACE_SECONDS),
  }
}

function risen(held: Pick<StandingClaims, 'tiers' | 'addons'>, rises: Extract<Target, { kind: 'live' }>) {
  const kept = held.tiers.filter((tier) => !rises.tiers.some((up) => up.planLadderId === tier.planLadderId))
  return { status: rises.status, tiers: [...kept, ...rises.tiers], addons: held.addons }
}

function lookForMore(facts: SubscriptionFacts, seenAt: Date, graceSeconds: number): Look {
  const justFetched =
    facts.justFetched && facts.lastFetch !== null
      ? { stripeDate: facts.lastFetch, newestEvent: facts.resolution.newest.created }
      : null
  return lookAfterHole({ ...facts, seenAt, graceSeconds, justFetched })
}
