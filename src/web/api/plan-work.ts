import type { Caller } from '../../auth/api-keys.ts'
import type { Db } from '../../db/types.ts'
import { Refused, RefusedForReasons } from '../../errors.ts'
import { capV1Of } from '../../governance/budget/budget-caps.ts'
import { reserveBudget } from '../../governance/budget/reserve-budget.ts'
import { closeTask, listTasks, type OperatorTask } from '../../governance/executors/operator-tasks.ts'
import { captureOutcome } from '../../governance/outcomes/capture-outcome.ts'
import { type Outcome, outcomeV1Of } from '../../governance/outcomes/outcome.ts'
import { outcomesOfPlan } from '../../governance/outcomes/outcomes.ts'
import { isOpen, type RevenuePlan } from '../../governance/revenue-plan/revenue-plan.ts'
import { pageAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { idIn, pageOf, readCursor, unknown } from './fields.ts'
import { askedOf, foundPlan, type PlanParams, type PlanQuery, planActorOf } from './plan-asked.ts'
import { onAccount } from './plan-fields.ts'
import {
  budgetAnswer,
  budgetAsked,
  outcomeAnswer,
  outcomeKept,
  outcomesAsked,
  outcomeTold,
  taskAnswer,
  taskEnded,
  tasksAsked,
} from './plan-work-fields.ts'

/** What a page's last row is known by: its time and its id. */
const timeAndId = /^\d{1,15} [0-9a-f-]{36}$/

/** What is done for revenue plans and what comes of it: budget, outcomes, and the tasks that people have. */
export function planWorkRoutes({ db, now }: { db: Db; now: () => number }): ApiRoute[] {
  const found = (params: PlanParams, query: PlanQuery, caller: Caller) =>
    foundPlan(db, askedOf(params, query, caller, new Date(now())))
  const ended =
    (how: 'done' | 'failed') => async (params: PlanParams, note: string | undefined, caller: Caller) => {
      const asked = {
        tenantId: caller.tenantId,
        taskId: idIn(params, 'taskId', 'task'),
        how,
        note: note ?? null,
        at: new Date(now()),
        actor: planActorOf(caller),
      }
      const closed = await db.begin((tx) => closeTask(tx, asked))
      if (closed.kind === 'not_found') throw unknown('task')
      if (closed.kind === 'refused') {
        const message = `The task is ${closed.state} already.`
        throw new Refused('task_closed', message, 'Look at the tasks that are open.', 409)
      }
      return { json: taskV1Of(closed.task) }
    }

  return [
    apiRoute({
      method: 'post',
      path: '/plans/:planId/budget-reserve',
      does: 'Takes one from every budget that applies, or from none; the same operation again takes nothing.',
      gives: { 200: budgetAnswer },
      query: onAccount,
      body: budgetAsked,
      answer: async ({ params, query, body, caller }) => {
        const { tenantId, accountId, planId } = openOnly(await found(params, query, caller))
        const reserved = await db.begin((tx) =>
          reserveBudget(tx, {
            tenantId,
            accountId,
            planId,
            tool: body.tool,
            costClass: body.cost_class,
            operationId: toldKey(body.operation_id),
            at: new Date(now()),
          }),
        )
        if (reserved.kind === 'blocked') {
          const { reason: code, message } = reserved
          const next = 'Wait for the next day or month, or have the budget raised.'
          throw new RefusedForReasons('budget_blocked', [{ code, message }], next, 409)
        }
        if (reserved.kind === 'other_operation') {
          const next = 'Send an operation_id of its own for each thing that is done.'
          throw new Refused('operation_id_taken', reserved.message, next, 422)
        }
        const { verdict, repeated, caps } = reserved
        const operation_id = body.operation_id
        return { json: { operation_id, verdict, repeated, caps: caps.map(capV1Of) } }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/plans/:planId/outcomes',
      does: 'Tells what came of it, the latest first; a plan that is gone keeps its outcomes.',
      gives: { 200: pageAnswer(outcomeAnswer) },
      query: outcomesAsked,
      answer: async ({ params, query, caller }) => {
        const planId = params.planId!
        const rows = await outcomesOfPlan(db, {
          tenantId: caller.tenantId,
          planId,
          accountId: query.account_id,
          after: lastOutcome(query.cursor),
          limit: query.limit + 1,
        })
        if (rows.length === 0) await found(params, query, caller)
        return {
          json: pageOf(
            rows,
            query.limit,
            outcomeV1Of,
            ({ occurredAt, outcomeId }) => `${occurredAt.getTime()} ${outcomeId}`,
          ),
        }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/plans/:planId/outcomes',
      does: 'Writes down what a person says came of it; the same idempotency key again answers the first one.',
      gives: { 200: outcomeKept, 201: outcomeKept },
      query: onAccount,
      body: outcomeTold,
      answer: async ({ params, query, body, caller }) => {
        const plan = await found(params, query, caller)
        const step = plan.steps.find(({ stepId }) => stepId === body.step_id)
        if (body.step_id && !step) throw unknown('step')
        const told = await db.begin((tx) =>
          captureOutcome(tx, plan, {
            outcomeType: body.outcome_type,
            source: 'HUMAN',
            idempotencyKey: toldKey(body.idempotency_key),
            occurredAt: body.occurred_at ?? new Date(now()),
            step,
            data: { by: caller.id, ...(body.note && { note: body.note }) },
          }),
        )
        const repeated = told.kind === 'repeated'
        return { status: repeated ? 200 : 201, json: { outcome_id: told.outcomeId, repeated } }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/plans/tasks',
      does: 'Lists what people are asked to do for revenue plans, what has waited longest first.',
      gives: { 200: pageAnswer(taskAnswer) },
      query: tasksAsked,
      answer: async ({ query, caller }) => {
        const { state, plan_id: planId, limit } = query
        const after = lastTask(query.cursor)
        const rows = await listTasks(db, {
          tenantId: caller.tenantId,
          state,
          planId,
          after,
          limit: limit + 1,
        })
        const key = ({ openedAt, taskId }: OperatorTask) => `${openedAt.getTime()} ${taskId}`
        return { json: pageOf(rows, limit, taskV1Of, key) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/plans/tasks/:taskId/done',
      does: 'Says that a task is done; with it the step is.',
      gives: { 200: taskAnswer },
      body: taskEnded,
      answer: ({ params, body, caller }) => ended('done')(params, body.note, caller),
    }),
    apiRoute({
      method: 'post',
      path: '/plans/tasks/:taskId/failed',
      does: 'Says that a task could not be done; another try may follow.',
      gives: { 200: taskAnswer },
      body: taskEnded,
      answer: ({ params, body, caller }) => ended('failed')(params, body.note, caller),
    }),
  ]
}

/** A key that somebody else made, apart from those that Stepladder makes itself. */
function toldKey(key: string): string {
  return `told:${key}`
}

function openOnly(plan: RevenuePlan): RevenuePlan {
  if (isOpen(plan)) return plan
  throw new Refused(
    'plan_ended',
    `The plan is ${plan.planStatus}: it spends nothing more.`,
    'Propose another.',
  )
}

function taskV1Of(task: OperatorTask) {
  return {
    task_id: task.taskId,
    plan_id: task.planId,
    account_id: task.accountId,
    step_id: task.stepId,
    attempt: task.attempt,
    action_type: task.actionType,
    instruction: task.instruction,
    state: task.taskState,
    opened_at: task.openedAt.toISOString(),
    closed_at: task.closedAt?.toISOString() ?? null,
    closed_by: task.closedBy,
    note: task.note,
  }
}

function lastOutcome(cursor: string | undefined): Pick<Outcome, 'occurredAt' | 'outcomeId'> | null {
  const [time, outcomeId] = readCursor(cursor, timeAndId)?.split(' ') ?? []
  return time === undefined ? null : { occurredAt: new Date(Number(time)), outcomeId: outcomeId! }
}

function lastTask(cursor: string | undefined): Pick<OperatorTask, 'openedAt' | 'taskId'> | null {
  const [time, taskId] = readCursor(cursor, timeAndId)?.split(' ') ?? []
  return time === undefined ? null : { openedAt: new Date(Number(time)), taskId: taskId! }
}
