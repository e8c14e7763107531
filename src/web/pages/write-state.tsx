/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { WriteState as State } from '../../stripe/inbox/search-inbox.ts'

/** How a write stands, in a word and a colour, and why. */
export const WriteState: FC<{ state: State; reason: string | null; waitingOn: string | null }> = ({
  state,
  reason,
  waitingOn,
}) => (
  <span class="state">
    <span class={`badge ${state}`}>{state}</span>{' '}
    {reason && <span class="why">{reason.replaceAll('_', ' ')}</span>}
    {waitingOn && (
      <span class="why">
        on <code>{waitingOn}</code>
      </span>
    )}
  </span>
)
