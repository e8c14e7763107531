import { idOf, isJsonObject, isSeconds, type JsonObject, textOf } from './envelope.ts'
import type { SubscriptionItem, SubscriptionState } from './subscription-event.ts'

/** Why an object is not a subscription that we can read. Holds field names and ids only, so that it can be stored. */
export type Unreadable = { unreadable: string }

/** Thrown and caught in this file alone: it saves a test after each of twenty fields. */
class FieldFault extends Error {}

/**
 * Stripe's subscription object of any API version from 2014 to now, in one shape.
 *
 * What moved over the years: before 2016 there is `plan` and `quantity` and no `items`; items carry `plan`, later `plan` and
 * `price`; since 2025-03-31 `current_period_end` stands on the items only; `cancel_at` and `pause_collection` came in 2018–2019.
 * A field that we use and that holds what no version writes makes the whole object unreadable: half a subscription is a guess.
 */
export function subscriptionStateOf(object: unknown): SubscriptionState | Unreadable {
  try {
    return readState(object)
  } catch (error) {
    if (error instanceof FieldFault) return { unreadable: error.message }
    throw error
  }
}

function readState(object: unknown): SubscriptionState {
  if (!isJsonObject(object)) throw new FieldFault('not an object')
  if (object.object !== undefined && object.object !== 'subscription')
    throw new FieldFault('not a subscription')
  const subscription = textOf(object.id)
  if (subscription === null) throw new FieldFault('id: expected text')
  const status = textOf(object.status)
  if (status === null) throw new FieldFault('status: expected text')
  const { items, complete, periodEnds } = itemsOf(object, subscription)
  const told = secondsIn(object, 'current_period_end')
  return {
    subscription,
    customer: idOf(object.customer),
    status,
    items,
    itemsComplete: complete,
    cancelAt: cancelAtOf(object, told ?? latest(periodEnds)),
    pause: pauseOf(object.pause_collection),
    trialEnd: secondsIn(object, 'trial_end'),
    // Items may run on different periods: the earliest end is the next moment at which Stripe must say something.
    periodEnd: told ?? earliest(periodEnds),
    endedAt: secondsIn(object, 'ended_at'),
    organization: organizationIn(object),
  }
}

/** `metadata.organization` of any Stripe object, trimmed; null when absent, empty, or not to be stored. */
export function organizationIn(object: JsonObject): string | null {
  const value = isJsonObject(object.metadata) ? object.metadata.organization : null
  return typeof value === 'string' ? textOf(value.trim()) : null
}

type Items = { items: SubscriptionItem[]; complete: boolean; periodEnds: number[] }

function itemsOf(object: JsonObject, subscription: string): Items {
  const list = object.items
  if (list === undefined || list === null) {
    if (!isJsonObject(object.plan)) throw new FieldFault('neither items nor a plan')
    // One id for the one unnamed item, the same in every event of the subscription.
    const id = `si_of_${subscription}`.slice(0, 255)
    const { plan, quantity } = object
    return { items: [itemOf({ id, plan, quantity }, object)], complete: true, periodEnds: [] }
  }
  if (!isJsonObject(list) || !Array.isArray(list.data)) throw new FieldFault('items: expected a list')
  const items = list.data.map((item) => itemOf(item, object, list.data))
  items.sort((a, b) => (a.item < b.item ? -1 : a.item > b.item ? 1 : 0))
  // Changes are told by item id: with one id on two items nothing could be told apart.
  const twice = items.find((item, i) => item.item === items[i + 1]?.item)
  if (twice) throw new FieldFault(`items: two share the id ${twice.item}`)
  const periodEnds = list.data.flatMap((item: JsonObject) => secondsIn(item, 'current_period_end') ?? [])
  return { items, complete: list.has_more !== true, periodEnds }
}

function itemOf(value: unknown, object: JsonObject, siblings?: unknown): SubscriptionItem {
  if (!isJsonObject(value)) throw new FieldFault('items: expected objects')
  const item = textOf(value.id)
  if (item === null) throw new FieldFault('items: an id is missing')
  // Legacy plans live on as prices of the same id; where both stand, the price is what Stripe bills by.
  const plan = isJsonObject(value.plan) ? value.plan : {}
  const price = isJsonObject(value.price) ? value.price : {}
  const priceId = idOf(value.price ?? value.plan)
  if (priceId === null) throw new FieldFault(`items: ${item} has neither price nor plan`)
  const recurring = isJsonObject(price.recurring) ? price.recurring : plan
  // A single item's quantity once stood beside the plan only.
  const alone = !Array.isArray(siblings) || siblings.length === 1
  const quantity = value.quantity === undefined && alone ? object.quantity : value.quantity
  return {
    item,
    price: priceId,
    product: idOf(price.product) ?? idOf(plan.product),
    quantity: quantityOf(quantity, item),
    amount: isJsonObject(value.price)
      ? unitAmountOf(price, recurring, price.unit_amount, price.unit_amount_decimal, item)
      : unitAmountOf(plan, plan, plan.amount, plan.amount_decimal, item),
    currency: textOf(price.currency) ?? textOf(plan.currency) ?? textOf(object.currency),
    interval: textOf(recurring.interval),
    intervalCount: intervalCountOf(recurring.interval_count, item),
  }
}

function quantityOf(value: unknown, item: string): number | null {
  if (value === undefined || value === null) return null
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new FieldFault(`quantity of ${item}: expected a whole number`)
  }
  return value as number
}

function intervalCountOf(value: unknown, item: string): number | null {
  if (value === undefined || value === null) return null
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new FieldFault(`interval_count of ${item}: expected a whole number`)
  }
  return value as number
}

/**
 * Minor units for one unit; a fraction where the price is told in decimals only.
 * null where a unit has no price of its own: tiers, metered usage, packages (transform_quantity, once transform_usage).
 */
function unitAmountOf(
  price: JsonObject,
  recurring: JsonObject,
  whole: unknown,
  decimal: unknown,
  item: string,
): number | null {
  const packages = price.transform_quantity ?? price.transform_usage ?? null
  if (price.billing_scheme === 'tiered' || recurring.usage_type === 'metered' || packages !== null)
    return null
  if (whole !== undefined && whole !== null) {
    if (!Number.isSafeInteger(whole)) throw new FieldFault(`amount of ${item}: expected a whole number`)
    return whole as number
  }
  if (decimal === undefined || decimal === null) return null
  if (typeof decimal !== 'string' || !/^-?\d{1,15}(\.\d{1,12})?$/.test(decimal)) {
    throw new FieldFault(`amount of ${item}: expected a decimal`)
  }
  return Number(decimal)
}

function cancelAtOf(object: JsonObject, periodEnd: number | null): number | null {
  const at = secondsIn(object, 'cancel_at')
  return at ?? (object.cancel_at_period_end === true ? periodEnd : null)
}

function pauseOf(value: unknown): SubscriptionState['pause'] {
  if (value === undefined || value === null) return null
  const behavior = isJsonObject(value) ? textOf(value.behavior) : null
  if (!isJsonObject(value) || behavior === null) throw new FieldFault('pause_collection: expected a behavior')
  return { behavior, resumesAt: secondsIn(value, 'resumes_at') }
}

function secondsIn(object: JsonObject, field: string): number | null {
  const value = object[field]
  if (value === undefined || value === null) return null
  if (!isSeconds(value)) throw new FieldFault(`${field}: expected whole Unix seconds`)
  return value
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b))
}

function latest(times: readonly number[]): number | null {
  return times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b))
}
