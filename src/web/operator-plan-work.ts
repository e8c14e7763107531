import { Hono } from 'hono'
import { z } from 'zod'
import type { Db } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { closeTask, listTasks, taskStates } from '../governance/executors/operator-tasks.ts'
import { outcomeSummary } from '../governance/outcomes/outcomes.ts'
import type { Log } from '../log.ts'
import { organizationNames } from '../organization/organization-names.ts'
import { answerPage } from './answer-page.ts'
import { idIn, text, unknown } from './api/fields.ts'
import { planActorOf } from './api/plan-asked.ts'
import { PlanOutcomesPage } from './pages/plan-outcomes-page.tsx'
import { planOutcomesPath, plansPath, planTasksPath } from './pages/plan-paths.ts'
import { PlanTasksPage } from './pages/plan-tasks-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { viewerOf } from './viewer.ts'
import type { WebEnv } from './web-env.ts'

const mostTasks = 200
const note = z.object({ note: text(2_000).optional() })
const periods = [30, 90, 365] as const
const day = 24 * 60 * 60 * 1000

/** What people are asked to do for revenue plans, and what came of all of them. */
export function operatorPlanWork({ own, log, now }: { own: Db; log: Log; now: () => number }): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, plansPath))

  app.get(planTasksPath, async (c) => {
    const { tenantId } = c.get('caller')!
    const state = taskStates.find((known) => known === c.req.query('state')) ?? 'open'
    const rows = await listTasks(own, { tenantId, state, limit: mostTasks + 1 })
    const tasks = rows.slice(0, mostTasks)
    const names = await organizationNames(
      own,
      tenantId,
      tasks.map(({ accountId }) => accountId),
    )
    const more = rows.length > mostTasks
    return answerPage(c, 200, PlanTasksPage, { viewer: viewerOf(c), tasks, names, state, more })
  })

  for (const how of ['done', 'failed'] as const) {
    onAction(app, `${planTasksPath}/:taskId/${how}`, async (c, form) => {
      const caller = c.get('caller')!
      const said = note.safeParse({ note: form.get('reason')?.trim() || undefined })
      if (!said.success)
        throw new Refused('note_invalid', 'That note cannot be kept.', 'At most 2,000 characters are.', 422)
      const closed = await own.begin((tx) =>
        closeTask(tx, {
          tenantId: caller.tenantId,
          taskId: idIn(c.req.param() as never, 'taskId', 'task'),
          how,
          note: said.data.note ?? null,
          at: new Date(now()),
          actor: planActorOf(caller),
        }),
      )
      if (closed.kind === 'not_found') throw unknown('task')
      if (closed.kind === 'refused')
        throw new Refused(
          'task_closed',
          `The task is ${closed.state} already.`,
          'Look at the tasks that are open.',
          409,
        )
      const told =
        how === 'done'
          ? 'The task is done, and its step with it.'
          : 'The task has failed. While tries are left, another one follows.'
      return { to: planTasksPath, told }
    })
  }

  app.get(planOutcomesPath, async (c) => {
    const { tenantId } = c.get('caller')!
    const days = periods.find((known) => String(known) === c.req.query('days')) ?? null
    const since = days === null ? null : new Date(now() - days * day)
    const summary = await outcomeSummary(own, { tenantId, ...(since && { since }) })
    return answerPage(c, 200, PlanOutcomesPage, { viewer: viewerOf(c), summary, days, periods })
  })
  return app
}
