import type { Tx } from '../../db/types.ts'

/** Takes back what is in flight for plans that have ended: nobody need do it any more. What was done in spite of it stays. */
export async function withdrawLeftOpen(tx: Tx, at: Date): Promise<void> {
  const ended = tx`
    not exists (select from governance.revenue_plans p
                 where p.tenant_id = t.tenant_id and p.plan_id = t.plan_id
                   and p.plan_status in ('DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED'))`
  await tx`
    update governance.operator_tasks t set task_state = 'withdrawn', closed_at = ${at}
    where t.task_state = 'open' and ${ended}`
  // A call that may be under way at this moment says by itself how it ends.
  await tx`
    update governance.step_executions t set state = 'failed', ended_at = ${at}, failure = 'plan_ended'
    where t.state in ('claimed', 'sent') and (t.state = 'sent' or t.claimed_until <= ${at}) and ${ended}`
}
