/** As much of a held write as its remedy is told from. */
export type Held = {
  event: string
  state: 'received' | 'waiting' | 'parked'
  reason: string | null
  /** The named thing that has to arrive: `price:…`, `customer:…`, `trail:…`. */
  on: string | null
}

/** The one action that frees a held write, in one sentence; docs/operations.md says more about each. Pure. */
export function freeingAction(held: Held): string {
  if (held.state === 'received')
    return 'Nothing: a worker takes it up by itself. If it stays, see whether workers run.'
  const told = held.reason !== null && Object.hasOwn(actions, held.reason) ? actions[held.reason]! : null
  if (told) return told({ ...held, thing: held.on?.slice(held.on.indexOf(':') + 1) ?? '' })
  return held.state === 'waiting'
    ? `Once it is there: stepladder replay waiting --on ${held.on}`
    : `Mend the cause, then: stepladder replay event ${held.event}`
}

type Action = (held: Held & { thing: string }) => string

const missing: Action = () =>
  'Nothing, with STRIPE_API_KEY: Stripe is asked by itself. Without: set it and restart, or have Stripe send the missing event again.'
const items: Action = () =>
  'Nothing, with STRIPE_API_KEY: Stripe is asked for its items by itself. Without: set it and restart.'
const unreadable: Action = () => 'Nothing: read again it would be the same. Find out who signs such bodies.'

const actions: Readonly<Record<string, Action>> = {
  unmapped_price: ({ thing }) =>
    `Map ${thing}, or its Stripe product, in the catalog file, then: stepladder catalog apply <file>`,
  product_without_kind: ({ thing }) =>
    `Make the product of ${thing} a tier or give it a type, then: stepladder catalog apply <file>`,
  unknown_status: ({ on }) =>
    `Upgrade to a version that knows it, then: stepladder replay waiting --on ${on}`,
  no_items: items,
  more_items: items,
  unknown_customer: ({ thing }) =>
    `Say whose ${thing} is: POST /api/v1/organizations/:id/customers, or metadata.organization on it at Stripe.`,
  no_customer: () => 'Nothing: the next event that names its customer frees it.',
  unknown_organization: ({ thing }) =>
    `Create it with the key ${thing} (POST /api/v1/organizations), or correct the reference at Stripe.`,
  unknown_org_type: ({ thing }) =>
    `Apply a catalog with the org type ${thing}, or correct AUTO_PROVISION and restart.`,
  broken_tie: missing,
  does_not_join: missing,
  ambiguous: missing,
  unknown_before: missing,
  missed_sighting: missing,
  failed: ({ event }) => `Mend the cause, then: stepladder replay event ${event}`,
  before_unknown: () =>
    'Nothing: no tier depends on it. Write the change down by hand where your books need it.',
  unreadable,
  unreadable_subscription: unreadable,
}
