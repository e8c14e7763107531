import type { Constraints } from '../revenue-plan/revenue-plan.ts'
import { deadlineOf } from '../signals/decide-plan.ts'
import type { Snapshot } from '../signals/subscription-signal.ts'

/**
 * What a draft takes from where the subscription stands: by when it has to have helped, and what it stands on, which the
 * contradiction validator compares with what is known later. Pure: the same state proposes the same.
 */
export function proposalOf(
  state: Snapshot,
  at: Date,
): { expiresAt: Date | undefined; constraints: Constraints } {
  const { price, quantity, period_end } = state
  return { expiresAt: deadlineOf(state, at), constraints: { price, quantity, period_end } }
}
