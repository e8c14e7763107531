/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx'
import type { FoundEvent } from '../../stripe/inbox/search-inbox.ts'
import { addressWith, type TypedFilters } from '../event-filters.ts'
import { EventSearchForm } from './event-search-form.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { type Column, Pages, Table } from './table.tsx'
import { Time } from './time.tsx'
import { TypeName } from './type-name.tsx'
import { WriteState } from './write-state.tsx'

export const inboxPath = '/operator/events'

/** The page of one event, whatever its id is made of. */
export function eventPath(event: string): string {
  return `${inboxPath}/${encodeURIComponent(event)}`
}

export type EventsPageData = {
  viewer: Viewer
  search: TypedFilters
  rows: readonly FoundEvent[]
  /** Where the next page begins; null: this was the last. */
  next: string | null
  /** Whether this is a page after the first. */
  later: boolean
  /** Why nothing could be searched; '' when it could. */
  fault: string
}

/** What names a row that is about an event: its type, which leads to its page, and its id. */
export const eventColumn: Column<{ event: string; type: string }> = {
  title: 'Event',
  names: true,
  cell: ({ event, type }) => (
    <>
      <a href={eventPath(event)}>
        <TypeName type={type} />
      </a>
      <code class="id">{event}</code>
    </>
  ),
}

const columns: readonly Column<FoundEvent>[] = [
  { title: 'Received', cell: (row) => <Time at={row.receivedAt} /> },
  eventColumn,
  { title: 'About', cell: (row) => <About row={row} /> },
  { title: 'Enrollment', cell: (row) => <WriteState {...row.writes[0]!} /> },
  { title: 'Changes', cell: (row) => <WriteState {...row.writes[1]!} /> },
]

const choice: Column<FoundEvent> = {
  title: 'Choose',
  control: true,
  cell: (row) => (
    <input type="checkbox" name="event" value={row.event} aria-label={`Choose ${row.type} ${row.event}`} />
  ),
}

/** The inbox: what Stripe told, and how it stands. */
export const EventsPage: FC<EventsPageData> = ({ viewer, search, rows, next, later, fault }) => {
  const mayReplay = viewer.role === 'operator'
  const searched = Object.keys(search.typed).length > 0
  const address = (more: Record<string, string>) => addressWith(inboxPath, search.typed, more)
  return (
    <PanelPage title="Inbox" at={inboxPath} viewer={viewer}>
      <div class="head">
        <h1>Inbox</h1>
        <p class="aside">
          What Stripe told, the newest arrival first. <span data-zone="">Times are UTC.</span>
        </p>
      </div>
      <EventSearchForm path={inboxPath} search={search} />
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {rows.length === 0 && !fault && <Nothing searched={searched} later={later} />}
      {rows.length > 0 && (
        <List mayReplay={mayReplay}>
          <Table
            caption="Events of the inbox"
            columns={mayReplay ? [choice, ...columns] : columns}
            rows={rows}
          />
          <div class="below">
            {mayReplay && (
              <div class="actions">
                <button type="submit">Replay chosen…</button>
                {searched && (
                  <a
                    class="button quiet"
                    href={addressWith(`${inboxPath}/replay`, search.typed, { all: 'yes' })}
                  >
                    Replay all that match…
                  </a>
                )}
              </div>
            )}
            <Pages
              newest={later ? address({}) : null}
              older={next && address({ cursor: next })}
              shown={rows.length}
            />
          </div>
        </List>
      )}
    </PanelPage>
  )
}

/** For whoever may replay, a form: its checkboxes are what is chosen. */
const List: FC<{ mayReplay: boolean; children?: Child }> = ({ mayReplay, children }) =>
  mayReplay ? (
    <form method="get" action={`${inboxPath}/replay`} class="list">
      {children}
    </form>
  ) : (
    <div class="list">{children}</div>
  )

const About: FC<{ row: FoundEvent }> = ({ row }) => {
  const { organization, customer, subscription } = row
  const link = (name: string, value: string) => addressWith(inboxPath, { [name]: value })
  if (!organization && !customer && !subscription) return <span class="aside">–</span>
  return (
    <span class="about">
      {organization && <a href={link('organization', organization.id)}>{organization.name}</a>}
      {/* An organization that was provisioned for a customer may have no other name. */}
      {customer && customer !== organization?.name && (
        <a href={link('customer', customer)}>
          <code>{customer}</code>
        </a>
      )}
      {subscription && (
        <a href={link('subscription', subscription)}>
          <code>{subscription}</code>
        </a>
      )}
    </span>
  )
}

const Nothing: FC<{ searched: boolean; later: boolean }> = ({ searched, later }) => (
  <section class="empty">
    {searched || later ? (
      <>
        <h2>Nothing matches.</h2>
        <p>
          Take a filter away, or <a href={inboxPath}>see the whole inbox</a>. An event that Stripe shows and
          this list does not was not delivered: <code>stepladder replay missed</code> fetches it.
        </p>
      </>
    ) : (
      <>
        <h2>Nothing has come yet.</h2>
        <p>
          Point an endpoint of Stripe at <code>/webhooks/stripe</code>, or play some lives:{' '}
          <code>stepladder simulate --subscriptions 20</code>
        </p>
      </>
    )}
  </section>
)
