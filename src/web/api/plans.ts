import type { Caller } from '../../auth/api-keys.ts'
import { answersForHighRisk } from '../../auth/high-risk-approval.ts'
import type { Db, Tx } from '../../db/types.ts'
import { activationFacts } from '../../governance/gate/activation-facts.ts'
import { evaluateCanActivate } from '../../governance/gate/policy-gate.ts'
import { ledgerEntryV1Of, ledgerOfPlan } from '../../governance/ledger/ledger.ts'
import { listPlans } from '../../governance/repository/list-plans.ts'
import type { RevenuePlan } from '../../governance/revenue-plan/revenue-plan.ts'
import { revenuePlanV1Of } from '../../governance/revenue-plan/revenue-plan-v1.ts'
import type { RunValidators } from '../../governance/validators/validator-run.ts'
import { approvePlan } from '../../governance/verbs/approve-plan.ts'
import { resumePlan } from '../../governance/verbs/resume-plan.ts'
import { abortPlan, pausePlan } from '../../governance/verbs/stop-plan.ts'
import type { VerbOutcome } from '../../governance/verbs/verb-outcome.ts'
import { pageAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { pageOf, readCursor } from './fields.ts'
import { movePlan } from './plan-answers.ts'
import { askedOf, foundPlan, type PlanParams, type PlanQuery } from './plan-asked.ts'
import { planDraftRoutes } from './plan-drafts.ts'
import {
  canActivateAnswer,
  ledgerAnswer,
  ledgerAsked,
  onAccount,
  planAnswer,
  plansAsked,
  whyAborted,
  whyPaused,
} from './plan-fields.ts'
import { planWorkRoutes } from './plan-work.ts'

export type PlanParts = {
  db: Db
  /** Unix milliseconds. */
  now: () => number
  runValidators: RunValidators
}

/** What a page's last row is known by: its time, and what tells it from others of that time. */
const planCursor = /^\d{1,15} .+$/
const entryCursor = /^\d{1,15} \d{1,15}$/

/** Revenue plans: reading them, and the four verbs of their lifecycle. Activating is the orchestrator's (R84). */
export function planRoutes({ db, now, runValidators }: PlanParts): ApiRoute[] {
  const asked = (params: PlanParams, query: PlanQuery, caller: Caller) =>
    askedOf(params, query, caller, new Date(now()))
  const moved = async (work: (tx: Tx) => Promise<VerbOutcome>, whenValidator: 400 | 403 = 400) => ({
    json: revenuePlanV1Of(await movePlan(db, work, whenValidator)),
  })
  return [
    // First, since `tasks` would else be read as a plan's id.
    ...planWorkRoutes({ db, now }),
    ...planDraftRoutes({ db, now }),
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
      method: 'get',
      path: '/plans/:planId',
      does: 'Tells one revenue plan.',
      gives: { 200: planAnswer },
      query: onAccount,
      answer: async ({ params, query, caller }) => ({
        json: revenuePlanV1Of(await foundPlan(db, asked(params, query, caller))),
      }),
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
        if (rows.length === 0) await foundPlan(db, wanted)
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
        const plan = await foundPlan(db, wanted)
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
