/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { inWords } from '../in-words.ts'
import { eventPath } from './events-page.tsx'
import type { PlanPageData } from './plan-page-data.ts'
import { Status } from './plan-words.tsx'
import { Table } from './table.tsx'
import { Time } from './time.tsx'

const more = (rows: readonly unknown[], most: number) =>
  rows.length > most && <p class="aside">The last {most} are shown; the API tells all.</p>

/** What the validators said, before approval and before each step. */
export const PlanVerdicts: FC<PlanPageData> = ({ plan, story, most }) => {
  const stepOf = (id: string | null) => plan.steps.find(({ stepId }) => stepId === id)
  return (
    <section aria-labelledby="verdicts">
      <h2 id="verdicts">Validators</h2>
      {story.verdicts.length === 0 ? (
        <p class="empty small">They were not asked yet: they are before approval, and before each step.</p>
      ) : (
        <Table
          caption="Verdicts of the validators, the latest run first"
          rows={story.verdicts.slice(0, most)}
          columns={[
            { title: 'Validator', names: true, cell: ({ validator }) => inWords(validator) },
            {
              title: 'Verdict',
              cell: ({ verdict, message, reasonCode }) => (
                <span class="state">
                  <Status of={verdict} />{' '}
                  <span class="why">{message ?? (reasonCode && inWords(reasonCode).toLowerCase())}</span>
                </span>
              ),
            },
            {
              title: 'Asked',
              cell: ({ point, stepId }) => {
                const step = stepOf(stepId)
                return `${inWords(point)}${step ? `: ${inWords(step.actionType).toLowerCase()}` : ''}`
              },
            },
            { title: 'At', cell: ({ evaluatedAt }) => <Time at={evaluatedAt} /> },
          ]}
        />
      )}
      {more(story.verdicts, most)}
    </section>
  )
}

/** What it has taken from the budgets. */
export const PlanBudget: FC<PlanPageData> = ({ story, most }) => (
  <section aria-labelledby="budget">
    <h2 id="budget">Budget used</h2>
    {story.spending.length === 0 ? (
      <p class="empty small">Nothing was taken from any budget.</p>
    ) : (
      <Table
        caption="What was taken from the budgets, the latest first"
        rows={story.spending.slice(0, most)}
        columns={[
          {
            title: 'Operation',
            names: true,
            cell: ({ tool, operationId }) => (
              <>
                <span>{tool}</span>
                <code class="id">{operationId}</code>
              </>
            ),
          },
          { title: 'Cost', cell: ({ costClass }) => inWords(costClass) },
          {
            title: 'Of its caps',
            cell: ({ caps, verdict }) => (
              <span class="state">
                {verdict === 'WARN' && <Status of="WARN" />}
                {caps.map(({ scope, period, usageAfter, hardCap, softCap }) => (
                  <span>
                    {usageAfter} of {hardCap ?? softCap} a {period.toLowerCase()} for the{' '}
                    {scope.toLowerCase()}
                  </span>
                ))}
              </span>
            ),
          },
          { title: 'At', cell: ({ reservedAt }) => <Time at={reservedAt} /> },
        ]}
      />
    )}
    {more(story.spending, most)}
  </section>
)

/** What came of it so far. */
export const PlanOutcomes: FC<PlanPageData> = ({ story, most }) => (
  <section aria-labelledby="outcomes">
    <h2 id="outcomes">Outcome so far</h2>
    {story.outcomes.length === 0 ? (
      <p class="empty small">Nothing has come of it yet.</p>
    ) : (
      <Table
        caption="What came of the plan, the latest first"
        rows={story.outcomes.slice(0, most)}
        columns={[
          {
            title: 'Outcome',
            names: true,
            cell: ({ outcomeType, actionType }) => (
              <>
                <span>{inWords(outcomeType)}</span>
                {actionType && <span class="id">{inWords(actionType)}</span>}
              </>
            ),
          },
          { title: 'Told by', cell: ({ source }) => inWords(source) },
          {
            title: 'Because of',
            cell: ({ eventId, data }) =>
              eventId ? (
                <a href={eventPath(eventId)}>
                  <code>{eventId}</code>
                </a>
              ) : (
                String(data?.reason ?? data?.note ?? '–')
              ),
          },
          { title: 'At', cell: ({ occurredAt }) => <Time at={occurredAt} /> },
        ]}
      />
    )}
    {more(story.outcomes, most)}
  </section>
)
