import type { RevenuePlan } from '../revenue-plan/revenue-plan.ts'

/** What was last known of a subscription, and when that was so. */
export type KnownSnapshot = { subscription: string; known: Record<string, unknown>; at: Date }

/** A plan with what is kept beside it: the snapshot of the subscription that it is about. */
export type StoredPlan = RevenuePlan & {
  snapshot: Record<string, unknown> | null
  snapshotAt: Date | null
}

/** As it is kept beside a plan. */
export function keptSnapshot(
  snapshot: KnownSnapshot | undefined,
): Pick<StoredPlan, 'snapshot' | 'snapshotAt'> {
  if (!snapshot) return { snapshot: null, snapshotAt: null }
  const { subscription, known, at } = snapshot
  return { snapshot: { ...known, subscription }, snapshotAt: at }
}

/**
 * Whether something known of a subscription takes the place of a plan's snapshot: of the subscription of which it knew first,
 * since two subscriptions of an account do not contradict each other, and never what is older.
 */
export function isNewer(
  { subscription, at }: KnownSnapshot,
  { snapshot, snapshotAt }: Pick<StoredPlan, 'snapshot' | 'snapshotAt'>,
): boolean {
  return snapshot === null || (snapshot.subscription === subscription && snapshotAt! <= at)
}
