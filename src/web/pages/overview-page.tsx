/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx'
import type { Alarm } from '../../stripe/alarms.ts'
import type { Minute } from '../../stripe/inbox/arrivals-by-minute.ts'
import type { ReconcileStanding } from '../../stripe/reconcile/reconcile-standing.ts'
import type { Concern } from '../concerns.ts'
import { counted } from '../counted.ts'
import type { Standing } from '../standing.ts'
import { Alarms } from './alarms.tsx'
import { Bars, Spans } from './charts.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { lengthOf, Time } from './time.tsx'

export const overviewPath = '/operator'

export type OverviewData = {
  viewer: Viewer
  /** null, here and below: it could not be read just now. */
  standing: Standing | null
  minutes: readonly Minute[] | null
  reconciled: ReconcileStanding | null
  concerns: readonly Concern[]
  /** null: they are for the operators of the deployment. */
  alarms: readonly Alarm[] | null
  now: Date
}

/** How it goes: the figures of the last hour, and what needs a person. */
export const OverviewPage: FC<OverviewData> = (data) => {
  const { viewer, standing, minutes, concerns, alarms } = data
  return (
    <PanelPage title="Overview" at={overviewPath} viewer={viewer}>
      <div class="head">
        <h1>Overview</h1>
        <p class="aside">
          The whole deployment, as it stands. <span data-zone="">Times are UTC.</span>
        </p>
      </div>
      {standing === null ? (
        <p class="flash fault" role="alert">
          The figures cannot be read just now. Load the page again; <a href="/readyz">readiness</a> says what
          does not answer.
        </p>
      ) : (
        <Concerns concerns={concerns} />
      )}
      <section class="figures" aria-label="Figures">
        {minutes && <Received minutes={minutes} />}
        {minutes && <Applied minutes={minutes} />}
        {standing && <Backlog standing={standing} />}
        {standing && <Held standing={standing} />}
        {standing && <Gaps standing={standing} />}
        <Reconciled {...data} />
      </section>
      <section id="alarms" aria-labelledby="alarms-title">
        <h2 id="alarms-title">Alarms</h2>
        {alarms === null ? (
          <p class="empty small">Alarms are for the operators of the deployment, the tenant `default`.</p>
        ) : (
          <Alarms viewer={viewer} alarms={alarms} />
        )}
      </section>
    </PanelPage>
  )
}

const Concerns: FC<{ concerns: readonly Concern[] }> = ({ concerns }) =>
  concerns.length === 0 ? (
    <p class="flash done">Nothing needs you.</p>
  ) : (
    <div class="flash held">
      <p>
        {concerns.length === 1 ? 'One thing needs' : `${concerns.length} things need`} a look:{' '}
        {concerns.map(({ says, href }, n) => (
          <>
            {n > 0 && ', '}
            <a href={href}>{says}</a>
          </>
        ))}
        .
      </p>
    </div>
  )

/** A figure, what it is of, and what belongs beside it. */
const Figure: FC<{ name: string; figure: Child; id?: string; children?: Child }> = ({
  name,
  figure,
  id,
  children,
}) => (
  <article class="card plain figure" id={id}>
    <h2>{name}</h2>
    <p class="number">{figure}</p>
    {children}
  </article>
)

const HourAxis: FC = () => (
  <p class="axis" aria-hidden="true">
    <span>an hour ago</span>
    <span>now</span>
  </p>
)

const Received: FC<{ minutes: readonly Minute[] }> = ({ minutes }) => {
  const counts = minutes.map(({ received }) => received)
  const [before, present] = [counts.at(-2) ?? 0, counts.at(-1) ?? 0]
  const inAnHour = counts.reduce((sum, count) => sum + count, 0)
  const most = Math.max(...counts).toLocaleString('en')
  return (
    <Figure name="Events received" figure={inAnHour.toLocaleString('en')}>
      <p class="aside">
        in the last hour; {before.toLocaleString('en')} in the minute before this one, and{' '}
        {present.toLocaleString('en')} in this one so far
      </p>
      <Bars
        values={minutes.map(({ at, received }, n) => {
          const running = n === minutes.length - 1
          return {
            value: received,
            running,
            says: `${clockOf(at)}: ${counted(received, 'event')}${running ? ' so far' : ''}`,
          }
        })}
        summary={`Events received in each minute of the last hour: at most ${most}, and ${present.toLocaleString('en')} in this one so far`}
      />
      <HourAxis />
    </Figure>
  )
}

