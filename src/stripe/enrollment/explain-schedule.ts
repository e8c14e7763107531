import type { Reader } from '../../db/types.ts'
import { meaningsOfPrices } from '../catalog/catalog-mappings.ts'
import { idOf, isJsonObject, isSeconds, type JsonObject, readEnvelope } from '../event/envelope.ts'

/** One phase that a subscription schedule announced and that has not begun. Times are Unix seconds. */
export type Phase = {
  startsAt: number
  items: { price: string; stripeProduct: string | null; quantity: number | null }[]
}

/** What a schedule says of the time ahead. */
export type Announced = {
  /** Null before the schedule has made one. */
  subscription: string | null
  phases: Phase[]
  /** Where it cancels the subscription at its end; null: it only lets go of it. */
  cancelsAt: number | null
}

/** A schedule as its newest event told it. */
export type ScheduleExplained = {
  schedule: string
  event: string
  /** Null: retention dropped the body, so what comes next is not known here. */
  announced: (Announced & { meanings: ReadonlyMap<string, string | null> }) | null
}

/** After these a schedule announces nothing any more, whatever its phases say. */
const over = ['completed', 'released', 'canceled', 'aborted']

/**
 * The schedules of these customers that may still announce something. They are no steps of a trail: the inbox keeps them for
 * this alone, and their bodies are read when somebody asks.
 */
export async function readSchedules(
  reader: Reader,
  customers: readonly string[],
  now: Date,
): Promise<ScheduleExplained[]> {
  if (customers.length === 0) return []
  const rows = await reader<{ schedule: string; event: string; body: Uint8Array | null }[]>`
    select n.object_id as schedule, n.event_id as event, b.body
    from (
      select distinct on (object_id) object_id, event_id, type
      from stripe.events
      where stripe_customer_id = any(${customers as string[]}) and object_type = 'subscription_schedule' and object_id is not null
      order by object_id, split_part(type, '.', 2) = any(${over}) desc, created_at desc, inbox_id desc
    ) n
    left join stripe.event_bodies b on b.event_id = n.event_id
    where not split_part(n.type, '.', 2) = any(${over})
    order by n.object_id`
  const told = rows.map(({ schedule, event, body }) => {
    const envelope = body && readEnvelope(body)
    const object = envelope?.kind === 'snapshot' ? envelope.event.object : null
    return { schedule, event, announced: object && announcedBy(object, now) }
  })
  const items = told.flatMap(({ announced }) => (announced?.phases ?? []).flatMap((phase) => phase.items))
  const meaningOf = await meaningsOfPrices(
    reader,
    items.map(({ price, stripeProduct }) => ({ price, product: stripeProduct })),
  )
  const meanings = new Map(
    items.map(({ price, stripeProduct }) => [price, meaningOf(price, stripeProduct)?.productKey ?? null]),
  )
  return told.map(({ announced, ...rest }) => ({
    ...rest,
    announced: announced && { ...announced, meanings },
  }))
}

/**
 * What a schedule's object says of the time after `now`: docs.stripe.com/api/subscription_schedules/object. A schedule that
 * is over says nothing. Pure, and reads past whatever it does not understand.
 */
export function announcedBy(object: JsonObject, now: Date): Announced {
  const seconds = now.getTime() / 1000
  const subscription = idOf(object.subscription)
  if (typeof object.status === 'string' && over.includes(object.status))
    return { subscription, phases: [], cancelsAt: null }
  const phases = Array.isArray(object.phases) ? object.phases.filter(isJsonObject) : []
  const last = Math.max(...phases.map(({ end_date }) => (isSeconds(end_date) ? end_date : 0)))
  return {
    subscription,
    phases: phases
      .flatMap(({ start_date, items, plans }) =>
        isSeconds(start_date) && start_date > seconds
          ? [{ startsAt: start_date, items: itemsOf(items ?? plans) }]
          : [],
      )
      .sort((a, b) => a.startsAt - b.startsAt),
    cancelsAt: object.end_behavior === 'cancel' && last > seconds ? last : null,
  }
}

/** An item names its price, or in versions before prices its plan, which has the same id. */
function itemsOf(items: unknown): Phase['items'] {
  if (!Array.isArray(items)) return []
  return items.filter(isJsonObject).flatMap(({ price, plan, quantity }) => {
    const id = idOf(price) ?? idOf(plan)
    const whole = isJsonObject(price) ? price : isJsonObject(plan) ? plan : null
    return id === null
      ? []
      : [
          {
            price: id,
            stripeProduct: whole && idOf(whole.product),
            quantity: typeof quantity === 'number' ? quantity : null,
          },
        ]
  })
}
