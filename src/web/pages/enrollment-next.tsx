/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { CatalogChoices } from '../../billing/catalog-choices.ts'
import type { NextExplained } from '../../stripe/enrollment/explain-next.ts'
import type { WaitingExplained } from '../../stripe/enrollment/explain-waiting.ts'
import { lineTold } from './enrollment-ladder.tsx'
import { Table } from './table.tsx'
import { Time } from './time.tsx'

/** What is known to come, if nothing comes before it. */
export const ComingNext: FC<{ next: readonly NextExplained[]; choices: CatalogChoices }> = ({
  next,
  choices,
}) =>
  next.length === 0 ? null : (
    <section aria-labelledby="next">
      <h2 id="next">What comes next</h2>
      <Table
        caption="What comes next, the soonest first"
        rows={next}
        columns={[
          {
            title: 'When',
            names: true,
            cell: ({ at }) => (at === null ? 'not known here' : <Time at={new Date(at)} seconds={false} />),
          },
          {
            title: 'What',
            cell: ({ about, says }) => (
              <>
                <span>{says}</span>
                <code class="id">{about}</code>
              </>
            ),
          },
          {
            title: 'Then',
            cell: ({ moves_to }) =>
              moves_to.length === 0
                ? 'nothing moves by it'
                : moves_to.map(({ ladder, ...to }) => (
                    <div>
                      <span class="why">{choices.ladderNames[ladder] ?? ladder}</span> {lineTold(choices, to)}
                    </div>
                  )),
          },
        ]}
      />
    </section>
  )

/** What of its events is not at its end, and what frees it. */
export const WaitingWork: FC<{ waiting: readonly WaitingExplained[] }> = ({ waiting }) => {
  if (waiting.length === 0) return null
  const shown = waiting.slice(0, 8)
  return (
    <section aria-labelledby="waiting">
      <h2 id="waiting">Held, and waiting</h2>
      <Table
        caption="Work that is held"
        rows={shown}
        columns={[
          {
            title: 'Event',
            names: true,
            cell: ({ event, type }) => (
              <>
                <a href={`/operator/events/${encodeURIComponent(event)}`}>{type}</a>
                <code class="id">{event}</code>
              </>
            ),
          },
          {
            title: 'State',
            cell: ({ state, on, reason, write }) => (
              <>
                <span class={`badge ${state}`}>{state}</span>{' '}
                <span class="why">
                  {write.replace('-', ' ')}:{' '}
                  {on ? `waits on ${on}` : (reason ?? 'not taken up yet').replaceAll('_', ' ')}
                </span>
              </>
            ),
          },
          { title: 'What frees it', cell: ({ action }) => action },
        ]}
      />
      {waiting.length > shown.length && (
        <p class="aside">
          and {waiting.length - shown.length} more: <a href="/operator/waiting">all that waits</a>
        </p>
      )}
    </section>
  )
}
