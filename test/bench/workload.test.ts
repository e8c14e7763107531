import { describe, expect, test } from 'vitest'
import { readReport } from '../../src/bench/pgbench.ts'
import { workloadOf } from '../../src/bench/workload.ts'
import { readEnvelope } from '../../src/stripe/event/envelope.ts'

const plan = { seed: 7, now: 1_793_000_000, deliveries: 2_000, subscriptions: 500 }
const workload = workloadOf(plan)
const bodies = workload.bodies()
const envelopes = bodies.map((body) => readEnvelope(body))
const events = envelopes.map((envelope) => (envelope.kind === 'snapshot' ? envelope.event : null)!)

describe('what is played', () => {
  test('the same plan is the same events, byte by byte', () => {
    expect(Buffer.concat(workloadOf(plan).bodies()).equals(Buffer.concat(bodies))).toBe(true)
  })

  test('about as many deliveries as planned, a tenth of them once more, of about 5.3 KB', () => {
    expect(workload.deliveries).toBe(bodies.length)
    expect(Math.abs(workload.deliveries - plan.deliveries)).toBeLessThan(plan.deliveries * 0.12)
    expect(workload.deliveries / workload.events).toBeGreaterThan(1.06)
    expect(workload.deliveries / workload.events).toBeLessThan(1.14)
    const mean = bodies.reduce((sum, body) => sum + body.length, 0) / bodies.length
    expect(mean).toBeGreaterThan(4_800)
    expect(mean).toBeLessThan(5_800)
  })

  test('all are events of subscriptions, and some come after a later one of the same', () => {
    expect(new Set(events.map(({ type }) => type.split('.').slice(0, 2).join('.')))).toEqual(
      new Set(['customer.subscription']),
    )
    const last = new Map<string, number>()
    const seen = new Set<string>()
    let late = 0
    for (const { id, object, created } of events) {
      // A duplicate comes later by its nature.
      if (seen.has(id)) continue
      seen.add(id)
      const subscription = String(object.id)
      const newest = last.get(subscription) ?? 0
      if (newest > created) late++
      last.set(subscription, Math.max(newest, created))
    }
    expect(late).toBeGreaterThan(10)
  })

  test('every customer has a true tier, and every tier is somebody’s', () => {
    expect([...workload.truth.keys()].sort()).toEqual([...workload.customers].sort())
    expect([...new Set(workload.truth.values())].sort()).toEqual(['pro', 'public-tier', 'standard'])
  })
})

test('a report of pgbench counts only when every transaction succeeded', () => {
  const good =
    'number of transactions actually processed: 120\nnumber of failed transactions: 0 (0.000%)\ntps = 60.5 (without'
  expect(readReport(good)).toEqual({ count: 120, eventsPerSecond: 60.5 })
  expect(() => readReport(good.replace('transactions: 0', 'transactions: 3'))).toThrow('did not succeed')
  expect(() => readReport(`client 0 aborted\n${good}`)).toThrow('did not succeed')
})
