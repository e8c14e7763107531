/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { ReplayWrite } from '../../stripe/inbox/replay.ts'
import { counted } from '../counted.ts'
import type { ReplayPlan } from '../replay-events.ts'
import { CsrfField } from './csrf-field.tsx'
import { eventColumn, inboxPath } from './events-page.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { Table } from './table.tsx'
import { TypeName } from './type-name.tsx'
import { WriteState } from './write-state.tsx'

/** Writes that a page lists; the counts are of all. */
const mostListed = 100
/** More are counted by kind, and listed where somebody asks for it. */
const fewWrites = 8

export type ReplayPageData = {
  viewer: Viewer
  plan: ReplayPlan
  /** The events that are asked about. */
  events: readonly string[]
  /** More matched than one replay takes: those are left out. */
  more: boolean
  /** Where one came from. */
  back: string
}

/** What a replay would touch, and the question. */
export const ReplayPage: FC<ReplayPageData> = ({ viewer, plan, events, more, back }) => {
  const { toRing, settled } = plan
  const rung = [...new Set(toRing.map(({ event }) => event))]
  return (
    <PanelPage title="Replay" at={inboxPath} viewer={viewer}>
      <div class="head">
        <h1>{headingOf(events.length, rung.length)}</h1>
        <p>
          Their writes are handled again, although they were. What was done is not done twice: a tier that is
          right stays, and no change is written a second time.
        </p>
      </div>
      {more && (
        <p class="fault" role="alert">
          More match: these are the newest {events.length.toLocaleString('en')}. Narrow the search, or use{' '}
          <code>stepladder replay</code>.
        </p>
      )}
      {toRing.length > 0 && (
        <section aria-labelledby="touched">
          <h2 id="touched">Would be handled again</h2>
          <Writes caption="Writes that would be handled again" writes={toRing} />
          <form method="post" action={`${inboxPath}/replay`} class="actions">
            <CsrfField token={viewer.csrf} />
            {rung.map((event) => (
              <input type="hidden" name="event" value={event} />
            ))}
            <button type="submit">Replay {counted(rung.length, 'event')}</button>
            <a class="button quiet" href={back}>
              Cancel
            </a>
          </form>
        </section>
      )}
      {settled.length > 0 && (
        <section aria-labelledby="left">
          <h2 id="left">Left as they are</h2>
          <p class="aside">What was received decided these; done again they would come to the same.</p>
          <Groups writes={settled} />
        </section>
      )}
      {toRing.length === 0 && (
        <p>
          <a class="button quiet" href={back}>
            Back
          </a>
        </p>
      )}
    </PanelPage>
  )
}

/** What has become of a replay until now. */
export const ReplayedPage: FC<{
  viewer: Viewer
  handled: readonly ReplayWrite[]
  open: readonly ReplayWrite[]
  settled: readonly ReplayWrite[]
}> = ({ viewer, handled, open, settled }) => {
  const events = [...new Set([...handled, ...open].map(({ event }) => event))]
  return (
    <PanelPage title="Replayed" at={inboxPath} viewer={viewer}>
      <div class="head">
        <h1>
          {events.length === 0
            ? 'There was nothing to replay'
            : `Rang for ${counted(events.length, 'event')}`}
        </h1>
        {handled.length > 0 && open.length === 0 && <p>Every write was handled.</p>}
        {open.length > 0 && (
          <p>
            {counted(open.length, 'write')} not handled yet: the workers take them up; see{' '}
            <a href="/operator/queues">the queues</a>.
          </p>
        )}
      </div>
      {handled.length > 0 && (
        <section aria-labelledby="handled">
          <h2 id="handled">Handled</h2>
          <Writes caption="Writes that were handled" writes={handled} />
        </section>
      )}
      {open.length > 0 && (
        <section aria-labelledby="open">
          <h2 id="open">Not handled yet</h2>
          <Writes caption="Writes that were not handled yet" writes={open} />
        </section>
      )}
      {settled.length > 0 && (
        <section aria-labelledby="left">
          <h2 id="left">Left as they are</h2>
          <Groups writes={settled} />
        </section>
      )}
      <p>
        <a class="button quiet" href={inboxPath}>
          Back to the inbox
        </a>
      </p>
    </PanelPage>
  )
}

/** How many of which kind. */
const Groups: FC<{ writes: readonly ReplayWrite[] }> = ({ writes }) => {
  const counts = new Map<string, { one: ReplayWrite; count: number }>()
  for (const one of writes) {
    const key = [one.write, one.type, one.state, one.reason].join(' ')
    counts.set(key, { one, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return (
    <Table
      caption="By kind"
      rows={[...counts.values()].sort((a, b) => b.count - a.count).slice(0, mostListed)}
      columns={[
        { title: 'Type', names: true, cell: ({ one }) => <TypeName type={one.type} /> },
        { title: 'Write', cell: ({ one }) => one.write },
        {
          title: 'State',
          cell: ({ one }) => <WriteState state={one.state} reason={one.reason} waitingOn={null} />,
        },
        { title: 'Writes', cell: ({ count }) => count.toLocaleString('en') },
      ]}
    />
  )
}

const Writes: FC<{ caption: string; writes: readonly ReplayWrite[] }> = ({ caption, writes }) =>
  writes.length <= fewWrites ? (
    <List caption={caption} writes={writes} />
  ) : (
    <>
      <Groups writes={writes} />
      <details>
        <summary>
          {writes.length > mostListed ? `The first ${mostListed} of ` : 'All '}
          {counted(writes.length, 'write')}
        </summary>
        <List caption={caption} writes={writes.slice(0, mostListed)} />
      </details>
    </>
  )

const List: FC<{ caption: string; writes: readonly ReplayWrite[] }> = ({ caption, writes }) => (
  <Table
    caption={caption}
    rows={writes}
    columns={[
      eventColumn,
      { title: 'Write', cell: (row) => row.write },
      { title: 'State', cell: (row) => <WriteState {...row} /> },
    ]}
  />
)

function headingOf(asked: number, rung: number): string {
  if (rung > 0) return `Replay ${counted(rung, 'event')}?`
  return asked === 0 ? 'No event was chosen' : 'There is nothing to replay'
}
