import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ApiAnswer } from '../../../src/stripe/api/ask-subscription.ts'
import type { SubscriptionReader } from '../../../src/stripe/api/stripe-api.ts'
import { fetchSubscription } from '../../../src/stripe/enrollment/fetch-subscription.ts'
import { subscriptionStateOf } from '../../../src/stripe/event/subscription-state.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { subscription } from '../../support/world.ts'

let db: TestDatabase
beforeEach(async () => {
  db = await testDatabase()
  await db.owner`insert into stripe.subscriptions (stripe_subscription_id) select 'sub_' || n from generate_series(1, 60) n`
})
afterEach(() => db.close())

const now = new Date()
const found = (): ApiAnswer => {
  const state = subscriptionStateOf(subscription())
  if ('unreadable' in state) throw new Error(state.unreadable)
  return { kind: 'found', state, date: 1000, elapsed: 0.5 }
}

/** Answers when it is let go. */
function slow() {
  let letGo = () => {}
  const gone = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const reader: SubscriptionReader = { subscription: () => gone.then(found) }
  return { reader, letGo: () => letGo() }
}

const instant: SubscriptionReader = { subscription: async () => found() }
const waitForLease = async (id: string) => {
  for (;;) {
    const [row] =
      await db.owner`select from stripe.subscriptions where stripe_subscription_id = ${id} and lease_until is not null`
    if (row) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe('asking Stripe', () => {
  test('an answer is kept with the window in which it was surely true', async () => {
    expect(await fetchSubscription(db.app, instant, 'sub_1', now)).toBe('fetched')
    expect(
      await db.app`select stripe_subscription_id, window_from, window_until from stripe.fetches`,
    ).toEqual([{ stripeSubscriptionId: 'sub_1', windowFrom: 1000 - 0.5 - 10, windowUntil: 1010 }])
  })

  test('one process asks at a time, and no transaction is open meanwhile', async () => {
    const { reader, letGo } = slow()
    const first = fetchSubscription(db.app, reader, 'sub_1', now)
    await waitForLease('sub_1')
    expect(await fetchSubscription(db.app, instant, 'sub_1', now)).toBe('busy')
    const open =
      await db.owner`select from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`
    expect(open).toHaveLength(0)
    letGo()
    expect(await first).toBe('fetched')
  })

  test('an answer that comes after the lease was taken over is thrown away', async () => {
    const { reader, letGo } = slow()
    const first = fetchSubscription(db.app, reader, 'sub_1', now)
    await waitForLease('sub_1')
    await db.owner`update stripe.subscriptions set lease_until = now() - interval '1 second' where stripe_subscription_id = 'sub_1'`
    expect(await fetchSubscription(db.app, instant, 'sub_1', now)).toBe('fetched')
    letGo()
    expect(await first).toBe('fenced')
    expect(await db.app`select fetch_id from stripe.fetches`).toHaveLength(1)
  })

  test('at most twenty in any one second, over all processes; the rest wait for the next', async () => {
    // Begin at the start of a second, so that the sixty fall into one or two of them.
    await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 20))
    const asked = await Promise.all(
      Array.from({ length: 60 }, (_, n) => fetchSubscription(db.app, instant, `sub_${n + 1}`, now)),
    )
    const perSecond = await db.app<{ count: number }[]>`
      select count(*)::int from stripe.fetches group by date_trunc('second', fetched_at)`
    expect(asked.filter((outcome) => outcome === 'later').length).toBeGreaterThan(0)
    expect(Math.max(...perSecond.map((row) => row.count))).toBeLessThanOrEqual(20)
    const planned = await db.app`select from stripe.subscriptions where resolve_at is not null`
    expect(planned).toHaveLength(asked.filter((outcome) => outcome === 'later').length)
  })

  test('a failure counts its tries and plans the next one later each time', async () => {
    const down: SubscriptionReader = {
      subscription: async () => ({ kind: 'failed', why: 'StripeConnectionError' }),
    }
    const waits: number[] = []
    for (let n = 0; n < 3; n++) {
      expect(await fetchSubscription(db.app, down, 'sub_1', now)).toBe('failed')
      const [row] = await db.app<{ resolveAt: Date }[]>`
        select resolve_at from stripe.subscriptions where stripe_subscription_id = 'sub_1'`
      waits.push((row!.resolveAt.getTime() - now.getTime()) / 1000)
    }
    expect(waits).toEqual([5, 10, 20])
  })
})
