import type { Tx } from '../../db/types.ts'
import { createPlan, type PutAsked, type PutOutcome } from '../repository/put-plan.ts'
import { attachRisks } from '../signals/risk-signals.ts'
import type { Snapshot } from '../signals/subscription-signal.ts'
import { type DeadlineRefused, deadlineRefused } from '../verbs/deadline.ts'
import { draftOf, type PlanProposed } from '../verbs/draft-of.ts'
import { proposalOf } from './proposal-of.ts'

/**
 * Drafts a plan because somebody asked: from its type, and from what stands of the account's risks, which feed it from then on.
 * What is asked for by name goes before what the risks say. No model, and nothing by chance but ids.
 */
export async function proposePlan(
  tx: Tx,
  asked: PlanProposed,
  put: PutAsked,
): Promise<PutOutcome | DeadlineRefused> {
  const { tenantId, accountId } = asked
  const refused = asked.expiresAt && deadlineRefused(asked.expiresAt, asked.planType, put.at)
  if (refused) return refused
  // As whoever takes up signals holds it: of the two one comes first, and the other sees what he has done.
  await tx`select from billing.accounts where account_id = ${accountId} and tenant_id = ${tenantId} for no key update`
  const [newest] = await tx<{ subscriptionId: string; detail: Snapshot; seenAt: Date }[]>`
    select subscription_id, detail, seen_at from governance.risk_signals
    where tenant_id = ${tenantId} and account_id = ${accountId} and cleared_at is null and detail is not null
    order by seen_at desc, signal_kind limit 1`
  const risk = newest && proposalOf(newest.detail, put.at)
  const draft = draftOf(
    {
      ...asked,
      expiresAt: asked.expiresAt ?? risk?.expiresAt,
      constraints: asked.constraints ?? risk?.constraints,
    },
    put.at,
  )
  const snapshot = newest && {
    subscription: newest.subscriptionId,
    known: newest.detail,
    at: newest.seenAt,
  }
  const made = await createPlan(tx, draft, { ...put, snapshot })
  if (made.kind === 'created' && newest) await attachRisks(tx, made.plan)
  return made
}
