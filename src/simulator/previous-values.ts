import type { StripeObject } from './stripe-object.ts'

/**
 * `previous_attributes` as Stripe makes them: of every attribute that changed its former value,
 * objects partial and deep, arrays whole, and null for what was not there.
 * Source: https://docs.stripe.com/api/events/object
 */
export function previousValues(before: StripeObject, after: StripeObject): StripeObject {
  const previous: StripeObject = {}
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const was = before[key]
    const is = after[key]
    if (isObject(was) && isObject(is)) {
      const inside = previousValues(was, is)
      if (Object.keys(inside).length > 0) previous[key] = inside
    } else if (JSON.stringify(was) !== JSON.stringify(is)) {
      previous[key] = was ?? null
    }
  }
  return previous
}

function isObject(value: unknown): value is StripeObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
