import type { Caller } from '../../auth/api-keys.ts'
import { answersForHighRisk } from '../../auth/high-risk-approval.ts'
import type { Db, Tx } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { activationFacts } from '../../governance/gate/activation-facts.ts'
import { evaluateCanActivate } from '../../governance/gate/policy-gate.ts'
import { ledgerEntryV1Of, ledgerOfPlan } from '../../governance/ledger/ledger.ts'
import type { PlanType } from '../../governance/plan-types/plan-type.ts'
import { planTypeOf, planTypes } from '../../governance/plan-types/plan-types.ts'
import { getPlan } from '../../governance/repository/get-plan.ts'
import { listPlans } from '../../governance/repository/list-plans.ts'
import { createPlan } from '../../governance/repository/put-plan.ts'
import type { RevenuePlan } from '../../governance/revenue-plan/revenue-plan.ts'
import { revenuePlanV1Of } from '../../governance/revenue-plan/revenue-plan-v1.ts'
import type { RunValidators } from '../../governance/validators/validator-run.ts'
import { approvePlan } from '../../governance/verbs/approve-plan.ts'
import { draftOf } from '../../governance/verbs/draft-of.ts'
import { editPlan } from '../../governance/verbs/edit-plan.ts'
import { resumePlan } from '../../governance/verbs/resume-plan.ts'
import { abortPlan, pausePlan } from '../../governance/verbs/stop-plan.ts'
import type { VerbAsked, VerbOutcome } from '../../governance/verbs/verb-outcome.ts'
import { pageAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { pageOf, readCursor, unknown } from './fields.ts'
import { movedPlan, writtenPlan } from './plan-answers.ts'
import {
  canActivateAnswer,
  ledgerAnswer,
  ledgerAsked,
  onAccount,
  planAnswer,
  planEdit,
  planProposed,
  plansAsked,
  whyAborted,
  whyPaused,
} from './plan-fields.ts'

export type PlanParts = {
  db: Db
  /** Unix milliseconds. */
  now: () => number
  runValidators: RunValidators
}

const day = 24 * 60 * 60 * 1000
/** What a page's last row is known by: its time, and what tells it from others of that time. */
const planCursor = /^\d{1,15} .+$/
const entryCursor = /^\d{1,15} \d{1,15}$/

/** Revenue plans: proposing, editing, and the four verbs of their lifecycle. Activating is the orchestrator's (R84). */
export function planRoutes({ db, now, runValidators }: PlanParts): ApiRoute[] {
  const asked = (
    params: Readonly<Record<string, string>>,
    query: { account_id?: string | undefined },
    caller: Caller,
  ): VerbAsked => ({
    tenantId: caller.tenantId,
    accountId: query.account_id,
    planId: params.planId!,
    at: new Date(now()),
    actor: planActorOf(caller),
  })
  const within = <T>(work: (tx: Tx) => Promise<T>) => db.begin(work) as Promise<T>
  const moved = async (work: (tx: Tx) => Promise<VerbOutcome>, whenValidator: 400 | 403 = 400) => ({
    // What a blocked run has written stays: refusing comes after the commit.
    json: revenuePlanV1Of(movedPlan(await within(work), whenValidator)),
  })
  const found = async (wanted: VerbAsked): Promise<RevenuePlan> => {
    const plan = await getPlan(db, wanted)
    if (!plan) throw unknown('revenue_plan')
    return plan
  }

  return [
    apiRoute({
      method: 'get',
      path: '/plans',
      does: 'Lists revenue plans, what changed last first.',
      gives: { 200: pageAnswer(planAnswer) },
      query: plansAsked,
      answer: async ({ query, caller }) => {
        const { limit, status, account_id: accountId, plan_type: planType } = query
        const plans = await listPlans(db, {
          tenantId: caller.tenantId,
          status,
          accountId,
          planType,
          after: lastPlan(query.cursor),
          limit: limit + 1,
        })
        const key = ({ updatedAt, planId }: RevenuePlan) => `${updatedAt.getTime()} ${planId}`
        return { json: pageOf(plans, limit, revenuePlanV1Of, key) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/plans/propose',
      does: 'Drafts a revenue plan for an account; one of a type stands on it at a time.',
      gives: { 201: planAnswer },
      body: planProposed,
      answer: async ({ body, caller }) => {
        const at = new Date(now())
        const planType = knownType(body.plan_type)
        const plan = draftOf(
          {
            tenantId: caller.tenantId,
            accountId: body.account_id,
            planType,
            planId: body.plan_id,
            objective: body.objective,
            constraints: body.constraints,
            expiresAt: deadline(body.expires_at, planType, at),
          },
          at,
        )
        const actor = planActorOf(caller)
        const trigger = { kind: 'operator', ...(body.reason && { reason: body.reason }) }
        const written = await within((tx) => createPlan(tx, plan, { at, actor, trigger }))
        return { status: 201, json: revenuePlanV1Of(writtenPlan(written)) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/plans/:planId',
      does: 'Tells one revenue plan.',
      gives: { 200: planAnswer },
      query: onAccount,
      answer: async ({ params, query, caller }) => ({
        json: revenuePlanV1Of(await found(asked(params, query, caller))),
      }),
    }),
    apiRoute({
      method: 'patch',
      path: '/plans/:planId',
      does: 'Changes a draft; `steps` is the whole list, in which a step keeps its id.',
      gives: { 200: planAnswer },
      query: onAccount,
      body: planEdit,
      answer: async ({ params, query, body, caller }) => {
        const wanted = asked(params, query, caller)
        const { planType } = await found(wanted)
        const edit = {
          objective: body.objective,
          constraints: body.constraints,
          expiresAt: deadline(body.expires_at, planTypeOf(planTypes, planType), wanted.at),
          steps: body.steps?.map(({ step_id, action_type, sequence, dependencies, constraints }) => ({
            ...(step_id && { stepId: step_id }),
            actionType: action_type,
            ...(sequence !== undefined && { sequence }),
            ...(dependencies && { dependencies }),
            ...(constraints && { constraints }),
          })),
        }
        const written = await within((tx) => editPlan(tx, { ...wanted, edit, reason: body.reason }))
        return { json: revenuePlanV1Of(writtenPlan(written)) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/plans/:planId/ledger',
      does: 'Tells why it exists and what happened to it, the latest first; a plan that is gone keeps its ledger.',
      gives: { 200: ledgerAnswer },
      query: ledgerAsked,
      answer: async ({ params, query, caller }) => {
        const wanted = asked(params, query, caller)
        const after = lastEntry(query.cursor)
        const rows = await ledgerOfPlan(db, { ...wanted, after, limit: query.limit + 1 })
        if (rows.length === 0) await found(wanted)
        const { items: entries, next_cursor } = pageOf(
          rows,
          query.limit,
          ledgerEntryV1Of,
          ({ recordedAt, sequence }) => `${recordedAt.getTime()} ${sequence}`,
        )
        return { json: { entries, next_cursor } }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/plans/:planId/can-activate',
      does: 'Tells whether the policy gate would let it become active, and every reason why not.',
      gives: { 200: canActivateAnswer },
      query: onAccount,
      answer: async ({ params, query, caller }) => {
        const wanted = asked(params, query, caller)
        const plan = await found(wanted)
        const gate = evaluateCanActivate(plan, await activationFacts(db, plan, wanted.at))
        return { json: { can_activate: gate.canActivate, reasons: gate.reasons } }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/plans/:planId/approve',
      does: 'Approves a draft, if the policy gate and the validators let it.',
      gives: { 200: planAnswer },
      query: onAccount,
      answer: ({ params, query, caller }) => {
        const highRiskAuthority = answersForHighRisk(caller)
        const wanted = { ...asked(params, query, caller), highRiskAuthority }
        return moved((tx) => approvePlan(tx, wanted, runValidators))
      },
    }),
    apiRoute({
      method: 'post',
      path: '/plans/:planId/pause',
      does: 'Pauses an active plan: nothing new begins.',
      gives: { 200: planAnswer },
      query: onAccount,
      body: whyPaused,
      answer: ({ params, query, body, caller }) =>
        moved((tx) => pausePlan(tx, { ...asked(params, query, caller), reason: body.reason })),
    }),
    apiRoute({
      method: 'post',
      path: '/plans/:planId/resume',
      does: 'Lets a paused plan go on, if the policy gate and the validators let it.',
      gives: { 200: planAnswer },
      query: onAccount,
      answer: ({ params, query, caller }) =>
        moved((tx) => resumePlan(tx, asked(params, query, caller), runValidators), 403),
    }),
    apiRoute({
      method: 'post',
      path: '/plans/:planId/abort',
      does: 'Ends an approved, active or paused plan for good.',
      gives: { 200: planAnswer },
      query: onAccount,
      body: whyAborted,
      answer: ({ params, query, body, caller }) =>
        moved((tx) => abortPlan(tx, { ...asked(params, query, caller), reason: body.reason })),
    }),
  ]
}

function planActorOf({ id, name }: Caller) {
  return { type: 'operator' as const, id, ...(name && { name }) }
}

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

/** @throws Refused `expires_at_past`, `expires_at_too_late` (422) */
function deadline(wanted: Date | undefined, planType: PlanType | null, at: Date): Date | undefined {
  if (wanted === undefined) return undefined
  if (wanted <= at)
    throw new Refused('expires_at_past', 'That time has passed.', 'Choose one that is ahead.', 422)
  if (planType && wanted.getTime() > at.getTime() + planType.days * day) {
    throw new Refused(
      'expires_at_too_late',
      `A plan of type ${planType.planType} runs ${planType.days} days at most.`,
      'Choose an earlier time.',
      422,
    )
  }
  return wanted
}

function lastPlan(cursor: string | undefined): Pick<RevenuePlan, 'updatedAt' | 'planId'> | null {
  const key = readCursor(cursor, planCursor)
  if (key === null) return null
  const [time, ...planId] = key.split(' ')
  return { updatedAt: new Date(Number(time)), planId: planId.join(' ') }
}

function lastEntry(cursor: string | undefined): { recordedAt: Date; sequence: number } | null {
  const [time, sequence] = readCursor(cursor, entryCursor)?.split(' ') ?? []
  return time === undefined ? null : { recordedAt: new Date(Number(time)), sequence: Number(sequence) }
}
