/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Endpoint } from '../../outbound/endpoints.ts'
import { ActionForm } from './action-form.tsx'
import type { Ask } from './ask.ts'
import type { Viewer } from './layout.tsx'
import { nameOfEndpoint, webhookEndpointsPath } from './webhook-endpoint-name.ts'

/** What an operator may do about one endpoint. Each asks first, and shows which it is: two may have one name. */
export const EndpointActions: FC<{ viewer: Viewer; endpoint: Endpoint }> = ({ viewer, endpoint }) => (
  <>
    {asksFor(endpoint).map(({ verb, label, ...ask }) => (
      <>
        <ActionForm
          viewer={viewer}
          action={`${webhookEndpointsPath}/${endpoint.endpointId}/${verb}`}
          label={label}
          ask={{
            ...ask,
            reason: 'optional',
            back: webhookEndpointsPath,
            shows: { address: 'Address' },
          }}
        >
          <input type="hidden" name="address" value={endpoint.url} />
        </ActionForm>{' '}
      </>
    ))}
  </>
)

type Asked = Omit<Ask, 'back' | 'reason'> & { verb: string; label: string }

function asksFor(endpoint: Endpoint): Asked[] {
  const { disabledAt, parked, failures, lastError, oldSecretUntil } = endpoint
  const name = nameOfEndpoint(endpoint)
  const asks: Asked[] = []
  if (disabledAt !== null) {
    asks.push({
      verb: 'enable',
      label: 'Enable…',
      title: `Enable ${name}?`,
      will: 'It is told of all that it missed, however long ago, in order, and then of what comes.',
      button: 'Enable',
    })
  } else if (parked > 0 || failures > 0 || lastError !== null) {
    asks.push({
      verb: 'enable',
      label: 'Send again…',
      title: `Send what waits to ${name} again?`,
      will: 'What waits is tried at once, in order, and with it what was parked.',
      button: 'Send again',
    })
  }
  asks.push({
    verb: 'rotate-secret',
    label: 'Rotate secret…',
    title: `Rotate the secret of ${name}?`,
    will:
      'You see the new one once, on the next page. For 24 hours each message is signed with both, then with the new one alone.' +
      (oldSecretUntil ? ' The new one of the last time, whose day is not over, is gone at once.' : ''),
    button: 'Rotate secret',
  })
  if (disabledAt === null) {
    asks.push({
      verb: 'disable',
      label: 'Disable…',
      title: `Disable ${name}?`,
      will: 'It is told nothing until it is enabled again, and then of all that it missed.',
      button: 'Disable',
      danger: true,
    })
  }
  asks.push({
    verb: 'delete',
    label: 'Delete…',
    title: `Delete ${name}?`,
    will: 'It is told nothing more, and what waits for it is gone. It cannot be taken back.',
    button: 'Delete',
    danger: true,
  })
  return asks
}
