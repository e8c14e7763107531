import type { Db, Tx } from '../../db/types.ts'
import { type PlanRow, planColumns, planOfRow } from '../repository/get-plan.ts'
import { endPlanFor, feedPlan } from './feed-plan.ts'
import { clearRisks, standingRisks } from './risk-signals.ts'
import { accountsTold, passOverIdle, type SubscriptionSignal, signalsTold } from './subscription-signal.ts'

/** Signals looked at in one pass: a backlog is worked off in portions, and keeps nobody from the database. */
const MOST_A_PASS = 200
/** And those that are passed over, which costs one statement. */
const MOST_PASSED_OVER = 2_000

export type TakeParts = {
  now(): Date
  signal?: AbortSignal
  /** Told of an account whose signals could not be taken up; the next pass tries again, and the others go on. */
  failed: (accountId: string, error: unknown) => void
}

/**
 * Takes up what the subscriptions have told, account by account, each in a transaction of its own under a lock of the account's
 * row: so two passes at a time, in two processes, do no more than one.
 * @returns how many signals were taken up
 */
export async function takeSignals(db: Db, { now, signal, failed }: TakeParts): Promise<number> {
  let taken = await passOverIdle(db, { at: now(), most: MOST_PASSED_OVER })
  for (const { tenantId, accountId } of await accountsTold(db, MOST_A_PASS)) {
    if (signal?.aborted) break
    try {
      taken += await db.begin((tx) => takeOfAccount(tx, { tenantId, accountId }, now()))
    } catch (error) {
      failed(accountId, error)
    }
  }
  return taken
}

async function takeOfAccount(
  tx: Tx,
  { tenantId, accountId }: { tenantId: string; accountId: string },
  at: Date,
): Promise<number> {
  await tx`
    select from billing.accounts where account_id = ${accountId} and tenant_id = ${tenantId} for no key update`
  const told = await signalsTold(tx, accountId)
  for (const signal of told)
    await (signal.kind === 'account_transferred' ? transferred(tx, signal, at) : feedPlan(tx, signal, at))
  await tx`
    update stripe.subscription_signals set taken_at = ${at}
    where sequence = any(${told.map(({ sequence }) => sequence)}::bigint[])`
  return told.length
}

/**
 * The account's subscriptions went to another owner: what is open for the old one ends, of whatever type, and its drafts ask for
 * a person's eye (R106). What stands of the risk is told anew of the new account.
 */
async function transferred(
  tx: Tx,
  signal: SubscriptionSignal & { kind: 'account_transferred' },
  at: Date,
): Promise<void> {
  const { tenantId, accountId, cause, state } = signal
  const gone = new Set(state.subscriptions)
  const risks = await standingRisks(tx, signal)
  await clearRisks(
    tx,
    risks.flatMap(({ riskSignalId, subscriptionId }) =>
      gone.has(subscriptionId) ? [{ riskSignalId, clearedBy: 'account_transferred' as const }] : [],
    ),
    at,
  )
  const open = await tx<PlanRow[]>`
    select ${planColumns(tx)} from governance.revenue_plans
    where tenant_id = ${tenantId} and account_id = ${accountId} and plan_status in ('DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED')
    order by plan_id for update`
  for (const row of open)
    await endPlanFor(tx, planOfRow(row), 'transferred', { at, actor: { type: 'signal', id: cause } })
}
