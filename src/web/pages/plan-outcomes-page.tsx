/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { OutcomeSummary } from '../../governance/outcomes/outcomes.ts'
import { inWords } from '../in-words.ts'
import { PanelPage, type Viewer } from './layout.tsx'
import { planOutcomesPath } from './plan-paths.ts'
import { PlansTabs } from './plans-tabs.tsx'
import { Table } from './table.tsx'

export type PlanOutcomesPageData = {
  viewer: Viewer
  summary: OutcomeSummary
  /** Of the last so many days; null: of all time. */
  days: number | null
  periods: readonly number[]
}

/** Did it work? Plain counts, and no rate: what stands beside each other need not be cause and effect. */
export const PlanOutcomesPage: FC<PlanOutcomesPageData> = ({ viewer, summary, days, periods }) => {
  const { accounts, bySignal, byStep } = summary
  const current = (so: boolean) => (so ? { 'aria-current': 'page' as const } : {})
  return (
    <PanelPage title="Outcomes of revenue plans" at={planOutcomesPath} viewer={viewer}>
      <div class="head">
        <h1>Revenue plans</h1>
        <p class="aside">Who stayed and who left, as their subscriptions tell it.</p>
        <PlansTabs here={planOutcomesPath} />
      </div>
      <section aria-labelledby="accounts">
        <h2 id="accounts">Accounts</h2>
        <nav class="tabs" aria-label="Since when">
          <a href={planOutcomesPath} {...current(days === null)}>
            All time
          </a>
          {periods.map((period) => (
            <a href={`${planOutcomesPath}?days=${period}`} {...current(days === period)}>
              {period} days
            </a>
          ))}
        </nav>
        <div class="cards">
          <Count
            name="saved"
            count={accounts.saved}
            what="The last that their subscription told is that they stay."
          />
          <Count
            name="lost"
            count={accounts.lost}
            what="The last that their subscription told is that it has ended."
          />
        </div>
      </section>
      <section aria-labelledby="by-signal">
        <h2 id="by-signal">By signal</h2>
        {bySignal.length === 0 ? (
          <p class="empty small">No account with a plan has stayed or left yet.</p>
        ) : (
          <Table
            caption="Accounts saved and lost, by signal"
            rows={bySignal}
            columns={[
              { title: 'Signal', names: true, cell: ({ signalKind }) => inWords(signalKind) },
              { title: 'Accounts saved', cell: ({ saved }) => String(saved) },
              { title: 'Accounts lost', cell: ({ lost }) => String(lost) },
            ]}
          />
        )}
        <p class="aside">An account with two kinds of signals counts for both.</p>
      </section>
      <section aria-labelledby="by-step">
        <h2 id="by-step">By step</h2>
        {byStep.length === 0 ? (
          <p class="empty small">No step has been done yet.</p>
        ) : (
          <Table
            caption="Steps done, and accounts saved and lost where they were"
            rows={byStep}
            columns={[
              { title: 'Step', names: true, cell: ({ actionType }) => inWords(actionType) },
              { title: 'Done', cell: ({ succeeded }) => String(succeeded) },
              { title: 'Failed', cell: ({ failed }) => String(failed) },
              { title: 'Accounts saved', cell: ({ saved }) => String(saved) },
              { title: 'Accounts lost', cell: ({ lost }) => String(lost) },
            ]}
          />
        )}
        <p class="aside">Counts beside each other: a step that was done need not be why an account stayed.</p>
      </section>
    </PanelPage>
  )
}

const Count: FC<{ name: string; count: number; what: string }> = ({ name, count, what }) => (
  <article class="card plain">
    <p class="tier">
      {count.toLocaleString('en')} {name}
    </p>
    <p class="aside">{what}</p>
  </article>
)
