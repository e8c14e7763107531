import type { CostClass } from '../plan-types/plan-type.ts'

export type BudgetScope = 'TENANT' | 'ACCOUNT' | 'PLAN' | 'TOOL'
export type BudgetPeriod = 'DAY' | 'MONTH'

/** What an operation asks for: one piece of a class, by one tool, for one plan. */
export type BudgetAsked = {
  tenantId: string
  accountId: string
  planId: string
  stepId?: string | undefined
  /** What does it: an executor's name, or whatever a person names. */
  tool: string
  costClass: CostClass
  /** Asked for again under the same id, it takes nothing and answers what it answered first. */
  operationId: string
  at: Date
}

/** One cap that applied, and how much of it was used before and would be after. */
export type CapUsage = {
  scope: BudgetScope
  scopeId: string
  period: BudgetPeriod
  hardCap: number | null
  softCap: number | null
  usageBefore: number
  usageAfter: number
}

/** As ledger and answers write it. */
export function capV1Of(cap: CapUsage) {
  return {
    scope: cap.scope,
    scope_id: cap.scopeId,
    period: cap.period,
    hard_cap: cap.hardCap,
    soft_cap: cap.softCap,
    usage_before: cap.usageBefore,
    usage_after: cap.usageAfter,
  }
}

export function isPastHard({ hardCap, usageAfter }: CapUsage): boolean {
  return hardCap !== null && usageAfter > hardCap
}

export function isPastSoft({ softCap, usageAfter }: CapUsage): boolean {
  return softCap !== null && usageAfter > softCap
}

/** When a period begins and the next one does, in UTC. */
export function periodOf(period: BudgetPeriod, at: Date): { begins: Date; ends: Date } {
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  return period === 'DAY'
    ? { begins: new Date(Date.UTC(year, month, day)), ends: new Date(Date.UTC(year, month, day + 1)) }
    : { begins: new Date(Date.UTC(year, month)), ends: new Date(Date.UTC(year, month + 1)) }
}
