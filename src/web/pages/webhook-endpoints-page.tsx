/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Endpoint } from '../../outbound/endpoints.ts'
import { counted } from '../counted.ts'
import type { Faults, Typed } from '../read-form.ts'
import { ActionForm } from './action-form.tsx'
import { TextField } from './fields.tsx'
import { PanelPage, type Viewer } from './layout.tsx'
import { ShownOncePage } from './shown-once.tsx'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'
import { EndpointActions } from './webhook-endpoint-actions.tsx'
import { nameOfEndpoint, webhookEndpointsPath } from './webhook-endpoint-name.ts'

export type WebhookEndpointsPageData = {
  viewer: Viewer
  endpoints: readonly Endpoint[]
  typed: Typed
  faults: Faults
}

/** Where other systems of the tenant are told of moves, without their secrets. */
export const WebhookEndpointsPage: FC<WebhookEndpointsPageData> = ({ viewer, endpoints, typed, faults }) => (
  <PanelPage title="Webhook endpoints" at={webhookEndpointsPath} viewer={viewer}>
    <div class="head">
      <h1>Webhook endpoints</h1>
      <p class="aside">
        Where other systems are told of each move between tiers, signed. Stripe’s own webhooks come in
        elsewhere: see <a href="/operator/events">Events</a>. <span data-zone="">Times are UTC.</span>
      </p>
    </div>
    {endpoints.length === 0 ? (
      <section class="empty">
        <h2>No other system is told of moves.</h2>
        <p>
          {viewer.role === 'operator'
            ? 'Add an endpoint below: it is told of every move from then on.'
            : 'An operator can add an endpoint: it is told of every move from then on.'}
        </p>
      </section>
    ) : (
      <Table caption="Webhook endpoints" rows={endpoints} columns={columns(viewer)} />
    )}
    {viewer.role === 'operator' && (
      <section aria-labelledby="new">
        <h2 id="new">A new endpoint</h2>
        <NewEndpoint viewer={viewer} typed={typed} faults={faults} />
      </section>
    )}
  </PanelPage>
)

function columns(viewer: Viewer): Column<Endpoint>[] {
  const shown: Column<Endpoint>[] = [
    {
      title: 'Address',
      names: true,
      cell: ({ url, description }) => (
        <>
          <code>{url}</code>
          {description && <span class="id">{description}</span>}
        </>
      ),
    },
    { title: 'Since', cell: ({ createdAt }) => <Time at={createdAt} seconds={false} /> },
    { title: 'State', cell: (endpoint) => <State endpoint={endpoint} /> },
    {
      title: 'Waits',
      cell: ({ pending, parked }) =>
        pending === 0 ? (
          <span>nothing</span>
        ) : (
          <span class="state">
            <span>{counted(pending, 'message')}</span>
            {parked > 0 && <span class="badge parked">{parked.toLocaleString('en')} of them parked</span>}
          </span>
        ),
    },
    {
      title: 'Failures',
      cell: ({ failures }) => (
        <span>{failures === 0 ? 'none' : `${failures.toLocaleString('en')} in a row`}</span>
      ),
    },
    { title: 'Last answer', cell: (endpoint) => <LastAnswer endpoint={endpoint} /> },
  ]
  if (viewer.role !== 'operator') return shown
  const actions: Column<Endpoint> = {
    title: 'Change',
    control: true,
    cell: (endpoint) => <EndpointActions viewer={viewer} endpoint={endpoint} />,
  }
  return [...shown, actions]
}

const State: FC<{ endpoint: Endpoint }> = ({ endpoint: { disabledAt, disabledWhy, oldSecretUntil } }) => (
  <span class="state">
    {disabledAt === null ? (
      <span class="badge done">enabled</span>
    ) : (
      <>
        <span class={`badge ${disabledWhy === 'failing' ? 'parked' : ''}`}>disabled</span>
        <Time at={disabledAt} seconds={false} />
        <span class="why">
          {disabledWhy === 'failing' ? 'it took nothing for three days' : 'by an operator'}
        </span>
      </>
    )}
    {oldSecretUntil && (
      <span class="why">
        its old secret signs too until <Time at={oldSecretUntil} seconds={false} />
      </span>
    )}
  </span>
)

/** What it said to what it refused and still waits, and when it took something. */
const LastAnswer: FC<{ endpoint: Endpoint }> = ({ endpoint: { lastError, lastTakenAt } }) => (
  <>
    {lastError && <span>{lastError}</span>}
    {lastTakenAt && (
      <span class={lastError ? 'id' : undefined}>
        {lastError ? 'Others taken' : 'Taken'} <Time at={lastTakenAt} seconds={false} />
      </span>
    )}
    {!lastError && !lastTakenAt && <span class="why">none in the last week</span>}
  </>
)

const NewEndpoint: FC<{ viewer: Viewer; typed: Typed; faults: Faults }> = ({ viewer, typed, faults }) => (
  <ActionForm
    viewer={viewer}
    action={webhookEndpointsPath}
    look="card"
    label="Add the endpoint…"
    ask={{
      title: 'Add this endpoint?',
      will: 'It is told of every move from now on. You see its secret once, on the next page.',
      button: 'Add the endpoint',
      back: webhookEndpointsPath,
      shows: { url: 'Address', description: 'What it is' },
    }}
  >
    <div class="form">
      <div class="wide">
        <TextField
          name="url"
          label="Address"
          value={typed.url}
          fault={faults.url}
          hint="Such as https://example.com/hooks: the open net has to reach it."
          required
          maxlength={2_000}
          code
        />
      </div>
      <TextField
        name="description"
        label="What it is"
        value={typed.description}
        fault={faults.description}
        hint="For those who read this list. May be empty."
        maxlength={500}
      />
    </div>
  </ActionForm>
)

/** The one time that an endpoint's secret is seen: its first one, or the one that takes another's place. */
export const WebhookSecretPage: FC<{
  viewer: Viewer
  endpoint: Pick<Endpoint, 'url' | 'description' | 'oldSecretUntil'>
  secret: string
}> = ({ viewer, endpoint, secret }) => (
  <ShownOncePage
    viewer={viewer}
    title="A new secret"
    at={webhookEndpointsPath}
    of={nameOfEndpoint(endpoint)}
    what="secret"
    secret={secret}
  >
    The other system checks each message with it, by any library of Standard Webhooks.{' '}
    {endpoint.oldSecretUntil && (
      <>
        Until <Time at={endpoint.oldSecretUntil} seconds={false} /> the old one signs beside it: put this one
        in its place before then. <span data-zone="">Times are UTC.</span>
      </>
    )}
  </ShownOncePage>
)
