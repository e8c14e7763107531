import type { Tx } from '../../db/types.ts'
import { stepV1Of } from '../revenue-plan/revenue-plan-v1.ts'
import type { StoredPlan } from './stored-plan.ts'

/**
 * Writes new drafts, without their ledger entries. One whose place is taken, by another open plan of its type on the account or
 * by a plan of its name, is left out; whoever is about to take it is waited for.
 * @returns how many were written
 */
export async function insertPlans(tx: Tx, plans: readonly StoredPlan[]): Promise<number> {
  const rows = plans.map((plan) => ({ ...plan, steps: plan.steps.map(stepV1Of) }))
  const { count } = await tx`
    insert into governance.revenue_plans
      (tenant_id, plan_id, plan_type, account_id, objective, plan_status, steps, constraints, expires_at, created_at, updated_at,
       flagged_for, flagged_at, snapshot, snapshot_at)
    select p."tenantId", p."planId", p."planType", p."accountId", p.objective, 'DRAFT', p.steps, p.constraints, p."expiresAt",
           p."createdAt", p."updatedAt", p."flaggedFor", p."flaggedAt", p.snapshot, p."snapshotAt"
    from jsonb_to_recordset(${tx.json(rows as never)}) as p (
      "tenantId" uuid, "planId" text, "planType" text, "accountId" uuid, objective text, steps jsonb, constraints jsonb,
      "expiresAt" timestamptz, "createdAt" timestamptz, "updatedAt" timestamptz, "flaggedFor" text, "flaggedAt" timestamptz,
      snapshot jsonb, "snapshotAt" timestamptz)
    on conflict do nothing`
  return count
}
