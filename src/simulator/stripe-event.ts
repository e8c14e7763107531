import type { Life, LifeEvent } from './life.ts'
import { previousValues } from './previous-values.ts'
import { API_VERSION, customerObject, type StripeObject, subscriptionObject } from './stripe-object.ts'

/** The snapshot event that Stripe sends for one event of a life. */
export function stripeEvent(event: LifeEvent): StripeObject {
  const object = subscriptionObject(event.after)
  const changed = event.type === 'customer.subscription.updated' && event.before !== null
  const data = changed
    ? { object, previous_attributes: previousValues(subscriptionObject(event.before!), object) }
    : { object }
  return envelope(event.event, event.type, event.created, event.request, data)
}

/** The `customer.created` that comes before everything else of a life. */
export function customerCreated(life: Life): StripeObject {
  const first = life.events[0]!
  const created = first.after.started - 1
  const request = `req_sim_customer_${life.index}`
  return envelope(customerEventId(life), 'customer.created', created, request, {
    object: customerObject(life.customer, created),
  })
}

export function customerEventId(life: Life): string {
  return `evt_sim_of_${life.customer}`
}

function envelope(
  id: string,
  type: string,
  created: number,
  request: string | null,
  data: StripeObject,
): StripeObject {
  return {
    id,
    object: 'event',
    api_version: API_VERSION,
    created,
    data,
    livemode: false,
    pending_webhooks: 1,
    request: { id: request, idempotency_key: request && `key_${request}` },
    type,
  }
}
