import type { Tx } from '../../db/types.ts'
import { validateForApproval } from '../gate/policy-gate.ts'
import { decideTransition } from '../lifecycle/lifecycle.ts'
import { transitionPlan } from '../lifecycle/transition-plan.ts'
import { lockPlan } from '../repository/get-plan.ts'
import { isStale, keyOf } from '../revenue-plan/revenue-plan.ts'
import type { RunValidators } from '../validators/validator-run.ts'
import { type Reason, type VerbAsked, type VerbOutcome, verbOutcome } from './verb-outcome.ts'

/**
 * DRAFT → APPROVED (R101). The gate and the validators are both asked, so that everything that stands in the way is told at
 * once. A draft whose deadline has passed cannot be approved (D2). It is locked first: what is judged is what is approved.
 * @param asked.highRiskAuthority whoever asks may answer for a plan of high risk; asking is a person's doing
 */
export async function approvePlan(
  tx: Tx,
  asked: VerbAsked & { highRiskAuthority: boolean },
  runValidators: RunValidators,
): Promise<VerbOutcome> {
  const { at, actor, highRiskAuthority } = asked
  const plan = await lockPlan(tx, asked)
  if (!plan) return { kind: 'not_found' }
  const decision = decideTransition(plan, plan, 'APPROVED')
  if (decision.kind === 'refused')
    return { kind: 'wrong_status', status: plan.planStatus, message: decision.message }
  const gate = validateForApproval(plan, { highRiskAuthority, byPerson: actor.type === 'operator' })
  const run = await runValidators(tx, { plan, point: 'BEFORE_PLAN_APPROVAL', at })
  const reasons: Reason[] = [...gate.reasons]
  if (isStale(plan, at)) {
    const message = `Its deadline has passed, at ${plan.expiresAt.toISOString()}: give it another one first.`
    reasons.push({ code: 'DEADLINE_PASSED', message })
  }
  if (run.verdict === 'BLOCK')
    return { kind: 'blocked', by: 'validator', reasons: [...reasons, ...run.reasons] }
  if (reasons.length > 0) return { kind: 'blocked', by: 'gate', reasons }
  return verbOutcome(
    plan,
    await transitionPlan(tx, { ...keyOf(plan), expected: plan.planStatus, to: 'APPROVED', at, actor }),
  )
}
