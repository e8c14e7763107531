import type { PlanType } from '../plan-types/plan-type.ts'

const day = 24 * 60 * 60 * 1000

/** The last moment to which a plan of a type may run that begins, or is changed, now. */
export function latestDeadline({ days }: PlanType, at: Date): Date {
  return new Date(at.getTime() + days * day)
}

export type DeadlineRefused =
  | { kind: 'refused'; code: 'DEADLINE_PAST' }
  | { kind: 'refused'; code: 'DEADLINE_TOO_LATE'; latest: Date }

/** Why a plan cannot be given a deadline; null: it can. A type that is not configured any more has no latest one. */
export function deadlineRefused(wanted: Date, planType: PlanType | null, at: Date): DeadlineRefused | null {
  if (wanted <= at) return { kind: 'refused', code: 'DEADLINE_PAST' }
  const latest = planType && latestDeadline(planType, at)
  return latest && wanted > latest ? { kind: 'refused', code: 'DEADLINE_TOO_LATE', latest } : null
}
