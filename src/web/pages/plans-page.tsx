/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import {
  isStale,
  type PlanStatus,
  planStatuses,
  type RevenuePlan,
} from '../../governance/revenue-plan/revenue-plan.ts'
import { inWords } from '../in-words.ts'
import { PanelPage, type Viewer } from './layout.tsx'
import { organizationPath } from './organization-paths.ts'
import { planPath, plansPath } from './plan-paths.ts'
import { Status } from './plan-words.tsx'
import { PlansTabs } from './plans-tabs.tsx'
import { Pages, Table } from './table.tsx'
import { Time } from './time.tsx'

export type PlansPageData = {
  viewer: Viewer
  plans: readonly RevenuePlan[]
  /** Of their accounts. */
  names: ReadonlyMap<string, string>
  counts: Readonly<Record<PlanStatus, number>>
  /** The one status that is shown; null: all. */
  status: PlanStatus | null
  now: Date
  /** Where the next page begins; null: this was the last. */
  older: string | null
  later: boolean
}

/** Revenue plans by their status, what changed last first. */
export const PlansPage: FC<PlansPageData> = (data) => {
  const { viewer, plans, names, counts, status, now, older, later } = data
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const here = status ? `${plansPath}?status=${status.toLowerCase()}` : plansPath
  return (
    <PanelPage title="Revenue plans" at={plansPath} viewer={viewer}>
      <div class="head">
        <h1>Revenue plans</h1>
        <p class="aside">
          Governed work to keep accounts that are about to leave. <span data-zone="">Times are UTC.</span>
        </p>
        <PlansTabs here={plansPath} />
      </div>
      <section aria-labelledby="plans">
        <h2 id="plans">{status ? `${inWords(status)}` : 'All of them'}</h2>
        <nav class="tabs" aria-label="By status">
          <a href={plansPath} {...(status === null ? { 'aria-current': 'page' as const } : {})}>
            All {all}
          </a>
          {planStatuses.map((one) => (
            <a
              href={`${plansPath}?status=${one.toLowerCase()}`}
              {...(one === status ? { 'aria-current': 'page' as const } : {})}
            >
              {inWords(one)} {counts[one]}
            </a>
          ))}
        </nav>
        {plans.length === 0 ? (
          <section class="empty">
            <h2>{status === null ? 'There is no revenue plan yet' : `No plan is ${status.toLowerCase()}`}</h2>
            <p>
              A plan is drafted by itself when a payment fails, a cancellation is scheduled or a trial is
              about to end; or by <code>POST /api/v1/plans/propose</code>.
            </p>
          </section>
        ) : (
          <>
            <Table
              caption="Revenue plans"
              rows={plans}
              columns={[
                {
                  title: 'Plan',
                  names: true,
                  cell: (plan) => (
                    <>
                      <a href={planPath(plan.planId)}>{plan.objective}</a>
                      <span class="id">
                        {inWords(plan.planType)} · <code>{plan.planId}</code>
                      </span>
                    </>
                  ),
                },
                {
                  title: 'Account',
                  cell: ({ accountId }) => (
                    <a href={organizationPath(accountId)}>{names.get(accountId) ?? accountId}</a>
                  ),
                },
                {
                  title: 'Status',
                  cell: (plan) => (
                    <span class="state">
                      <Status of={plan.planStatus} />
                      {isStale(plan, now) && <span class="why">its deadline has passed</span>}
                      {plan.flaggedFor && <span class="why">{inWords(plan.flaggedFor).toLowerCase()}</span>}
                    </span>
                  ),
                },
                { title: 'Deadline', cell: ({ expiresAt }) => <Time at={expiresAt} seconds={false} /> },
                { title: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} seconds={false} /> },
              ]}
            />
            <Pages
              newest={later ? here : null}
              older={older && `${here}${status ? '&' : '?'}after=${encodeURIComponent(older)}`}
              shown={plans.length}
            />
          </>
        )}
      </section>
    </PanelPage>
  )
}
