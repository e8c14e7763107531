import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Refused, Unavailable } from '../../../src/errors.ts'
import { openAlarms } from '../../../src/stripe/alarms.ts'
import type { ApiAnswer } from '../../../src/stripe/api/ask-subscription.ts'
import { clearSettledAlarms } from '../../../src/stripe/clear-settled-alarms.ts'
import { enroll } from '../../../src/stripe/enrollment/enroll.ts'
import { noticeType } from '../../../src/stripe/event/notice.ts'
import type { SubscriptionState } from '../../../src/stripe/event/subscription-event.ts'
import { subscriptionStateOf } from '../../../src/stripe/event/subscription-state.ts'
import { createInbox, type Inbox } from '../../../src/stripe/inbox/inbox.ts'
import { verifyInbox } from '../../../src/stripe/inbox/verify-inbox.ts'
import { type FollowParts, followNotices } from '../../../src/stripe/upkeep/follow-notices.ts'
import type { WebServer } from '../../../src/web/server.ts'
import { event, newWorld, PRICES, subscription, type World } from '../../support/world.ts'
import { listeningReceiver, post } from '../../web/listening.ts'

let world: World
let inbox: Inbox
let server: WebServer
let rung: number[]
/** What Stripe would answer: the subscriptions by id, and what it says of notices. */
let atStripe: Map<string, ApiAnswer>
let data: Record<string, unknown> | null
let asked: string[]
let reconciles: number

beforeEach(async () => {
  world = await newWorld()
  world.parts.stripe = { subscription: async () => ({ kind: 'missing' }) }
  rung = []
  atStripe = new Map()
  data = null
  asked = []
  reconciles = 0
  inbox = createInbox(world.app, { onStored: ({ enrollment }) => rung.push(...enrollment) })
  server = await listeningReceiver(inbox.take)
})
afterEach(async () => {
  await server.close(100)
  await inbox.close()
  await world.close()
})

const api: FollowParts['api'] = {
  subscription: async (id) => {
    asked.push(id)
    return atStripe.get(id) ?? { kind: 'missing' }
  },
  thinEvent: async (id) => {
    asked.push(id)
    return data === null
      ? { kind: 'missing' }
      : { kind: 'found', event: { id, object: 'v2.core.event', data } }
  },
}
const follow = (parts: Partial<FollowParts> = {}) =>
  followNotices(world.app, {
    api,
    lookAgain: (subscriptions) => world.look(...subscriptions),
    reconcileSoon: async () => void reconciles++,
    signal: new AbortController().signal,
    ...parts,
  })
const notice = (more: object = {}) => ({
  id: 'evt_notice',
  object: 'v2.core.event',
  type: noticeType,
  created: new Date().toISOString(),
  livemode: false,
  related_object: null,
  ...more,
})
/** Stripe delivers it, and the enrollment worker takes it up. */
async function delivered(body: object): Promise<void> {
  const answer = await post(server.url, { body: JSON.stringify(body) })
  expect(answer.status).toBe(200)
  await enroll(world.app, { events: rung.splice(0) }, world.parts)
}
const impact = (type: string, object: string) => ({
  impact: { event_type: type, related_object: { id: object, type: 'x', url: '/v1/x' } },
})
const shows = (sketch: Parameters<typeof subscription>[0]) => {
  const state = subscriptionStateOf(subscription(sketch)) as SubscriptionState
  atStripe.set(state.subscription, { kind: 'found', state, date: Date.now() / 1000, elapsed: 0.1 })
}
const alarms = async () => (await openAlarms(world.app)).map(({ kind, subject }) => `${kind} ${subject}`)
const onPro = { items: [['si_1', PRICES.pro] as [string, string]] }

