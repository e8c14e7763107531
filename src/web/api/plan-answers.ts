import type { Db, Tx } from '../../db/types.ts'
import { Refused, RefusedForReasons } from '../../errors.ts'
import type { PutOutcome } from '../../governance/repository/put-plan.ts'
import type { RevenuePlan } from '../../governance/revenue-plan/revenue-plan.ts'
import type { EditOutcome } from '../../governance/verbs/edit-plan.ts'
import type { VerbOutcome } from '../../governance/verbs/verb-outcome.ts'
import { unknown } from './fields.ts'

/**
 * Runs a verb that moves a plan, for the API and for the panel.
 * @throws as movedPlan
 */
export async function movePlan(
  db: Db,
  verb: (tx: Tx) => Promise<VerbOutcome>,
  whenValidator: 400 | 403,
): Promise<RevenuePlan> {
  const outcome = (await db.begin(async (tx) => {
    const told = await verb(tx)
    // What validators have written stays when they block: that is refused after the commit, and all else before it.
    if (told.kind !== 'blocked') movedPlan(told, whenValidator)
    return told
  })) as VerbOutcome
  return movedPlan(outcome, whenValidator)
}

/**
 * The plan that a verb has moved.
 * @throws Refused 404 for one that is not there, 409 when somebody was quicker; RefusedForReasons 400 for the wrong status and for
 * what the gate says, 409 where an active plan is in the way, and `whenValidator` for what a validator says.
 */
function movedPlan(outcome: VerbOutcome, whenValidator: 400 | 403): RevenuePlan {
  if (outcome.kind === 'done') return outcome.plan
  if (outcome.kind === 'not_found') throw unknown('revenue_plan')
  if (outcome.kind === 'lost_race') {
    throw new Refused(
      'plan_changed_meanwhile',
      `Somebody else was quicker: the plan is ${outcome.status ?? 'gone'} now.`,
      'Look at the plan again.',
      409,
    )
  }
  if (outcome.kind === 'wrong_status') {
    const reasons = [{ code: 'INVALID_TRANSITION', message: outcome.message }]
    throw new RefusedForReasons('invalid_transition', reasons, 'Look at the plan: GET /plans/:planId', 400)
  }
  const { by, reasons } = outcome
  if (by === 'validator') {
    const next = 'Read what each validator said in the ledger.'
    throw new RefusedForReasons('blocked_by_validator', reasons, next, whenValidator)
  }
  const conflict = reasons.some(({ code }) => code === 'CONFLICT_ACTIVE_PLAN')
  throw new RefusedForReasons(
    conflict ? 'conflict_active_plan' : 'plan_blocked',
    reasons,
    conflict ? 'Abort or finish the other plan first.' : 'Mend what each reason names, and ask again.',
    conflict ? 409 : 400,
  )
}

/**
 * The plan that a proposal or an edit has written.
 * @throws Refused 404, 409 or 422, by what was in the way
 */
export function writtenPlan(outcome: PutOutcome | EditOutcome): RevenuePlan {
  if (outcome.kind === 'not_found') throw unknown('revenue_plan')
  if (outcome.kind === 'unknown_step') {
    throw new Refused(
      'step_unknown',
      `The plan has no step ${outcome.stepId}.`,
      'Leave step_id out for a new step.',
      422,
    )
  }
  if (outcome.kind !== 'refused') return outcome.plan
  switch (outcome.code) {
    case 'STORED_NOT_DRAFT':
      throw new Refused(
        'plan_not_draft',
        `The plan is ${outcome.status}: only a draft can be changed.`,
        'Abort it and propose another one.',
        409,
      )
    case 'OPEN_PLAN_EXISTS':
      throw new Refused(
        'open_plan_exists',
        `Plan ${outcome.planId} of this type stands on the account and has not ended.`,
        'Go on with that plan; a draft past its deadline can be given another one.',
        409,
      )
    case 'DEADLINE_PAST':
      throw new Refused('expires_at_past', 'That time has passed.', 'Choose one that is ahead.', 422)
    case 'DEADLINE_TOO_LATE':
      throw new Refused(
        'expires_at_too_late',
        `A plan of this type runs until ${outcome.latest.toISOString()} at most.`,
        'Choose an earlier time.',
        422,
      )
    case 'ACCOUNT_UNKNOWN':
      throw unknown('account')
    case 'STEPS_REPLACED':
      throw new Refused(
        'step_replaced',
        'A step that stands in the plan cannot become another action.',
        'Leave step_id out for a new step.',
        422,
      )
    default:
      throw new Refused('plan_id_taken', 'A plan has that id.', 'Leave plan_id out: one is made.', 409)
  }
}
