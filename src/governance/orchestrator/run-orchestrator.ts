import { alone } from '../../db/alone.ts'
import type { Db } from '../../db/types.ts'
import { planTypes } from '../plan-types/plan-types.ts'
import { retirePlans } from '../repository/retire-plans.ts'
import type { PlanKey } from '../revenue-plan/revenue-plan.ts'
import { type Advance, advancePlan, type OrchestratorParts } from './advance-plan.ts'
import { withdrawLeftOpen } from './withdraw-left-open.ts'

/** How many plans one run looks at, so that none takes long. */
const PLANS_A_RUN = 10

export type OrchestratorRun =
  /** Another process is at it. */
  { kind: 'busy' } | { kind: 'ran'; looks: Record<Advance | 'failed', number> }

/**
 * One run over at most ten plans whose time it is, of all tenants, those that have waited longest first. One process at a time. A
 * plan whose look fails is told to `failed`, and keeps no other from its own.
 */
export async function runOrchestrator(
  db: Db,
  parts: OrchestratorParts & { failed: (plan: PlanKey, error: unknown) => void },
): Promise<OrchestratorRun> {
  const looks = await alone(db, 'plans', () => lookAtPlans(db, parts))
  return looks === 'busy' ? { kind: 'busy' } : { kind: 'ran', looks }
}

async function lookAtPlans(
  db: Db,
  parts: OrchestratorParts & { failed: (plan: PlanKey, error: unknown) => void },
): Promise<Record<Advance | 'failed', number>> {
  const looks = { nothing: 0, ended: 0, waits: 0, tried: 0, failed: 0 }
  const at = parts.now()
  await db.begin((tx) => withdrawLeftOpen(tx, at))
  await retirePlans(db, planTypes, at)
  for (const plan of await plansDue(db, at)) {
    if (parts.signal.aborted) break
    try {
      looks[await advancePlan(db, plan, parts)]++
    } catch (error) {
      looks.failed++
      parts.failed(plan, error)
      await putOff(db, plan, parts.now())
    }
  }
  return looks
}

async function plansDue(db: Db, at: Date): Promise<PlanKey[]> {
  return db<PlanKey[]>`
    select tenant_id, account_id, plan_id from governance.revenue_plans
    where plan_status in ('APPROVED', 'ACTIVE', 'PAUSED')
      and (expires_at <= ${at} or (plan_status in ('APPROVED', 'ACTIVE') and coalesce(look_at <= ${at}, true)))
    order by coalesce(look_at, updated_at), plan_id
    limit ${PLANS_A_RUN}`
}

/** Behind all others; a claim that it holds is taken up in its time. */
async function putOff(db: Db, plan: PlanKey, at: Date): Promise<void> {
  await db`
    update governance.revenue_plans
    set look_at = greatest(look_at, ${new Date(at.getTime() + 60_000)}), waits_for = coalesce(waits_for, 'The last look failed.')
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId}`
}
