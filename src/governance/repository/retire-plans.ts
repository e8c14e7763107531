import type { Reader } from '../../db/types.ts'

const day = 24 * 60 * 60 * 1000

/**
 * Drops a tenant's plans that ended so many days ago; their ledger and outcomes stay (R100, D8). Without `days` nothing is
 * dropped: that is how it is unless somebody wants otherwise.
 * @returns how many
 */
export async function retirePlans(
  sql: Reader,
  { tenantId, days, at }: { tenantId: string; days: number | null; at: Date },
): Promise<number> {
  if (days === null) return 0
  const { count } = await sql`
    delete from governance.revenue_plans
    where tenant_id = ${tenantId} and plan_status in ('COMPLETED', 'ABORTED', 'EXPIRED')
      and updated_at < ${new Date(at.getTime() - days * day)}`
  return count
}
