/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { PlanSignal } from '../../governance/story/plan-signals.ts'
import { inWords } from '../in-words.ts'
import { eventPath } from './events-page.tsx'
import { Table } from './table.tsx'
import { Time } from './time.tsx'

/** Why the plan exists: what was seen of the account's subscriptions, each with the event that showed it. */
export const PlanSignals: FC<{ signals: readonly PlanSignal[]; most: number }> = ({ signals, most }) => (
  <section aria-labelledby="signals">
    <h2 id="signals">Signals</h2>
    {signals.length === 0 ? (
      <p class="empty small">None feeds it: a person proposed it, and the ledger says why.</p>
    ) : (
      <Table
        caption="Signals that feed the plan"
        rows={signals.slice(0, most)}
        columns={[
          {
            title: 'Signal',
            names: true,
            cell: ({ signalKind, period }) => (
              <>
                <span>{inWords(signalKind)}</span>
                {period !== '' && <span class="id">{periodOf(period)}</span>}
              </>
            ),
          },
          { title: 'Seen', cell: ({ seenAt }) => <Time at={seenAt} /> },
          {
            title: 'Shown by',
            cell: ({ eventId }) =>
              eventId === null ? (
                'a question to Stripe'
              ) : (
                <a href={eventPath(eventId)}>
                  <code>{eventId}</code>
                </a>
              ),
          },
          {
            title: 'State',
            cell: ({ clearedAt, clearedBy }) =>
              clearedAt === null ? (
                <span class="badge waiting">stands</span>
              ) : (
                <span class="state">
                  <span class="badge done">gone</span>{' '}
                  <span class="why">
                    {clearedBy && `${inWords(clearedBy).toLowerCase()}, `}
                    <Time at={clearedAt} seconds={false} />
                  </span>
                </span>
              ),
          },
        ]}
      />
    )}
  </section>
)

/** What it is about: mostly the end of what was paid for. */
function periodOf(period: string) {
  const at = new Date(period)
  return Number.isNaN(at.getTime()) ? (
    period
  ) : (
    <>
      until <Time at={at} seconds={false} />
    </>
  )
}
