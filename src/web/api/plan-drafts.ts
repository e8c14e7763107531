import type { Db } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import type { PlanType } from '../../governance/plan-types/plan-type.ts'
import { planTypeOf, planTypes } from '../../governance/plan-types/plan-types.ts'
import { proposePlan } from '../../governance/proposal/propose-plan.ts'
import { revenuePlanV1Of } from '../../governance/revenue-plan/revenue-plan-v1.ts'
import { editPlan } from '../../governance/verbs/edit-plan.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { writtenPlan } from './plan-answers.ts'
import { askedOf, planActorOf } from './plan-asked.ts'
import { onAccount, planAnswer, planEdit, planProposed } from './plan-fields.ts'

/** Proposing a revenue plan, and changing one that is a draft. */
export function planDraftRoutes({ db, now }: { db: Db; now: () => number }): ApiRoute[] {
  return [
    apiRoute({
      method: 'post',
      path: '/plans/propose',
      does: 'Drafts a revenue plan for an account; one of a type stands on it at a time.',
      gives: { 201: planAnswer },
      body: planProposed,
      answer: async ({ body, caller }) => {
        const at = new Date(now())
        const proposed = {
          tenantId: caller.tenantId,
          accountId: body.account_id,
          planType: knownType(body.plan_type),
          planId: body.plan_id,
          objective: body.objective,
          constraints: body.constraints,
          expiresAt: body.expires_at,
        }
        const actor = planActorOf(caller)
        const trigger = { kind: 'operator', ...(body.reason && { reason: body.reason }) }
        const written = await db.begin(async (tx) =>
          writtenPlan(await proposePlan(tx, proposed, { at, actor, trigger })),
        )
        return { status: 201, json: revenuePlanV1Of(written) }
      },
    }),
    apiRoute({
      method: 'patch',
      path: '/plans/:planId',
      does: 'Changes a draft; `steps` is the whole list, in which a step keeps its id.',
      gives: { 200: planAnswer },
      query: onAccount,
      body: planEdit,
      answer: async ({ params, query, body, caller }) => {
        const wanted = askedOf(params, query, caller, new Date(now()))
        const edit = {
          objective: body.objective,
          constraints: body.constraints,
          expiresAt: body.expires_at,
          steps: body.steps?.map(({ step_id, action_type, sequence, dependencies, constraints }) => ({
            ...(step_id && { stepId: step_id }),
            actionType: action_type,
            ...(sequence !== undefined && { sequence }),
            ...(dependencies && { dependencies }),
            ...(constraints && { constraints }),
          })),
        }
        const written = await db.begin(async (tx) =>
          writtenPlan(await editPlan(tx, { ...wanted, edit, reason: body.reason })),
        )
        return { json: revenuePlanV1Of(written) }
      },
    }),
  ]
}

/** @throws Refused `plan_type_unknown` (422) */
function knownType(name: string): PlanType {
  const planType = planTypeOf(planTypes, name)
  if (planType) return planType
  throw new Refused(
    'plan_type_unknown',
    'There is no such type of plan.',
    `Choose one of ${Object.keys(planTypes).join(', ')}.`,
    422,
  )
}