describe('an event that Stripe could not generate', () => {
  test('leads to a look at the subscription that its notice names: the lost upgrade is applied', async () => {
    await world.deliver(event('customer.subscription.created', subscription()))
    expect(await world.tier('cus_1')).toBe('standard')
    shows(onPro)
    data = impact('customer.subscription.updated', 'sub_1')
    await delivered(notice())
    expect(await world.markers('evt_notice')).toEqual({
      enrollment: 'waiting notice:evt_notice event_not_generated',
      'subscription-changes': 'ignored thin',
    })
    expect(await alarms()).toEqual([])

    expect(await follow()).toEqual({ followed: 1, waiting: 0 })
    expect(asked).toEqual(['evt_notice', 'sub_1'])
    expect(await world.tier('cus_1')).toBe('pro')
    expect((await world.markers('evt_notice')).enrollment).toBe('done')
    expect(await follow()).toEqual({ followed: 0, waiting: 0 })
    expect((await verifyInbox(world.app)).flatMap(({ first }) => first)).toEqual([])
  })

  test('of a subscription that nobody ever heard of: it comes to be, and stands on its tier', async () => {
    shows({ id: 'sub_new', customer: 'cus_new' })
    await delivered(notice({ data: impact('customer.subscription.created', 'sub_new') }))
    await follow()
    // The notice bore its data: Stripe is not asked for it.
    expect(asked).toEqual(['sub_new'])
    expect(await world.tier('cus_new')).toBe('standard')
  })

  test('of a customer: all of its subscriptions here are looked at, and no others', async () => {
    await world.deliver(
      event('customer.subscription.created', subscription({ id: 'sub_a' })),
      event('customer.subscription.created', subscription({ id: 'sub_b' })),
      event('customer.subscription.created', subscription({ id: 'sub_c', customer: 'cus_2' })),
    )
    shows({ id: 'sub_a', status: 'canceled' })
    shows({ id: 'sub_b', ...onPro })
    data = impact('customer.updated', 'cus_1')
    await delivered(notice())
    await follow()
    expect(asked).toEqual(['evt_notice', 'sub_a', 'sub_b'])
    expect(await world.tier('cus_1')).toBe('pro')
  })

  test('that nothing would have been done about is ignored, and Stripe is asked for no object', async () => {
    data = impact('payment_intent.requires_action', 'pi_1')
    await delivered(notice())
    expect(await follow()).toEqual({ followed: 1, waiting: 0 })
    expect((await world.markers('evt_notice')).enrollment).toBe('ignored not_for_us')
    expect([asked, reconciles]).toEqual([['evt_notice'], 0])
  })

  test('of which nobody says what it was about: a reconcile is due at once, since no list shows that event', async () => {
    await delivered(notice())
    expect(await follow()).toEqual({ followed: 1, waiting: 0 })
    expect([reconciles, (await world.markers('evt_notice')).enrollment]).toEqual([1, 'done'])

    await delivered(notice({ id: 'evt_checkout', data: impact('checkout.session.completed', 'cs_1') }))
    await delivered(notice({ id: 'evt_closed' }))
    const closed = async () => Promise.reject(new Refused('stripe_key_refused', 'no', 'make one', 403))
    await follow({ api: { ...api, thinEvent: closed } })
    expect(reconciles).toBe(3)
  })

  test('while Stripe does not answer it waits, with an alarm, and is followed up when it does', async () => {
    await world.deliver(event('customer.subscription.created', subscription()))
    await delivered(notice({ data: impact('customer.subscription.updated', 'sub_1') }))
    atStripe.set('sub_1', { kind: 'failed', why: 'api_error (500)' })
    expect(await follow()).toEqual({ followed: 0, waiting: 1 })
    expect(await alarms()).toEqual(['event_not_generated notice:evt_notice'])
    await clearSettledAlarms(world.app)
    expect(await alarms()).toHaveLength(1)

    await delivered(notice({ id: 'evt_other' }))
    const away = async () => Promise.reject(new Unavailable('stripe_unavailable', 'no', 'later'))
    await expect(follow({ api: { ...api, thinEvent: away } })).rejects.toMatchObject({
      code: 'stripe_unavailable',
    })
    expect((await world.markers('evt_other')).enrollment).toContain('waiting')

    shows(onPro)
    expect(await follow()).toEqual({ followed: 2, waiting: 0 })
    expect([await alarms(), await world.tier('cus_1')]).toEqual([[], 'pro'])
  })

  test('without a key there is nobody to ask: it waits, and an alarm says so', async () => {
    world.parts.stripe = null
    await delivered(notice())
    expect(await alarms()).toEqual(['event_not_generated notice:evt_notice'])
  })
})

test('any other thin event is kept and ignored, as is a notice of the other mode', async () => {
  await delivered(notice({ id: 'evt_ping', type: 'v2.core.event_destination.ping' }))
  await delivered(notice({ id: 'evt_live', livemode: true }))
  const both = (reason: string) => ({
    enrollment: `ignored ${reason}`,
    'subscription-changes': `ignored ${reason}`,
  })
  expect(await world.markers('evt_ping')).toEqual(both('thin'))
  expect(await world.markers('evt_live')).toEqual(both('other_mode'))
  expect(await follow()).toEqual({ followed: 0, waiting: 0 })
})
