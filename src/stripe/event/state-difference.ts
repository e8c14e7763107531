import type { SubscriptionState } from './subscription-event.ts'

/** The members of a state that differ from another one, whole. Empty: none does, as in most renewals but the period's end. */
export type StateDifference = Partial<SubscriptionState>

/** What of `before` differs from `after`: the inbox keeps it instead of a second whole state. */
export function differenceOf(before: SubscriptionState, after: SubscriptionState): StateDifference {
  const difference: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(before)) {
    const other = after[key as keyof SubscriptionState]
    const same =
      value === other || (typeof value === 'object' && JSON.stringify(value) === JSON.stringify(other))
    if (!same) difference[key] = value
  }
  return difference
}

/** The state before, out of the state after and what differed. */
export function stateBefore(after: SubscriptionState, difference: StateDifference): SubscriptionState {
  return { ...after, ...difference }
}
