import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { livesOf } from '../../src/simulator/life.ts'
import { type StandInOptions, type StripeStandIn, stripeStandIn } from '../support/stripe-stand-in.ts'
import { event, subscription } from '../support/world.ts'
import { type CommandWorld, commandWorld } from './replay-world.ts'

let world: CommandWorld
const open: StripeStandIn[] = []
beforeEach(async () => {
  world = await commandWorld()
})
afterEach(async () => {
  for (const stripe of open.splice(0)) await stripe.close()
  await world.close()
})

/** Lives of which some are live at Stripe; the world's catalog knows none of their prices. */
const lives = livesOf(30, { seed: 3, now: Math.floor(Date.now() / 1000) })
const live = lives.filter(({ truth }) =>
  ['trialing', 'active', 'past_due', 'unpaid', 'paused'].includes(truth.status),
)

/** `stepladder reconcile …` with a key and a stand-in for Stripe. */
async function run(args: string[], told = lives, options: StandInOptions = {}, env: object = {}) {
  const stripe = await stripeStandIn(told, options)
  open.push(stripe)
  const settings = { STRIPE_API_KEY: 'rk_test_key', STRIPE_API_BASE_URL: stripe.url, AUTO_PROVISION: 'coop' }
  for (const [key, value] of Object.entries({ ...settings, ...env })) vi.stubEnv(key, value)
  return world.run('reconcile', ...args)
}

test('nothing differs: one sentence, and exit code 0', async () => {
  const { code, stdout } = await run([], [])
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^Compared 0 subscriptions with Stripe in \d+ s\.\n\nNothing differs\.\n$/),
  ])
})

test('--json has every difference, and says what became of each; exit code 1', async () => {
  const ran = await run(['--json', '--repair'])
  const done = ran.json<{ outcome: string; differences: Record<string, unknown>[] }>()
  expect(ran.code).toBe(1)
  expect(done).toMatchObject({
    outcome: 'differs',
    repair: true,
    differs: live.length,
    by_class: { missing_here: { repaired: live.length }, unmapped_price: { differs: live.length } },
  })
  expect(done.differences).toHaveLength(2 * live.length)
  expect(done.differences[0]).toEqual({
    class: 'missing_here',
    outcome: 'repaired',
    subscription: expect.stringMatching(/^sub_sim_/),
    customer: expect.stringMatching(/^cus_sim_/),
    organization: null,
    at_stripe: expect.any(String),
    here: 'belongs to nobody',
    next: 'Repair takes it in.',
  })
}, 60_000)

describe('what is refused', () => {
  test('without a key: which one is wanted, and where it is made', async () => {
    const { code, stderr } = await run([], [], {}, { STRIPE_API_KEY: '' })
    expect([code, stderr]).toEqual([1, expect.stringContaining('no key for Stripe')])
    expect(stderr).toContain('set STRIPE_API_KEY')
  })

  test('a live key on a test database', async () => {
    await world.deliver(event('customer.subscription.created', subscription()))
    const ran = await run(['--json'], [], {}, { STRIPE_API_KEY: 'rk_live_key' })
    expect([ran.code, ran.json()]).toMatchObject([1, { error: { code: 'mode_conflict' } }])
    expect(open[0]!.asked()).toBe(0)
  })

  test('a key that may not read it: Stripe’s own name for the permission is told', async () => {
    const message = "Having the 'rak_subscription_read' permission would allow this request to continue."
    const ran = await run(['--json'], lives, { fault: () => ({ status: 403, message }) })
    expect([ran.code, ran.json()]).toMatchObject([
      1,
      {
        error: {
          code: 'stripe_key_refused',
          message: expect.stringContaining('rak_subscription_read'),
        },
      },
    ])
  })
})

test('429, 500 and a connection that is cut are waited out', async () => {
  const faults = [{ status: 429, retryAfter: 1 }, { status: 500 }, 'cut'] as const
  const { code } = await run(['--repair'], [], { fault: ({ nth }) => faults[nth - 1] ?? null })
  expect([code, open[0]!.asked()]).toEqual([0, 4])
}, 60_000)
