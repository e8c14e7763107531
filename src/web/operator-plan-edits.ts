import type { Hono } from 'hono'
import { z } from 'zod'
import type { Db } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { lockPlan } from '../governance/repository/get-plan.ts'
import type { RevenuePlan } from '../governance/revenue-plan/revenue-plan.ts'
import { editPlan, type PlanEdit, type StepEdit } from '../governance/verbs/edit-plan.ts'
import type { VerbAsked } from '../governance/verbs/verb-outcome.ts'
import { id, text, unknown } from './api/fields.ts'
import { writtenPlan } from './api/plan-answers.ts'
import { refuseChanged } from './changed-meanwhile.ts'
import { draftSeen } from './draft-seen.ts'
import { inWords } from './in-words.ts'
import { planPath, plansPath } from './pages/plan-paths.ts'
import { onAction } from './panel-action.ts'
import { reasonIn, utcMinute } from './panel-fields.ts'
import { type Faults, faultsOfRefusal, readForm, type Typed } from './read-form.ts'
import type { WebContext, WebEnv } from './web-env.ts'

const changed = z.object({ objective: text(500), expires_at: utcMinute })
const added = z.object({ action_type: text(100), after: id.optional() })

type Parts = {
  own: Db
  asked: (c: WebContext) => VerbAsked
  page: (c: WebContext, status: 422, form: { typed: Typed; faults: Faults }) => Response | Promise<Response>
}

/** Changing a draft: what it is for, its deadline, and its steps. One that somebody else has changed meanwhile is left as it is. */
export function operatorPlanEdits(app: Hono<WebEnv>, { own, asked, page }: Parts): void {
  async function edit(c: WebContext, form: URLSearchParams, changeOf: (plan: RevenuePlan) => PlanEdit) {
    const wanted = asked(c)
    const reason = form.get('reason')?.trim() ? reasonIn(form) : undefined
    const plan = (await own.begin(async (tx) => {
      const stands = await lockPlan(tx, wanted)
      if (!stands) throw unknown('revenue_plan')
      refuseChanged(form, draftSeen(stands), 'the plan')
      return writtenPlan(await editPlan(tx, { ...wanted, edit: changeOf(stands), reason }))
    })) as RevenuePlan
    return planPath(plan.planId)
  }
  const at = `${plansPath}/:planId`

  onAction(app, at, async (c, form) => {
    const { typed, faults, data } = readForm(form, changed)
    if (!data) return page(c, 422, { typed, faults })
    try {
      const to = await edit(c, form, () => ({ objective: data.objective, expiresAt: data.expires_at }))
      return { to, told: 'The draft was changed.' }
    } catch (error) {
      const fieldOf = { expires_at_past: 'expires_at', expires_at_too_late: 'expires_at' }
      return page(c, 422, { typed, faults: faultsOfRefusal(error, fieldOf) })
    }
  })

  onAction(app, `${at}/steps`, async (c, form) => {
    const { data } = readForm(form, added)
    if (!data) throw new Refused('step_invalid', 'No such step can be added.', 'Choose an action.', 422)
    const { action_type: actionType, after } = data
    const to = await edit(c, form, ({ steps }) => ({
      steps: numbered([...steps, { actionType, ...(after && { dependencies: [after] }) }]),
    }))
    return { to, told: `${inWords(actionType)} was added, as the last step.` }
  })

  onAction(app, `${at}/steps/:stepId/up`, async (c, form) => {
    const stepId = c.req.param('stepId')
    const to = await edit(c, form, ({ steps }) => {
      const here = steps.findIndex((step) => step.stepId === stepId)
      if (here < 1) return {}
      const list = [...steps]
      list.splice(here - 1, 0, ...list.splice(here, 1))
      return { steps: numbered(list) }
    })
    return { to, told: 'The step comes earlier now.' }
  })

  onAction(app, `${at}/steps/:stepId/remove`, async (c, form) => {
    const stepId = c.req.param('stepId')
    const to = await edit(c, form, ({ steps }) => {
      const left = steps.filter((step) => step.stepId !== stepId)
      if (left.length === 0)
        throw new Refused('last_step', 'A plan has at least one step.', 'Add another one first.', 422)
      return { steps: numbered(left.map((step) => without(step, stepId!))) }
    })
    return { to, told: 'The step was taken off the plan.' }
  })
}

/** As they stand in the list. */
function numbered(steps: readonly StepEdit[]): StepEdit[] {
  return steps.map((step, n) => ({ ...step, sequence: n + 1 }))
}

/** Nobody waits for a step that is gone. */
function without({ dependencies, ...step }: StepEdit, stepId: string): StepEdit {
  const left = dependencies?.filter((other) => other !== stepId) ?? []
  return { ...step, ...(left.length > 0 && { dependencies: left }) }
}
