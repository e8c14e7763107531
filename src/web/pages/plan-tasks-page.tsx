/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { type OperatorTask, type TaskState, taskStates } from '../../governance/executors/operator-tasks.ts'
import { inWords } from '../in-words.ts'
import { ActionForm } from './action-form.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { organizationPath } from './organization-paths.ts'
import { planPath, plansPath, planTasksPath } from './plan-paths.ts'
import { PlansTabs } from './plans-tabs.tsx'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'

export type PlanTasksPageData = {
  viewer: Viewer
  tasks: readonly OperatorTask[]
  /** Of their accounts. */
  names: ReadonlyMap<string, string>
  state: TaskState
  /** Whether there are more than are shown. */
  more: boolean
}

/** What people are asked to do for revenue plans, what has waited longest on top. */
export const PlanTasksPage: FC<PlanTasksPageData> = (data) => {
  const { viewer, tasks, state, more } = data
  return (
    <PanelPage title="Tasks of revenue plans" at={planTasksPath} viewer={viewer}>
      <div class="head">
        <h1>Revenue plans</h1>
        <p class="aside">
          What people are asked to do, what has waited longest first. <span data-zone="">Times are UTC.</span>
        </p>
        <PlansTabs here={planTasksPath} />
      </div>
      <section aria-labelledby="tasks">
        <h2 id="tasks">Tasks</h2>
        <nav class="tabs" aria-label="By state">
          {taskStates.map((one) => (
            <a
              href={one === 'open' ? planTasksPath : `${planTasksPath}?state=${one}`}
              {...(one === state ? { 'aria-current': 'page' as const } : {})}
            >
              {inWords(one)}
            </a>
          ))}
        </nav>
        {tasks.length === 0 ? (
          <section class="empty">
            <h2>{state === 'open' ? 'Nothing waits for a person' : `No task is ${state}`}</h2>
            <p>
              A step that people do becomes a task here when its <a href={plansPath}>plan</a> is active and
              its turn has come.
            </p>
          </section>
        ) : (
          <Table caption={`Tasks that are ${state}`} rows={tasks} columns={columns(data)} />
        )}
        {more && <p class="aside">The first {tasks.length} are shown.</p>}
      </section>
    </PanelPage>
  )
}

function columns({ viewer, names, state }: PlanTasksPageData): Column<OperatorTask>[] {
  const mayClose = state === 'open' && (viewer.role === 'operator' || viewer.role === 'plan_approver')
  return [
    {
      title: 'Task',
      names: true,
      cell: ({ actionType, instruction, attempt }) => (
        <>
          <span>
            {inWords(actionType)}
            {attempt > 1 && <span class="why"> (try {attempt})</span>}
          </span>
          <span class="id">{instruction}</span>
        </>
      ),
    },
    {
      title: 'For',
      cell: ({ accountId, planId }) => (
        <>
          <a href={organizationPath(accountId)}>{names.get(accountId) ?? accountId}</a>
          <a class="id" href={planPath(planId)}>
            its plan
          </a>
        </>
      ),
    },
    { title: 'Since', cell: ({ openedAt }) => <Time at={openedAt} seconds={false} /> },
    ...(state === 'open'
      ? []
      : [
          {
            title: 'Ended',
            cell: ({ closedAt, closedBy, note }: OperatorTask) => (
              <>
                {closedAt ? <Time at={closedAt} seconds={false} /> : '–'}
                <span class="id">{[closedBy, note].filter(Boolean).join(': ')}</span>
              </>
            ),
          },
        ]),
    ...(mayClose
      ? [
          {
            title: 'Say how it ended',
            control: true,
            cell: (task: OperatorTask) => (
              <>
                <ActionForm
                  viewer={viewer}
                  action={`${planTasksPath}/${task.taskId}/done`}
                  label="Done…"
                  ask={{
                    title: `Is ${inWords(task.actionType).toLowerCase()} done?`,
                    will: 'The step is done with it, and the plan goes on.',
                    button: 'It is done',
                    reason: 'optional',
                    back: planTasksPath,
                  }}
                />
                <ActionForm
                  viewer={viewer}
                  action={`${planTasksPath}/${task.taskId}/failed`}
                  label="Failed…"
                  ask={{
                    title: `Could ${inWords(task.actionType).toLowerCase()} not be done?`,
                    will: 'This try has failed. While tries are left another one follows; after the last the plan is paused.',
                    button: 'It failed',
                    reason: 'required',
                    danger: true,
                    back: planTasksPath,
                  }}
                />
              </>
            ),
          },
        ]
      : []),
  ]
}
