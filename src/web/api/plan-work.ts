import { z } from 'zod'
import type { Caller } from '../../auth/api-keys.ts'
import type { Db, Tx } from '../../db/types.ts'
import { Refused, RefusedForReasons } from '../../errors.ts'
import { capV1Of } from '../../governance/budget/budget-caps.ts'
import { reserveBudget } from '../../governance/budget/reserve-budget.ts'
import {
  closeTask,
  listTasks,
  type OperatorTask,
  taskStates,
} from '../../governance/executors/operator-tasks.ts'
import { captureOutcome } from '../../governance/outcomes/capture-outcome.ts'
import { type Outcome, outcomeV1Of, toldByPeople } from '../../governance/outcomes/outcome.ts'
import { outcomesOfPlan } from '../../governance/outcomes/outcomes.ts'
import { costClasses } from '../../governance/plan-types/plan-type.ts'
import { getPlan } from '../../governance/repository/get-plan.ts'
import { isOpen, type RevenuePlan } from '../../governance/revenue-plan/revenue-plan.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { id, idIn, instant, page, pageOf, readCursor, text, unknown } from './fields.ts'
import { onAccount } from './plan-fields.ts'

const key = text(200)

const budgetAsked = z.strictObject({ tool: text(100), cost_class: z.enum(costClasses), operation_id: key })

const outcomesAsked = z.strictObject({ account_id: id.optional(), ...page })

const outcomeTold = z.strictObject({
  outcome_type: z.enum(toldByPeople),
  idempotency_key: key,
  step_id: id.optional(),
  note: text(2_000).optional(),
  occurred_at: instant.optional(),
})

const tasksAsked = z.strictObject({
  state: z.enum(taskStates).default('open'),
  plan_id: text(100).optional(),
  ...page,
})

const taskEnded = z.strictObject({ note: text(2_000).optional() })

/** What a page's last row is known by: its time and its id. */
const timeAndId = /^\d{1,15} [0-9a-f-]{36}$/

/** What is done for revenue plans and what comes of it: budget, outcomes, and the tasks that people have. */
export function planWorkRoutes({ db, now }: { db: Db; now: () => number }): ApiRoute[] {
  const within = <T>(work: (tx: Tx) => Promise<T>) => db.begin(work) as Promise<T>
  const found = async (
    planId: string,
    query: { account_id?: string | undefined },
    caller: Caller,
  ): Promise<RevenuePlan> => {
    const plan = await getPlan(db, { tenantId: caller.tenantId, accountId: query.account_id, planId })
    if (!plan) throw unknown('revenue_plan')
    return plan
  }
  const ended =
    (how: 'done' | 'failed') =>
    async (params: Readonly<Record<string, string>>, note: string | undefined, caller: Caller) => {
      const { tenantId } = caller
      const taskId = idIn(params, 'taskId', 'task')
      const actor = {
        type: 'operator' as const,
        id: caller.id,
        ...(caller.name && { name: caller.name }),
      }
      const at = new Date(now())
      const asked = { tenantId, taskId, how, note: note ?? null, at, actor }
      const closed = await within((tx) => closeTask(tx, asked))
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
      query: onAccount,
      body: budgetAsked,
      answer: async ({ params, query, body, caller }) => {
        const { tenantId, accountId, planId } = openOnly(await found(params.planId!, query, caller))
        const reserved = await within((tx) =>
          reserveBudget(tx, {
            tenantId,
            accountId,
            planId,
            tool: body.tool,
            costClass: body.cost_class,
            operationId: body.operation_id,
            at: new Date(now()),
          }),
        )
        if (reserved.kind === 'blocked') {
          const { reason: code, message } = reserved
          const next = 'Wait for the next day or month, or have the budget raised.'
          throw new RefusedForReasons('budget_blocked', [{ code, message }], next, 409)
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
        if (rows.length === 0) await found(planId, query, caller)
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
      query: onAccount,
      body: outcomeTold,
      answer: async ({ params, query, body, caller }) => {
        const plan = await found(params.planId!, query, caller)
        const step = plan.steps.find(({ stepId }) => stepId === body.step_id)
        if (body.step_id && !step) throw unknown('step')
        const told = await within((tx) =>
          captureOutcome(tx, plan, {
            outcomeType: body.outcome_type,
            source: 'HUMAN',
            // Apart from the keys that Stepladder makes itself.
            idempotencyKey: `told:${body.idempotency_key}`,
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
      body: taskEnded,
      answer: ({ params, body, caller }) => ended('done')(params, body.note, caller),
    }),
    apiRoute({
      method: 'post',
      path: '/plans/tasks/:taskId/failed',
      does: 'Says that a task could not be done; another try may follow.',
      body: taskEnded,
      answer: ({ params, body, caller }) => ended('failed')(params, body.note, caller),
    }),
  ]
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
