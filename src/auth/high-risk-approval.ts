import type { Caller } from './api-keys.ts'

/**
 * Who approves, pauses, resumes and aborts revenue plans, and answers for their risk (R105): by role, or by the scope that a key
 * or a token may carry beside it (D26). A member never does.
 */
export function answersForHighRisk({ role, scopes }: Pick<Caller, 'role' | 'scopes'>): boolean {
  return role === 'plan_approver' || (role !== 'member' && scopes.includes('high-risk-approval'))
}