const Applied: FC<{ minutes: readonly Minute[] }> = ({ minutes }) => {
  const last = minutes.findLast(({ applied }) => applied !== null)?.applied ?? null
  const longest = Math.max(...minutes.map(({ applied }) => applied?.p99 ?? 0))
  return (
    <Figure name="Received to applied" figure={last ? secondsOf(last.p50) : '–'}>
      <p class="aside">
        {last
          ? `half of them sooner; 99 % within ${secondsOf(last.p99)}`
          : 'no event came to a tier in the last hour'}
      </p>
      <Spans
        values={minutes.map(({ at, applied }) =>
          applied
            ? {
                low: applied.p50,
                high: applied.p99,
                says: `${clockOf(at)}: half within ${secondsOf(applied.p50)}, 99 % within ${secondsOf(applied.p99)}`,
              }
            : null,
        )}
        summary={
          last
            ? `From receipt to the committed tier, in each minute of the last hour: 99 % within ${secondsOf(longest)} in the slowest`
            : 'Nothing to show: no event came to a tier in the last hour'
        }
      />
      <HourAxis />
    </Figure>
  )
}

const Backlog: FC<{ standing: Standing }> = ({ standing: { backlog } }) => (
  <Figure name="Backlog" figure={(backlog.enrollment + backlog['subscription-changes']).toLocaleString('en')}>
    <p class="aside">writes that no worker took up yet</p>
    <dl class="pairs">
      <dt>enrollment</dt>
      <dd>{backlog.enrollment.toLocaleString('en')}</dd>
      <dt>subscription changes</dt>
      <dd>{backlog['subscription-changes'].toLocaleString('en')}</dd>
    </dl>
  </Figure>
)

const Held: FC<{ standing: Standing }> = ({ standing: { parked, waiting, unresolved } }) => {
  const sum = (counts: readonly { count: number }[]) => counts.reduce((total, { count }) => total + count, 0)
  return (
    <Figure
      name="Held"
      figure={<a href="/operator/waiting">{(sum(parked) + sum(waiting)).toLocaleString('en')}</a>}
    >
      <p class="aside">writes that wait for something, or for a person</p>
      <dl class="pairs">
        <dt>waiting</dt>
        <dd>{sum(waiting).toLocaleString('en')}</dd>
        <dt>parked</dt>
        <dd class={sum(parked) > 0 ? 'bad' : undefined}>{sum(parked).toLocaleString('en')}</dd>
        <dt>subscriptions not settled</dt>
        <dd class={sum(unresolved) > 0 ? 'bad' : undefined}>{sum(unresolved).toLocaleString('en')}</dd>
      </dl>
    </Figure>
  )
}

const Gaps: FC<{ standing: Standing }> = ({ standing: { gapWatch, fetches } }) => (
  <Figure name="Gaps" figure={gapWatch ? gapWatch.found.toLocaleString('en') : '–'} id="gaps">
    <p class="aside">
      {gapWatch
        ? 'events that Stripe listed, nobody had delivered, and the gap watch took in, ever'
        : 'nobody has compared the inbox with Stripe’s list: that needs STRIPE_API_KEY'}
    </p>
    <dl class="pairs">
      {gapWatch && (
        <>
          <dt>compared until</dt>
          <dd>{lengthOf(Math.max(gapWatch.behind, 0))} ago</dd>
        </>
      )}
      <dt>answers of Stripe kept</dt>
      <dd>{fetches.kept.toLocaleString('en')}</dd>
    </dl>
  </Figure>
)

const Reconciled: FC<OverviewData> = ({ reconciled, now }) => {
  if (reconciled === null)
    return (
      <Figure name="Last reconcile" figure="–" id="reconcile">
        <p class="aside">It cannot be read just now.</p>
      </Figure>
    )
  const { endedAt, counts, verifiedShare } = reconciled
  const differs = counts.filter(({ outcome }) => outcome === 'differs')
  return (
    <Figure
      name="Last reconcile"
      figure={endedAt ? `${lengthOf(now.getTime() / 1000 - endedAt)} ago` : 'never'}
      id="reconcile"
    >
      <p class="aside">
        {endedAt ? (
          <Time at={new Date(endedAt * 1000)} seconds={false} now={now} />
        ) : (
          'with STRIPE_API_KEY it runs every night, or now: stepladder reconcile'
        )}
      </p>
      <dl class="pairs">
        {endedAt !== null && (
          <>
            <dt>differences left</dt>
            <dd class={differs.length > 0 ? 'bad' : undefined}>
              {differs.reduce((sum, { count }) => sum + count, 0).toLocaleString('en')}
            </dd>
          </>
        )}
        {differs.map((one) => (
          <>
            <dt>{one.class.replaceAll('_', ' ')}</dt>
            <dd>{one.count.toLocaleString('en')}</dd>
          </>
        ))}
        {verifiedShare !== null && (
          <>
            <dt>payers verified within a day</dt>
            <dd>{Math.floor(verifiedShare * 100)} %</dd>
          </>
        )}
      </dl>
    </Figure>
  )
}

function clockOf(at: Date): string {
  return `${at.toISOString().slice(11, 16)} UTC`
}

/** Short, and never nought: `8 ms`, `1.2 s`, `3 minutes`. */
function secondsOf(seconds: number): string {
  if (seconds < 1) return `${Math.max(Math.round(seconds * 1000), 1)} ms`
  return seconds < 120 ? `${seconds.toFixed(1)} s` : lengthOf(seconds)
}
