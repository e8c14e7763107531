/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { isStale } from '../../governance/revenue-plan/revenue-plan.ts'
import { inWords } from '../in-words.ts'
import { Facts } from './facts.tsx'
import { PanelPage } from './layout.tsx'
import { enrollmentPath, organizationPath } from './organization-paths.ts'
import { PlanActions } from './plan-actions.tsx'
import { PlanBudget, PlanOutcomes, PlanVerdicts } from './plan-checks.tsx'
import { PlanEditCard } from './plan-edit.tsx'
import { PlanLedger } from './plan-ledger.tsx'
import type { PlanPageData } from './plan-page-data.ts'
import { plansPath } from './plan-paths.ts'
import { PlanSignals } from './plan-signals.tsx'
import { PlanSteps } from './plan-steps.tsx'
import { Status } from './plan-words.tsx'
import { Time } from './time.tsx'

/** One plan: what it is for and why, what stands in its way, what was done, and what came of it. */
export const PlanPage: FC<PlanPageData> = (data) => {
  const { viewer, plan, account, story } = data
  const mayEdit =
    plan.planStatus === 'DRAFT' && (viewer.role === 'operator' || viewer.role === 'plan_approver')
  return (
    <PanelPage title={`${inWords(plan.planType)} of ${account}`} at={`${plansPath}/one`} viewer={viewer}>
      <div class="head">
        <p class="aside">
          <a href={plansPath}>Revenue plans</a>
        </p>
        <h1>
          {inWords(plan.planType)} <Status of={plan.planStatus} />
        </h1>
        <p>
          For <a href={organizationPath(plan.accountId)}>{account}</a>: {plan.objective}
        </p>
        <p class="aside">
          <code>{plan.planId}</code> · <span data-zone="">Times are UTC.</span>
        </p>
        <PlanActions {...data} />
      </div>
      <Held {...data} />
      <div class="cards beside">
        <section aria-labelledby="plan">
          <h2 id="plan">The plan</h2>
          <PlanFacts {...data} />
        </section>
        <section aria-labelledby="account">
          <h2 id="account">Its account</h2>
          <Account {...data} />
        </section>
      </div>
      <PlanSignals signals={story.signals} most={data.most} />
      <PlanSteps {...data} mayEdit={mayEdit} />
      {mayEdit && <PlanEditCard {...data} />}
      <PlanVerdicts {...data} />
      <PlanBudget {...data} />
      <PlanOutcomes {...data} />
      <PlanLedger {...data} />
    </PanelPage>
  )
}

/** Whatever stands in the way, said first. */
const Held: FC<PlanPageData> = ({ plan, blockers, story, now }) => (
  <>
    {isStale(plan, now) && (
      <p class="flash held">Its deadline has passed: give it another one before it can be approved.</p>
    )}
    {plan.flaggedFor && (
      <p class="flash held">
        Why it was drafted is gone ({inWords(plan.flaggedFor).toLowerCase()}): decide whether it is still
        wanted.
      </p>
    )}
    {blockers && blockers.reasons.length > 0 && (
      <section aria-labelledby="gate">
        <h2 id="gate">Why it cannot be {blockers.to === 'APPROVED' ? 'approved' : 'active'}</h2>
        <ul class="checks">
          {blockers.reasons.map(({ code, message }) => (
            <li>
              {message} <code class="why">{code}</code>
            </li>
          ))}
        </ul>
      </section>
    )}
    {story.waits && (
      <p class="flash held">
        {story.waits.for} It is looked at again <Time at={story.waits.until} />.
      </p>
    )}
  </>
)

const PlanFacts: FC<PlanPageData> = ({ plan, blockers }) => (
  <Facts
    facts={[
      ['Deadline', <Time at={plan.expiresAt} seconds={false} />],
      ['Drafted', <Time at={plan.createdAt} seconds={false} />],
      ['Approved', plan.approvedAt && <Time at={plan.approvedAt} seconds={false} />],
      ['Completed', plan.completedAt && <Time at={plan.completedAt} seconds={false} />],
      ['Because', plan.completionReason && inWords(plan.completionReason)],
      ['Aborted', plan.abortedAt && <Time at={plan.abortedAt} seconds={false} />],
      ['Expired', plan.expiredAt && <Time at={plan.expiredAt} seconds={false} />],
      [
        'Policy gate',
        blockers && (blockers.reasons.length === 0 ? 'has nothing against it' : 'says no, see above'),
      ],
      ...Object.entries(plan.constraints ?? {}).map(
        ([name, value]) => [inWords(name), Array.isArray(value) ? value.join(', ') : String(value)] as const,
      ),
    ]}
  />
)

/** Where the account stands: no revenue plan moves it. */
const Account: FC<PlanPageData> = ({ plan, enrollments, story }) => (
  <>
    {enrollments.length === 0 ? (
      <p class="empty small">It stands on no ladder.</p>
    ) : (
      <Facts
        facts={enrollments.map(
          ({ ladder, product, rank, status, since }) =>
            [
              ladder,
              <>
                <span>
                  {product}
                  {rank !== null && ` (${rank})`}
                </span>
                <span class="why">
                  {status}, since <Time at={new Date(since)} seconds={false} />
                </span>
              </>,
            ] as const,
        )}
      />
    )}
    {story.known && (
      <p class="aside">
        Its subscription, as known <Time at={story.known.at} seconds={false} />:{' '}
        {Object.entries(story.known.snapshot)
          .filter(([, value]) => value !== null && value !== '')
          .map(([name, value]) => `${inWords(name).toLowerCase()} ${value}`)
          .join(', ')}
        .
      </p>
    )}
    <p class="aside">
      <a href={enrollmentPath(plan.accountId)}>Its enrollment, with the history</a>
    </p>
  </>
)
