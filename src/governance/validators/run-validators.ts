import { randomUUID } from 'node:crypto'
import type { Tx } from '../../db/types.ts'
import { type Log, silentLog } from '../../log.ts'
import { appendEntries } from '../ledger/append-entries.ts'
import type { LedgerEvent } from '../ledger/ledger-events.ts'
import { type Judgement, judge } from './judge.ts'
import { readFacts } from './read-facts.ts'
import type { ValidatorRun, ValidatorRunAsked } from './validator-run.ts'

/**
 * The validators' gateway: every way to an action goes through it. What each said is written down, and in the ledger, before
 * anything follows from it; what cannot be written does not let anything through. Why it could not is for the log alone: the reasons
 * reach callers and the ledger.
 */
export async function runValidators(
  tx: Tx,
  asked: ValidatorRunAsked,
  log: Log = silentLog,
): Promise<ValidatorRun> {
  const runId = randomUUID()
  const judgement = judge(await readFacts(tx, asked))
  try {
    // In a part of its own, so that the transaction goes on and the caller can say no.
    await tx.savepoint((part) => writeDown(part, runId, asked, judgement))
  } catch (error) {
    const { tenantId: tenant, planId: name } = asked.plan
    log.error({ part: 'revenue-plans', tenant, name, error }, 'What the validators said could not be written')
    const message = 'What the validators said could not be written.'
    return { runId, verdict: 'BLOCK', reasons: [{ code: 'LEDGER_WRITE_FAILED', message }] }
  }
  return { runId, verdict: judgement.verdict, reasons: judgement.reasons }
}

async function writeDown(
  tx: Tx,
  runId: string,
  { plan, point, at, stepId }: ValidatorRunAsked,
  { verdict, findings, reasons }: Judgement,
): Promise<void> {
  const run = {
    plan_id: plan.planId,
    run_id: runId,
    point,
    ...(stepId && { step_id: stepId }),
    evaluated_at: at.toISOString(),
  }
  const told = findings.map(
    ({ validator, verdict, code, message }): LedgerEvent => ({
      type: 'VALIDATOR_RUN',
      data: {
        ...run,
        validator,
        verdict,
        ...(code && { reason_code: code }),
        ...(message && { message }),
      },
    }),
  )
  const rows = findings.map(({ validator, verdict, code = null, message = null, facts = null }) => ({
    validator,
    verdict,
    code,
    message,
    facts,
  }))
  await tx`
    insert into governance.validator_runs
      (run_id, validator, tenant_id, account_id, plan_id, step_id, point, verdict, reason_code, message, facts, evaluated_at)
    select ${runId}, r.validator, ${plan.tenantId}, ${plan.accountId}, ${plan.planId}, ${stepId ?? null}, ${point},
           r.verdict, r.code, r.message, r.facts, ${at}
    from jsonb_to_recordset(${tx.json(rows as never)})
      as r (validator text, verdict text, code text, message text, facts jsonb)`
  const summary: LedgerEvent = { type: 'VALIDATOR_RUN_SUMMARY', data: { ...run, verdict, reasons } }
  await appendEntries(tx, plan, at, [...told, summary])
}
