import type { Tx } from '../../db/types.ts'
import { activationFacts } from '../gate/activation-facts.ts'
import { evaluateCanActivate } from '../gate/policy-gate.ts'
import { transitionPlan } from '../lifecycle/transition-plan.ts'
import { lockPlan } from '../repository/get-plan.ts'
import { keyOf } from '../revenue-plan/revenue-plan.ts'
import type { RunValidators } from '../validators/validator-run.ts'
import { type VerbAsked, type VerbOutcome, verbOutcome } from './verb-outcome.ts'

/**
 * PAUSED → ACTIVE (R103). The gate and the validators are asked every time, and before anything moves (R112): the steps that
 * follow are what they judge. It is locked first, so that they still are when it goes on.
 */
export async function resumePlan(
  tx: Tx,
  asked: VerbAsked,
  runValidators: RunValidators,
): Promise<VerbOutcome> {
  const { at, actor } = asked
  const plan = await lockPlan(tx, asked)
  if (!plan) return { kind: 'not_found' }
  if (plan.planStatus !== 'PAUSED') {
    const message = `A plan that is ${plan.planStatus} cannot be resumed: only a paused one can.`
    return { kind: 'wrong_status', status: plan.planStatus, message }
  }
  const gate = evaluateCanActivate(plan, await activationFacts(tx, plan, at))
  const run = await runValidators(tx, { plan, point: 'BEFORE_STEP_EXECUTION', at })
  if (run.verdict === 'BLOCK')
    return { kind: 'blocked', by: 'validator', reasons: [...gate.reasons, ...run.reasons] }
  if (!gate.canActivate) return { kind: 'blocked', by: 'gate', reasons: gate.reasons }
  return verbOutcome(
    plan,
    await transitionPlan(tx, { ...keyOf(plan), expected: plan.planStatus, to: 'ACTIVE', at, actor }),
  )
}
