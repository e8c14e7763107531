import type { Reader, Tx } from '../../db/types.ts'
import { endStep } from '../orchestrator/end-step.ts'
import { lockPlan } from '../repository/get-plan.ts'
import type { PlanActor } from '../revenue-plan/revenue-plan.ts'

export const taskStates = ['open', 'done', 'failed', 'withdrawn'] as const
export type TaskState = (typeof taskStates)[number]

/** What a person is asked to do for a plan. */
export type OperatorTask = {
  taskId: string
  tenantId: string
  accountId: string
  planId: string
  stepId: string
  attempt: number
  actionType: string
  instruction: string
  taskState: TaskState
  openedAt: Date
  closedAt: Date | null
  closedBy: string | null
  note: string | null
}

/** A tenant's tasks, the oldest first: what has waited longest is on top. */
export async function listTasks(
  reader: Reader,
  wanted: {
    tenantId: string
    state: TaskState
    planId?: string | undefined
    /** The last task of the page before. */
    after?: Pick<OperatorTask, 'openedAt' | 'taskId'> | null
    limit: number
  },
): Promise<OperatorTask[]> {
  const { tenantId, state, planId = null, after = null, limit } = wanted
  return reader<OperatorTask[]>`
    select ${taskColumns(reader)} from governance.operator_tasks
    where tenant_id = ${tenantId} and task_state = ${state} and (${planId}::text is null or plan_id = ${planId})
      and (${after === null} or (opened_at, task_id) >
           (${after?.openedAt ?? null}::timestamptz, ${after?.taskId ?? null}::uuid))
    order by opened_at, task_id
    limit ${limit}`
}

export type TaskClosed =
  | { kind: 'closed' | 'repeated'; task: OperatorTask }
  | { kind: 'not_found' }
  /** It ended otherwise; or its plan has ended, so that it is withdrawn. */
  | { kind: 'refused'; state: TaskState }

/** A person says how a task ended; with it the step's try ends. Said twice, it is the same. */
export async function closeTask(
  tx: Tx,
  asked: {
    tenantId: string
    taskId: string
    how: 'done' | 'failed'
    note: string | null
    at: Date
    actor: PlanActor
  },
): Promise<TaskClosed> {
  const { tenantId, taskId, how, note, at, actor } = asked
  const [seen] = await tx<OperatorTask[]>`
    select ${taskColumns(tx)} from governance.operator_tasks where tenant_id = ${tenantId} and task_id = ${taskId}`
  if (!seen) return { kind: 'not_found' }
  // The plan before its task, as everybody takes them.
  const plan = await lockPlan(tx, seen)
  const open = plan?.planStatus === 'ACTIVE' || plan?.planStatus === 'PAUSED'
  const to: TaskState = open ? how : 'withdrawn'
  const [closed] = await tx<OperatorTask[]>`
    update governance.operator_tasks
    set task_state = ${to}, closed_at = ${at}, closed_by = ${actor.name ?? actor.id ?? null}, note = ${note}
    where tenant_id = ${tenantId} and task_id = ${taskId} and task_state = 'open'
    returning ${taskColumns(tx)}`
  if (!closed) {
    const [now] = await tx<OperatorTask[]>`
      select ${taskColumns(tx)} from governance.operator_tasks where tenant_id = ${tenantId} and task_id = ${taskId}`
    return now!.taskState === how
      ? { kind: 'repeated', task: now! }
      : { kind: 'refused', state: now!.taskState }
  }
  if (!open) return { kind: 'refused', state: 'withdrawn' }
  const { stepId, attempt } = closed
  const outcome =
    how === 'done'
      ? ({ kind: 'done', ...(note && { detail: { note } }) } as const)
      : ({ kind: 'failed', reason: note ?? 'A person says that it cannot be done.' } as const)
  await endStep(tx, closed, { stepId, attempt, outcome, at, by: actor })
  return { kind: 'closed', task: closed }
}

function taskColumns(reader: Reader) {
  return reader`
    task_id, tenant_id, account_id, plan_id, step_id, attempt, action_type, instruction, task_state, opened_at, closed_at,
    closed_by, note`
}
