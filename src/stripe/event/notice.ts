import { isJsonObject, type JsonObject, textOf } from './envelope.ts'

/**
 * Stripe's notice that it could not generate an event: thin, and all that will ever be told of it, since such an event is
 * neither delivered nor listed. Source: https://docs.stripe.com/webhooks/handle-irrecoverable-events
 */
export const noticeType = 'v2.core.health.event_generation_failure.resolved'

/** What could not be told. */
export type Untold = {
  /** The type of the event that was lost; null where it is not told. */
  eventType: string | null
  /** Stripe's id of the object that it was about; null where it is not told. */
  object: string | null
}

/** What a notice waits on until somebody has looked. */
export function noticeKey(event: string): string {
  return `notice:${event}`
}

/**
 * What a notice names. As delivered it says only that there is one; asked for at Stripe it bears `data.impact`. null: it names
 * nothing. The first form of the preview named an id alone (its change is in Stripe's changelog of 2025-11-17).
 */
export function untoldBy(notice: JsonObject): Untold | null {
  const impact = at(at(notice, 'data'), 'impact')
  const related = textOf(at(notice, 'related_object')?.id)
  const object =
    textOf(at(impact, 'related_object')?.id) ??
    textOf(impact?.related_object_id) ??
    // What the event itself is related to may be no more than the alert.
    (related && /^(sub|cus)_/.test(related) ? related : null)
  const eventType = textOf(impact?.event_type)
  return object === null && eventType === null ? null : { eventType, object }
}

function at(object: JsonObject | null, key: string): JsonObject | null {
  const value = object?.[key]
  return isJsonObject(value) ? value : null
}
