import { type Envelope, idOf, textOf } from './envelope.ts'
import { organizationIn } from './subscription-state.ts'

/** That a Stripe customer belongs to an organization, in the words that the integrator gave to Stripe. */
export type Link = {
  customer: string
  /** The organization's id or external key, as written at Stripe; trimmed. */
  reference: string
  by: 'client_reference_id' | 'metadata'
}

/**
 * The link that an event carries, or null. Looks at the type and not at `object.object`, which some versions leave out.
 * A deleted customer links nothing: it can no longer pay for anybody.
 */
export function linkOf(envelope: Envelope): Link | null {
  if (envelope.kind !== 'snapshot') return null
  const { type, object } = envelope.event
  if (type === 'checkout.session.completed') {
    const customer = idOf(object.customer)
    if (customer === null) return null
    const reference =
      typeof object.client_reference_id === 'string' ? textOf(object.client_reference_id.trim()) : null
    if (reference !== null) return { customer, reference, by: 'client_reference_id' }
    return byMetadata(customer, organizationIn(object))
  }
  if (type.startsWith('customer.subscription.'))
    return byMetadata(idOf(object.customer), organizationIn(object))
  if (type === 'customer.created' || type === 'customer.updated')
    return byMetadata(textOf(object.id), organizationIn(object))
  return null
}

function byMetadata(customer: string | null, reference: string | null): Link | null {
  return customer === null || reference === null ? null : { customer, reference, by: 'metadata' }
}
