import type { Tx } from '../../db/types.ts'
import { transitionPlan } from '../lifecycle/transition-plan.ts'
import { getPlan } from '../repository/get-plan.ts'
import { keyOf } from '../revenue-plan/revenue-plan.ts'
import { type VerbAsked, type VerbOutcome, verbOutcome } from './verb-outcome.ts'

/** ACTIVE → PAUSED (R102). What is in flight comes back by itself; nothing new begins. */
export async function pausePlan(
  tx: Tx,
  asked: VerbAsked & { reason?: string | undefined },
): Promise<VerbOutcome> {
  const { at, actor, reason } = asked
  const plan = await getPlan(tx, asked)
  if (!plan) return { kind: 'not_found' }
  const moved = await transitionPlan(tx, {
    ...keyOf(plan),
    expected: plan.planStatus,
    to: 'PAUSED',
    at,
    actor,
    ...(reason && { reason }),
  })
  return verbOutcome(plan, moved)
}

/** APPROVED, ACTIVE or PAUSED → ABORTED, for good, with the reason that the ledger keeps (R104). */
export async function abortPlan(tx: Tx, asked: VerbAsked & { reason: string }): Promise<VerbOutcome> {
  const { at, actor, reason } = asked
  const plan = await getPlan(tx, asked)
  if (!plan) return { kind: 'not_found' }
  return verbOutcome(
    plan,
    await transitionPlan(tx, { ...keyOf(plan), expected: plan.planStatus, to: 'ABORTED', at, actor, reason }),
  )
}
