import { describe, expect, test } from 'vitest'
import type { SubscriptionState } from '../../../src/stripe/event/subscription-event.ts'
import { backoffSeconds, lookAfterHole, lookAfterSettled } from '../../../src/stripe/trail/next-look.ts'

const now = new Date('2026-11-20T12:00:00Z')
const in_ = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const hole = {
  now,
  seenAt: now,
  graceSeconds: 10,
  due: false,
  canFetch: true,
  fetchAttempts: 0,
  justFetched: null,
  planned: null,
}

describe('after a hole', () => {
  test('the grace runs from the first moment it was seen, and arrivals do not restart it', () => {
    expect(lookAfterHole({ ...hole, seenAt: in_(-4) })).toEqual({ at: in_(6), fetch: false })
  })

  test('once the grace is over a deliberate look asks Stripe', () => {
    expect(lookAfterHole({ ...hole, seenAt: in_(-11), due: true })).toMatchObject({ fetch: true })
  })

  test('an event that comes in after the grace asks nobody, but has it looked at now', () => {
    expect(lookAfterHole({ ...hole, seenAt: in_(-11) })).toEqual({ at: now, fetch: false })
  })

  test('an event that comes in during a backoff does not shorten it', () => {
    expect(lookAfterHole({ ...hole, seenAt: in_(-60), planned: in_(40) })).toEqual({
      at: in_(40),
      fetch: false,
    })
  })

  test('without a key nobody is asked: one look at the end of the grace, then every ten minutes, for a key may come', () => {
    expect(lookAfterHole({ ...hole, canFetch: false, due: true })).toEqual({ at: in_(10), fetch: false })
    expect(lookAfterHole({ ...hole, canFetch: false, due: true, seenAt: in_(-11) })).toEqual({
      at: in_(600),
      fetch: false,
    })
  })

  test('a fetch that was only a sighting is repeated once the newest event is more than 10 s old by Stripe’s clock', () => {
    const stripeDate = 1_000_000
    const look = lookAfterHole({
      ...hole,
      seenAt: in_(-20),
      due: true,
      justFetched: { stripeDate, newestEvent: stripeDate - 2 },
    })
    expect(look).toEqual({ at: in_(9), fetch: false })
  })

  test('the pauses between fetches grow to ten minutes', () => {
    expect([1, 2, 3, 20].map(backoffSeconds)).toEqual([5, 10, 20, 600])
  })
})

describe('after a settled state', () => {
  const seconds = now.getTime() / 1000
  const settled = (dates: Partial<SubscriptionState>) => ({
    now,
    state: {
      status: 'active',
      periodEnd: null,
      trialEnd: null,
      cancelAt: null,
      ...dates,
    } as SubscriptionState,
    due: true,
    canFetch: true,
    lastFetch: null,
  })

  test('the next look is two hours after the first date that should bring an event', () => {
    const look = lookAfterSettled(settled({ periodEnd: seconds + 5000, cancelAt: seconds + 1000 }))
    expect(look).toEqual({ at: in_(1000 + 7200), fetch: false })
  })

  test('a date that passed by more than two hours without an event leads to a fetch', () => {
    expect(lookAfterSettled(settled({ periodEnd: seconds - 7201 })).fetch).toBe(true)
    expect(lookAfterSettled(settled({ periodEnd: seconds - 7199 })).fetch).toBe(false)
  })

  test('a trial that ended long ago is nothing to ask about, unless it still says trialing', () => {
    const dates = { periodEnd: seconds + 5000, trialEnd: seconds - 999_999 }
    expect(lookAfterSettled(settled(dates)).fetch).toBe(false)
    expect(lookAfterSettled(settled({ ...dates, status: 'trialing' })).fetch).toBe(true)
  })

  test('Stripe that still shows the old date is not asked every minute', () => {
    const look = lookAfterSettled({ ...settled({ periodEnd: seconds - 9000 }), lastFetch: seconds - 60 })
    expect(look).toEqual({ at: in_(6 * 3600), fetch: false })
  })

  test('without a key nothing is planned', () => {
    expect(lookAfterSettled({ ...settled({ periodEnd: seconds - 9000 }), canFetch: false })).toEqual({
      at: null,
      fetch: false,
    })
  })
})
