import { expect, test } from 'vitest'
import { untoldBy } from '../../../src/stripe/event/notice.ts'

const thin = { id: 'evt_1', object: 'v2.core.event', related_object: null }
const object = { id: 'sub_1', type: 'subscription', url: '/v1/subscriptions/sub_1' }

test('a notice names the object and the type of the event that was lost, in its data', () => {
  const impact = { event_type: 'customer.subscription.updated', related_object: object }
  expect(untoldBy({ ...thin, data: { alert_id: 'halert_1', impact } })).toEqual({
    eventType: 'customer.subscription.updated',
    object: 'sub_1',
  })
})

test('the first form of the preview named an id alone', () => {
  const impact = { event_type: 'customer.updated', related_object_id: 'cus_1' }
  expect(untoldBy({ ...thin, data: { impact } })).toEqual({ eventType: 'customer.updated', object: 'cus_1' })
})

test('as it is delivered it names nothing, or the alert; a subscription or a customer counts', () => {
  expect(untoldBy(thin)).toBeNull()
  expect(untoldBy({ ...thin, related_object: { id: 'halert_1', type: 'health_alert' } })).toBeNull()
  expect(untoldBy({ ...thin, related_object: object })).toEqual({ eventType: null, object: 'sub_1' })
})

test('whatever else stands there is no name', () => {
  for (const data of [
    null,
    'x',
    [],
    { impact: null },
    { impact: { event_type: 7, related_object: { id: '' } } },
  ])
    expect(untoldBy({ ...thin, data })).toBeNull()
})
