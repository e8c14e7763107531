import type { Config } from '../config.ts'
import type { Db } from '../db/types.ts'
import { operatorTask } from '../governance/executors/operator-task.ts'
import { outboundWebhook } from '../governance/executors/outbound-webhook.ts'
import type { Executors } from '../governance/orchestrator/executor.ts'
import { runOrchestrator } from '../governance/orchestrator/run-orchestrator.ts'
import { runValidators } from '../governance/validators/run-validators.ts'
import type { Log } from '../log.ts'

/** The name of the orchestrator's task on the queue of upkeep. */
export const plansTask = 'revenue-plans'

/** One run of the orchestrator with the executors that this deployment has. */
export async function runPlans(
  { db, config, log }: { db: Db; config: Partial<Pick<Config, 'planWebhook'>>; log: Log },
  signal: AbortSignal,
): Promise<void> {
  await runOrchestrator(db, {
    executors: executorsOf(db, config.planWebhook ?? null),
    runValidators: (tx, asked) => runValidators(tx, asked, log),
    now: () => new Date(),
    signal,
    failed: ({ tenantId: tenant, planId: name }, error) =>
      log.error(
        { part: 'revenue-plans', tenant, name, error },
        'A revenue plan could not be taken on; it is tried again',
      ),
  })
}

/** Each plan type says which of these it asks first (src/governance/plan-types). */
function executorsOf(db: Db, webhook: Config['planWebhook']): Executors {
  return {
    'operator-task': operatorTask(db),
    ...(webhook && { 'outbound-webhook': outboundWebhook(webhook) }),
  }
}
