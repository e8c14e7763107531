/**
 * One shape for a subscription's event, whatever API version (2014 to now) told it.
 * Everything behind the door of `stripe/` reads this shape and never Stripe's own types.
 */

export type Mode = 'live' | 'test'

/** One item of a subscription. `item` and `price` are Stripe's ids; amounts are in the currency's minor unit. */
export type SubscriptionItem = {
  item: string
  price: string
  /** Stripe's product id of the price; null where an old version did not tell it. */
  product: string | null
  /** null: a metered item without quantity, which claims like 1. 0 claims nothing. */
  quantity: number | null
  /** Per unit, minor units; null for tiered or usage prices. */
  amount: number | null
  currency: string | null
  interval: string | null
  intervalCount: number | null
}

/** A subscription as one event (or one fetch) shows it. Times are Unix seconds. */
export type SubscriptionState = {
  subscription: string
  customer: string | null
  /** Stripe's word, kept even where we do not know it. */
  status: string
  /** Sorted by item id. */
  items: SubscriptionItem[]
  /** false: Stripe said `items.has_more`; the rest must be fetched. */
  itemsComplete: boolean
  /** The one date at which a scheduled cancellation takes effect: `cancel_at`, else the period's end if the flag is set. */
  cancelAt: number | null
  /** `pause_collection`: behaviour and the time at which it resumes. */
  pause: { behavior: string; resumesAt: number | null } | null
  trialEnd: number | null
  periodEnd: number | null
  endedAt: number | null
  /** `metadata.organization`, trimmed; null when absent or empty. */
  organization: string | null
}

/**
 * `root`: created. `edge`: updated. `sighting`: paused, resumed, trial_will_end, pending_update_*: an edge to itself.
 * `end`: deleted, which absorbs by its type whatever its body says.
 */
export type TrailKind = 'root' | 'edge' | 'sighting' | 'end'

export type SubscriptionEvent = {
  event: string
  type: string
  kind: TrailKind
  /** Unix seconds, Stripe's clock. */
  created: number
  /** `request.id`, or the bare string of old versions; null for what Stripe did by itself. */
  request: string | null
  /**
   * The state before: the object with `previous_attributes` put back.
   * For a root null. For a sighting the same as `after`. For an edge, null means that it cannot be told (a gap).
   */
  before: SubscriptionState | null
  after: SubscriptionState
  /** SHA-256 (hex) of the object and previous_attributes alone: two event ids with the same fingerprint may be twins. */
  fingerprint: string
}
