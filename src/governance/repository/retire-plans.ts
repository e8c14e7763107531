import type { Reader } from '../../db/types.ts'
import type { PlanTypes } from '../plan-types/plan-types.ts'

const day = 24 * 60 * 60 * 1000

/**
 * Drops the plans that ended longer ago than their type keeps them, of all tenants; their ledger and outcomes stay (R100, D8). Of a type that is
 * not configured any more nothing is dropped.
 * @returns how many
 */
export async function retirePlans(sql: Reader, types: PlanTypes, at: Date): Promise<number> {
  let retired = 0
  for (const { planType, retireAfterDays } of Object.values(types)) {
    if (retireAfterDays === null) continue
    const { count } = await sql`
      delete from governance.revenue_plans
      where plan_type = ${planType} and plan_status in ('COMPLETED', 'ABORTED', 'EXPIRED')
        and updated_at < ${new Date(at.getTime() - retireAfterDays * day)}`
    retired += count
  }
  return retired
}
