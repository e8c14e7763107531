/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { CatalogChoices } from '../../billing/catalog-choices.ts'
import type { CauseExplained } from '../../stripe/enrollment/explain-cause.ts'
import { Time } from './time.tsx'

/** What a move came of: an event with a way to its story, an answer of Stripe's, or somebody's decision. */
export const CauseTold: FC<{ cause: CauseExplained; choices: CatalogChoices }> = ({ cause, choices }) => {
  const { event, fetch, decision } = cause
  if (event)
    return (
      <span class="why">
        By <a href={`/operator/events/${encodeURIComponent(event.event)}`}>{event.type}</a>, made{' '}
        <Time at={new Date(event.created_at)} />
        {event.overtaken_by.length > 0 && `; it came after ${event.overtaken_by.join(', ')}, which is later`}
      </span>
    )
  if (fetch)
    return (
      <span class="why">
        By asking Stripe about {fetch.subscription} at <Time at={new Date(fetch.fetched_at)} />
        {fetch.status && `, which said ${fetch.status}`}
      </span>
    )
  if (decision) {
    const product = choices.productNames[decision.product] ?? decision.product
    const what = decision.what === 'ceiling' ? `at most ${product}` : `${decision.what} grant of ${product}`
    return (
      <span class="why">
        By {decision.given_by ?? 'nobody known'}: {what}, <Time at={new Date(decision.given_at)} />
      </span>
    )
  }
  // An organization's beginning, or a transfer, is told by the reason.
  if (cause.kind === 'organization') return null
  return <span class="why">By {[cause.kind, cause.id].filter(Boolean).join(' ')}</span>
}
