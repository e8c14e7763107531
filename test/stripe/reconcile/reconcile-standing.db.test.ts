import { afterEach, beforeEach, expect, test } from 'vitest'
import { createReconcileStanding } from '../../../src/stripe/reconcile/reconcile-standing.ts'
import { metrics } from '../../../src/web/metrics.ts'
import { readStanding } from '../../../src/web/standing.ts'
import { newWorld, PRICES, type World } from '../../support/world.ts'
import { reconcile, subscribed, type ToldStripe, toldStripe } from './reconcile-fixture.ts'

let world: World
let stripe: ToldStripe
let now = 0
let scrape: () => Promise<string[]>
beforeEach(async () => {
  world = await newWorld()
  stripe = toldStripe()
  const app = metrics({
    standing: () => readStanding(world.app),
    reconciled: createReconcileStanding(world.app, () => now),
  })
  scrape = async () => {
    const lines = (await (await app.request('/metrics')).text()).split('\n')
    return lines.filter((line) => /^stepladder_(reconcile|organizations)/.test(line)).sort()
  }
})
afterEach(() => world.close())

test('before a first run nothing is told; after it, what it found and the share that was verified, read once a minute', async () => {
  expect(await scrape()).toEqual([])
  for (const n of [1, 2, 3, 4]) await subscribed(world, stripe, { id: `sub_${n}`, customer: `cus_${n}` })
  await subscribed(world, stripe, { id: 'sub_ended', customer: 'cus_5', status: 'canceled' })
  stripe.truth.set('sub_2', { customer: 'cus_2', items: [['si_1', PRICES.pro]] })
  expect(await scrape()).toEqual([])
  now += 61_000
  expect(await scrape()).toEqual(['stepladder_organizations_verified_share 0'])
  await reconcile(world, stripe)
  now += 61_000
  expect(await scrape()).toEqual([
    'stepladder_organizations_verified_share 0.75',
    'stepladder_reconcile_differences{class="wrong_tier",outcome="differs"} 1',
    expect.stringMatching(/^stepladder_reconcile_ended_timestamp_seconds \d{10}/),
  ])
  await reconcile(world, stripe, { repair: true })
  now += 61_000
  expect((await scrape()).slice(0, 2)).toEqual([
    'stepladder_organizations_verified_share 1',
    'stepladder_reconcile_differences{class="wrong_tier",outcome="repaired"} 1',
  ])
})

test('an organization is verified when all its live subscriptions are, and for 24 hours', async () => {
  await subscribed(world, stripe, { id: 'sub_1', customer: 'cus_1' })
  await subscribed(world, stripe, { id: 'sub_2', customer: 'cus_1' })
  await reconcile(world, stripe)
  expect((await scrape())[0]).toBe('stepladder_organizations_verified_share 1')
  await world.owner`
    update stripe.verified_subscriptions set verified_at = now() - interval '25 hours' where stripe_subscription_id = 'sub_2'`
  now += 61_000
  expect((await scrape())[0]).toBe('stepladder_organizations_verified_share 0')
})
