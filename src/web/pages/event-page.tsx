/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { EventStory, WriteStory } from '../../stripe/inbox/event-story.ts'
import type { TrailNeighbour } from '../../stripe/inbox/trail-neighbours.ts'
import { addressWith } from '../event-filters.ts'
import { CausedBy } from './caused-by.tsx'
import { EventBody } from './event-body.tsx'
import { eventPath, inboxPath } from './events-page.tsx'
import { Facts } from './facts.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { Table } from './table.tsx'
import { lengthOf, Time } from './time.tsx'
import { TypeName } from './type-name.tsx'
import { WriteState } from './write-state.tsx'

export type EventPageData = {
  viewer: Viewer
  story: EventStory
  neighbours: readonly TrailNeighbour[]
  body: Buffer | null
}

const writeNames = { enrollment: 'Enrollment', 'subscription-changes': 'Subscription changes' }

/** One event: what it said, what became of both writes, what it caused, and what stands around it. */
export const EventPage: FC<EventPageData> = ({ viewer, story, neighbours, body }) => (
  <PanelPage title={`${story.type} ${story.event}`} at={inboxPath} viewer={viewer}>
    <div class="head">
      <p class="aside">
        <a href={inboxPath}>Inbox</a>
      </p>
      <h1>
        <TypeName type={story.type} />
      </h1>
      <code class="id">{story.event}</code>
      {viewer.role === 'operator' && (
        <form method="get" action={`${inboxPath}/replay`} class="actions">
          <input type="hidden" name="event" value={story.event} />
          <button type="submit" class="quiet">
            Replay…
          </button>
        </form>
      )}
    </div>
    <section aria-labelledby="facts">
      <h2 id="facts">What came</h2>
      <Envelope story={story} />
    </section>
    <section aria-labelledby="writes">
      <h2 id="writes">What was done about it</h2>
      <div class="cards">
        {story.writes.map((write) => (
          <WriteCard write={write} />
        ))}
      </div>
    </section>
    <section aria-labelledby="caused">
      <h2 id="caused">What it caused</h2>
      <CausedBy caused={story.caused} />
    </section>
    {neighbours.length > 0 && <Trail story={story} neighbours={neighbours} />}
    <section aria-labelledby="body">
      <h2 id="body">Its body</h2>
      <EventBody event={story.event} body={body} />
    </section>
  </PanelPage>
)

const Envelope: FC<{ story: EventStory }> = ({ story }) => {
  const { organization, subscription, customer, arrival } = story
  const linked = (name: string, value: string | null) =>
    value === null ? null : (
      <a href={addressWith(inboxPath, { [name]: value })}>
        <code>{value}</code>
      </a>
    )
  return (
    <Facts
      facts={[
        ['Created by Stripe', <Time at={story.created} />],
        [
          'Received',
          <>
            <Time at={story.receivedAt} />
            {arrival.secondsLate >= 60 && <span class="why">{lengthOf(arrival.secondsLate)} later</span>}
          </>,
        ],
        [
          'Order',
          arrival.overtakenBy.length === 0 ? null : (
            <>
              out of order:{' '}
              {arrival.overtakenBy.length === 1
                ? 'a later event'
                : `${arrival.overtakenBy.length} later events`}{' '}
              came first
            </>
          ),
        ],
        [
          'Organization',
          organization && (
            <>
              <a href={addressWith(inboxPath, { organization: organization.id })}>{organization.name}</a>
              <span class="why">by {organization.linkedBy.replaceAll('_', ' ')}</span>
            </>
          ),
        ],
        ['Customer', linked('customer', customer)],
        ['Subscription', linked('subscription', subscription)],
        [
          'Object',
          story.objectType && (
            <>
              {story.objectType} {story.objectId && <code>{story.objectId}</code>}
            </>
          ),
        ],
        ['On the trail', story.trailKind],
        ['Came by', story.source],
        ['Mode', story.mode],
        ['API version', story.apiVersion],
        ['Request', story.request && <code>{story.request}</code>],
        ['Account', story.account && <code>{story.account}</code>],
      ]}
    />
  )
}

const WriteCard: FC<{ write: WriteStory }> = ({ write }) => (
  <article class="card plain">
    <h3>{writeNames[write.write]}</h3>
    <p>
      <WriteState {...write} />
    </p>
    {write.detail && <pre class="detail">{write.detail}</pre>}
    <Facts
      facts={[
        ['Attempts', write.attempts === 0 ? null : String(write.attempts)],
        ['Handled', write.handledAt && <Time at={write.handledAt} />],
        ['Again by itself', write.dueAt && <Time at={write.dueAt} />],
      ]}
    />
    {write.state === 'received' && <p class="aside">Nobody took it up yet.</p>}
  </article>
)

const Trail: FC<{ story: EventStory; neighbours: readonly TrailNeighbour[] }> = ({ story, neighbours }) => (
  <section aria-labelledby="trail">
    <h2 id="trail">Around it on the subscription’s trail</h2>
    <Table
      caption="The same subscription’s events, as Stripe dates them"
      rows={neighbours}
      isCurrent={(row) => row.event === story.event}
      columns={[
        { title: 'Created', cell: (row) => <Time at={row.created} /> },
        {
          title: 'Event',
          names: true,
          cell: (row) => (
            <>
              {row.event === story.event ? (
                <TypeName type={row.type} />
              ) : (
                <a href={eventPath(row.event)}>
                  <TypeName type={row.type} />
                </a>
              )}
              <code class="id">{row.event}</code>
            </>
          ),
        },
        { title: 'Step', cell: (row) => row.trailKind },
        { title: 'Status after', cell: (row) => row.status ?? '–' },
        { title: 'Received', cell: (row) => <Time at={row.receivedAt} /> },
      ]}
    />
    <p class="aside">
      Times within five seconds say nothing of the order; the trail does.{' '}
      <a href={addressWith(inboxPath, { subscription: story.subscription! })}>All its events</a>
    </p>
  </section>
)
