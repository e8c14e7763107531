import { isJsonObject, type JsonObject } from './envelope.ts'

/** Levels of nesting that are read. Stripe's objects nest about ten deep; past this, recursion would meet the stack's end. */
export const DEEPEST = 100

/** Whether objects and arrays nest in a value to more than so many levels. */
export function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  // Runs over the whole of every event: without an array for each object on the way.
  for (const key in value) {
    if (deeperThan((value as JsonObject)[key], levels - 1)) return true
  }
  return false
}

/**
 * The object as it stood before an `updated` event: `previous_attributes` put back into the object after.
 *
 * Objects in previous_attributes are partial and merge deeply; arrays are whole and replace, and so does everything else.
 * A key that did not exist before is told as null and stays null here.
 * Versions that know items and still put back only `plan` or `quantity` mean the single item, which is patched too.
 *
 * null: the state before cannot be told (a gap). So it is with several items and only a plan or quantity put back.
 * Source: https://docs.stripe.com/api/events/object#event_object-data-previous_attributes
 */
export function putBack(object: JsonObject, previous: JsonObject): JsonObject | null {
  if (deeperThan(previous, DEEPEST)) return null
  const before = merged(object, previous)
  const legacy = Object.hasOwn(previous, 'plan') || Object.hasOwn(previous, 'quantity')
  return legacy && !Object.hasOwn(previous, 'items') ? patchSingleItem(before, previous) : before
}

function merged(after: unknown, previous: JsonObject): JsonObject {
  // A spread defines properties and never assigns them: a key `__proto__` stays a key.
  const whole: Record<string, unknown> = isJsonObject(after) ? { ...after } : {}
  for (const [key, value] of Object.entries(previous)) {
    const before = isJsonObject(value) ? merged(own(whole, key), value) : value
    if (key === '__proto__')
      Object.defineProperty(whole, key, {
        value: before,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    else whole[key] = before
  }
  return whole
}

function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

function patchSingleItem(before: JsonObject, previous: JsonObject): JsonObject | null {
  const list = before.items
  // Before 2016 there are no items, and the plan beside the status is all there is.
  if (list === undefined || list === null) return before
  if (!isJsonObject(list) || !Array.isArray(list.data)) return null
  const item: unknown = list.data[0]
  if (list.data.length !== 1 || list.has_more === true || !isJsonObject(item)) return null

  let patched: JsonObject = item
  if (Object.hasOwn(previous, 'quantity')) patched = { ...patched, quantity: previous.quantity }
  if (Object.hasOwn(previous, 'plan')) {
    // A single item whose plan was null before had several items before it, which nobody put back.
    if (!isJsonObject(previous.plan)) return null
    patched = { ...patched, plan: merged(item.plan, previous.plan) }
    if (isJsonObject(item.price)) patched = { ...patched, price: merged(item.price, asPrice(previous.plan)) }
  }
  return { ...before, items: { ...list, data: [patched] } }
}

/** The part of a price that a part of a plan tells: the same facts under the names that prices gave them. */
function asPrice(plan: JsonObject): JsonObject {
  const price: [string, unknown][] = []
  for (const key of ['id', 'product', 'currency', 'billing_scheme']) {
    if (Object.hasOwn(plan, key)) price.push([key, plan[key]])
  }
  if (Object.hasOwn(plan, 'amount') || Object.hasOwn(plan, 'amount_decimal')) {
    // Both or neither: one old and one new amount in a price would contradict each other.
    price.push(['unit_amount', plan.amount ?? null], ['unit_amount_decimal', plan.amount_decimal ?? null])
  }
  if (Object.hasOwn(plan, 'transform_usage')) price.push(['transform_quantity', plan.transform_usage])
  const recurring = ['interval', 'interval_count', 'usage_type'].filter((key) => Object.hasOwn(plan, key))
  if (recurring.length > 0)
    price.push(['recurring', Object.fromEntries(recurring.map((key) => [key, plan[key]]))])
  return Object.fromEntries(price)
}
