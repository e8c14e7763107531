import type { Tx } from '../../db/types.ts'
import { type PlanRow, planColumns, planOfRow } from './get-plan.ts'
import type { StoredPlan } from './stored-plan.ts'

/** The plans of accounts that have not ended, of whatever type, with their snapshots; nobody changes them until the transaction ends. */
export async function lockOpenPlans(
  tx: Tx,
  accounts: readonly { tenantId: string; accountId: string }[],
): Promise<StoredPlan[]> {
  const rows = await tx<(PlanRow & Pick<StoredPlan, 'snapshot' | 'snapshotAt'>)[]>`
    select ${planColumns(tx)}, snapshot, snapshot_at
    from unnest(${accounts.map(({ tenantId }) => tenantId)}::uuid[], ${accounts.map(({ accountId }) => accountId)}::uuid[])
      as told (of_tenant, of_account)
    join governance.revenue_plans p on p.tenant_id = of_tenant and p.account_id = of_account
      and p.plan_status in ('DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED')
    order by account_id, plan_id for update of p`
  return rows.map(({ snapshot, snapshotAt, ...row }) => ({ ...planOfRow(row), snapshot, snapshotAt }))
}
