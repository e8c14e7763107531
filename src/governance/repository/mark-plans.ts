import type { Tx } from '../../db/types.ts'
import type { StoredPlan } from './stored-plan.ts'

/** Writes what signals have changed of drafts: flag, deadline and what they stand on. The caller holds them, and tells the ledger. */
export async function markDrafts(tx: Tx, drafts: readonly StoredPlan[]): Promise<void> {
  const rows = drafts.map(
    ({ tenantId, planId, constraints, expiresAt, flaggedFor, flaggedAt, updatedAt }) => ({
      tenantId,
      planId,
      constraints,
      expiresAt,
      flaggedFor,
      flaggedAt,
      updatedAt,
    }),
  )
  await tx`
    update governance.revenue_plans p
    set constraints = d.constraints, expires_at = d."expiresAt", flagged_for = d."flaggedFor", flagged_at = d."flaggedAt",
        updated_at = d."updatedAt"
    from jsonb_to_recordset(${tx.json(rows as never)}) as d (
      "tenantId" uuid, "planId" text, constraints jsonb, "expiresAt" timestamptz, "flaggedFor" text, "flaggedAt" timestamptz,
      "updatedAt" timestamptz)
    where p.tenant_id = d."tenantId" and p.plan_id = d."planId" and p.plan_status = 'DRAFT'`
}

/** Keeps what is known of the subscriptions that plans are about. The caller holds them. */
export async function keepSnapshots(tx: Tx, plans: readonly StoredPlan[]): Promise<void> {
  const rows = plans.map(({ tenantId, planId, snapshot, snapshotAt }) => ({
    tenantId,
    planId,
    snapshot,
    snapshotAt,
  }))
  await tx`
    update governance.revenue_plans p set snapshot = k.snapshot, snapshot_at = k."snapshotAt"
    from jsonb_to_recordset(${tx.json(rows as never)}) as k (
      "tenantId" uuid, "planId" text, snapshot jsonb, "snapshotAt" timestamptz)
    where p.tenant_id = k."tenantId" and p.plan_id = k."planId"`
}
