import { Hono } from 'hono'
import { answersForHighRisk } from '../auth/high-risk-approval.ts'
import type { Db, Reader, Tx } from '../db/types.ts'
import { listEnrollments } from '../entitlements/enrollments.ts'
import { Refused } from '../errors.ts'
import { activationFacts } from '../governance/gate/activation-facts.ts'
import { type Blocker, evaluateCanActivate, validateForApproval } from '../governance/gate/policy-gate.ts'
import { countPlans } from '../governance/repository/count-plans.ts'
import { lockPlan } from '../governance/repository/get-plan.ts'
import { listPlans } from '../governance/repository/list-plans.ts'
import { type PlanStatus, planStatuses, type RevenuePlan } from '../governance/revenue-plan/revenue-plan.ts'
import { planStory } from '../governance/story/plan-story.ts'
import type { RunValidators } from '../governance/validators/validator-run.ts'
import { approvePlan } from '../governance/verbs/approve-plan.ts'
import { resumePlan } from '../governance/verbs/resume-plan.ts'
import { abortPlan, pausePlan } from '../governance/verbs/stop-plan.ts'
import type { VerbOutcome } from '../governance/verbs/verb-outcome.ts'
import type { Log } from '../log.ts'
import { organizationNames } from '../organization/organization-names.ts'
import { answerPage } from './answer-page.ts'
import { movePlan } from './api/plan-answers.ts'
import { askedOf, foundPlan } from './api/plan-asked.ts'
import { refuseChanged } from './changed-meanwhile.ts'
import { draftSeen } from './draft-seen.ts'
import { operatorPlanEdits } from './operator-plan-edits.ts'
import { operatorPlanWork } from './operator-plan-work.ts'
import { PlanPage } from './pages/plan-page.tsx'
import type { PlanPageData } from './pages/plan-page-data.ts'
import { planPath, plansPath } from './pages/plan-paths.ts'
import { PlansPage } from './pages/plans-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { reasonIn } from './panel-fields.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

const onePage = 50
/** Rows of each kind on a plan's page. */
const mostRows = 200

export type OperatorPlansParts = {
  /** Behind the wall of the caller's tenant. */
  own: Db
  log: Log
  /** Unix milliseconds. */
  now: () => number
  runValidators: RunValidators
}

/** Revenue plans: by status, one of them, and the verbs of their lifecycle, which are the API's. */
export function operatorPlans(parts: OperatorPlansParts): Hono<WebEnv> {
  const { own, log, now, runValidators } = parts
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, plansPath))
  // First, since `tasks` and `outcomes` would else be read as plans' ids.
  app.route('/', operatorPlanWork(parts))

  app.get(plansPath, async (c) => {
    const { tenantId } = c.get('caller')!
    const asked = c.req.query('status')
    const status = planStatuses.find((known) => known === asked?.toUpperCase()) ?? null
    const after = readAfter(c.req.query('after'))
    const wanted = { tenantId, ...(status && { status }), after, limit: onePage + 1 }
    const [rows, counts] = await Promise.all([listPlans(own, wanted), countPlans(own, tenantId)])
    const plans = rows.slice(0, onePage)
    const names = await organizationNames(
      own,
      tenantId,
      plans.map(({ accountId }) => accountId),
    )
    const last = rows.length > onePage ? plans.at(-1)! : null
    return answerPage(c, 200, PlansPage, {
      viewer: viewerOf(c),
      plans,
      names,
      counts,
      status,
      now: new Date(now()),
      older: last && `${last.updatedAt.getTime()} ${last.planId}`,
      later: after !== null,
    })
  })

  const asked = (c: WebContext) => askedOf(c.req.param() as never, {}, c.get('caller')!, new Date(now()))

  async function page(c: WebContext, status: 200 | 422, form: Pick<PlanPageData, 'typed' | 'faults'>) {
    const caller = c.get('caller')!
    const wanted = asked(c)
    const mayDecide = answersForHighRisk(caller)
    const data = await own.begin('isolation level repeatable read read only', async (tx) => {
      const plan = await foundPlan(tx, wanted)
      const [story, names, enrollments, blockers] = await Promise.all([
        planStory(tx, plan, mostRows),
        organizationNames(tx, plan.tenantId, [plan.accountId]),
        listEnrollments(tx, { tenantId: plan.tenantId, organization: plan.accountId, limit: 20 }),
        blockersOf(tx, plan, mayDecide, wanted.at),
      ])
      return { plan, story, enrollments, blockers, account: names.get(plan.accountId) ?? plan.accountId }
    })
    const viewer = viewerOf(c)
    return answerPage(c, status, PlanPage, {
      viewer,
      ...data,
      mayDecide,
      most: mostRows,
      now: wanted.at,
      ...form,
    })
  }

  app.get(`${plansPath}/:planId`, (c) => page(c, 200, { typed: {}, faults: {} }))

  const verb = (
    name: 'approve' | 'pause' | 'resume' | 'abort',
    told: string,
    act: (tx: Tx, c: WebContext, form: URLSearchParams) => Promise<VerbOutcome>,
  ) =>
    onAction(app, `${plansPath}/:planId/${name}`, async (c, form) => {
      const plan = await movePlan(own, (tx) => act(tx, c, form), name === 'resume' ? 403 : 400)
      return { to: planPath(plan.planId), told }
    })
  const approved = 'The plan is approved. It becomes active at the next run, if the gate lets it.'
  verb('approve', approved, async (tx, c, form) => {
    const stands = await lockPlan(tx, asked(c))
    if (stands) refuseChanged(form, draftSeen(stands), 'the plan')
    const highRiskAuthority = answersForHighRisk(c.get('caller')!)
    return approvePlan(tx, { ...asked(c), highRiskAuthority }, runValidators)
  })
  verb('pause', 'The plan is paused: nothing new begins.', (tx, c, form) => {
    const reason = form.get('reason')?.trim()
    return pausePlan(tx, { ...asked(c), ...(reason && { reason: reasonIn(form) }) })
  })
  verb('resume', 'The plan goes on.', (tx, c) => resumePlan(tx, asked(c), runValidators))
  verb('abort', 'The plan is aborted, for good.', (tx, c, form) =>
    abortPlan(tx, { ...asked(c), reason: reasonIn(form) }),
  )

  operatorPlanEdits(app, { own, asked, page })
  return app
}

/** Everything that stands in the way of the next status, as a person reads it; null: nothing is asked of the gate any more. */
async function blockersOf(
  reader: Reader,
  plan: RevenuePlan,
  highRiskAuthority: boolean,
  at: Date,
): Promise<{ to: PlanStatus; reasons: readonly Blocker[] } | null> {
  if (plan.planStatus === 'DRAFT') {
    const { reasons } = validateForApproval(plan, { highRiskAuthority, byPerson: true })
    return { to: 'APPROVED', reasons }
  }
  if (plan.planStatus !== 'APPROVED' && plan.planStatus !== 'PAUSED') return null
  const { reasons } = evaluateCanActivate(plan, await activationFacts(reader, plan, at))
  return { to: 'ACTIVE', reasons }
}

/** @throws Refused `cursor_invalid` (400) */
function readAfter(text: string | undefined): Pick<RevenuePlan, 'updatedAt' | 'planId'> | null {
  if (text === undefined) return null
  const [, time, planId] = /^(\d{1,15}) (\S{1,100})$/.exec(text) ?? []
  if (time === undefined || planId === undefined)
    throw new Refused('cursor_invalid', 'That page does not exist.', 'Begin with the first page.', 400)
  return { updatedAt: new Date(Number(time)), planId }
}
