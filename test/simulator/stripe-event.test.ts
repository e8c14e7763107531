import { describe, expect, test } from 'vitest'
import { livesOf } from '../../src/simulator/life.ts'
import { previousValues } from '../../src/simulator/previous-values.ts'
import { customerCreated, stripeEvent } from '../../src/simulator/stripe-event.ts'
import { subscriptionObject } from '../../src/simulator/stripe-object.ts'
import { readEnvelope } from '../../src/stripe/event/envelope.ts'
import type { SubscriptionEvent } from '../../src/stripe/event/subscription-event.ts'
import { subscriptionEventOf } from '../../src/stripe/event/subscription-event-of.ts'
import { subscriptionStateOf } from '../../src/stripe/event/subscription-state.ts'
import { asides, tierVertex } from '../../src/stripe/event/vertex.ts'

const lives = livesOf(500, { seed: 11, now: 1_793_000_000, twins: 0.2 })
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

function read(event: unknown): SubscriptionEvent {
  const told = subscriptionEventOf(readEnvelope(bytes(event)))
  if (told === null || 'unreadable' in told) throw new Error(`not read: ${JSON.stringify(told)}`)
  return told
}

describe('what Stepladder reads out of simulated JSON is what was lived', () => {
  test('both states of every event, to the last field, and so the vertices of the tier and of the asides', () => {
    for (const event of lives.flatMap((life) => life.events)) {
      const told = read(stripeEvent(event))
      expect(told.after).toEqual(event.after.state)
      if (told.kind === 'edge') {
        expect(told.before).toEqual(event.before!.state)
        expect(tierVertex(told.before!)).toBe(tierVertex(event.before!.state))
        expect(asides(told.before!)).toEqual(asides(event.before!.state))
      }
      expect([told.event, told.created, told.request]).toEqual([event.event, event.created, event.request])
    }
  })

  test('twins have one fingerprint and changes that differ have two', () => {
    for (const life of lives) {
      const prints = new Map(life.events.map((event) => [event.event, read(stripeEvent(event)).fingerprint]))
      for (const event of life.events) {
        if (event.twinOf) expect(prints.get(event.event)).toBe(prints.get(event.twinOf))
      }
      const [first, second] = life.events.filter((event) => event.twinOf === null)
      if (second) expect(prints.get(first!.event)).not.toBe(prints.get(second.event))
    }
  })

  test('an answer of the API reads as the state that it shows', () => {
    for (const { events } of lives) {
      const { after } = events.at(-1)!
      expect(subscriptionStateOf(subscriptionObject(after))).toEqual(after.state)
    }
  })
})

test('bodies are of the size of the real ones', () => {
  const sizes = lives.flatMap((life) => life.events.map((event) => bytes(stripeEvent(event)).length))
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
  expect(mean).toBeGreaterThan(2_000)
  expect(mean).toBeLessThan(5_000)
})

test('a customer is created before the subscription', () => {
  const life = lives[0]!
  expect(customerCreated(life)).toMatchObject({
    type: 'customer.created',
    created: life.events[0]!.after.started - 1,
    data: { object: { id: life.customer, object: 'customer' } },
  })
})

test('previous values are partial in objects, whole in arrays, and null for what was not there', () => {
  const before = {
    id: 'x',
    plan: { id: 'a', amount: 1 },
    items: { data: [{ id: 1, n: 1 }, { id: 2 }] },
    metadata: {},
  }
  const after = {
    id: 'x',
    plan: { id: 'b', amount: 1 },
    items: { data: [{ id: 1, n: 2 }, { id: 2 }] },
    metadata: { k: 'v' },
  }
  expect(previousValues(before, after)).toEqual({
    plan: { id: 'a' },
    items: { data: [{ id: 1, n: 1 }, { id: 2 }] },
    metadata: { k: null },
  })
  expect(previousValues({ plan: { id: 'a' } }, { plan: null })).toEqual({ plan: { id: 'a' } })
  expect(previousValues(after, after)).toEqual({})
})
