import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/**
 * What this process counts by itself. What stands in the database is read when somebody scrapes (web/metrics.ts), so
 * that several processes do not each tell a part of it.
 */
export const registry = new Registry()

collectDefaultMetrics({ register: registry })

/** How a POST at the receiver ended. */
export type DeliveryOutcome =
  | 'stored'
  | 'duplicate'
  | 'different_body'
  | 'bad_signature'
  | 'refused'
  | 'unavailable'

const ack = new Histogram({
  name: 'stepladder_ack_seconds',
  help: 'From the first byte of a delivery to its answer, for deliveries that were answered 200.',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  registers: [registry],
})

const applied = new Histogram({
  name: 'stepladder_received_to_applied_seconds',
  help: 'From the moment an event was received to the commit that applied it to its enrollment.',
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
  registers: [registry],
})

const deliveries = new Counter({
  name: 'stepladder_deliveries_total',
  help: 'Deliveries at the receiver, by how they ended.',
  labelNames: ['outcome'],
  registers: [registry],
})

const fetches = new Counter({
  name: 'stepladder_fetches_total',
  help: 'Subscriptions fetched from Stripe because their trail has a gap, by how the fetch ended.',
  labelNames: ['outcome'],
  registers: [registry],
})

/** Seconds from a delivery's arrival to its 200. */
export function observeAck(seconds: number): void {
  ack.observe(seconds)
}

/** Seconds from an event's arrival to the commit that applied it. */
export function observeApplied(seconds: number): void {
  applied.observe(seconds)
}

export function countDelivery(outcome: DeliveryOutcome): void {
  deliveries.inc({ outcome })
}

/** @param outcome a short fixed word, such as `fetched`, `not_found` or `unavailable`: each becomes a time series. */
export function countFetch(outcome: string): void {
  fetches.inc({ outcome })
}
