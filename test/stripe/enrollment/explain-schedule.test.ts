import { expect, test } from 'vitest'
import { announcedBy } from '../../../src/stripe/enrollment/explain-schedule.ts'

const NOW = 1_800_000_000
const DAY = 86_400
const now = new Date(NOW * 1000)

const schedule = (more: object) => ({
  id: 'sub_sched_1',
  object: 'subscription_schedule',
  customer: 'cus_1',
  subscription: 'sub_1',
  status: 'active',
  end_behavior: 'release',
  phases: [
    { start_date: NOW - DAY, end_date: NOW + DAY, items: [{ price: 'price_standard', quantity: 1 }] },
    { start_date: NOW + DAY, end_date: NOW + 2 * DAY, items: [{ price: 'price_pro', quantity: 3 }] },
  ],
  ...more,
})

test('what a schedule announces are the phases that have not begun, each with its prices', () => {
  expect(announcedBy(schedule({}), now)).toEqual({
    subscription: 'sub_1',
    phases: [{ startsAt: NOW + DAY, items: [{ price: 'price_pro', stripeProduct: null, quantity: 3 }] }],
    cancelsAt: null,
  })
})

test('one that cancels at its end says when; one that lets go of the subscription does not', () => {
  expect(announcedBy(schedule({ end_behavior: 'cancel' }), now).cancelsAt).toBe(NOW + 2 * DAY)
  const past = {
    end_behavior: 'cancel',
    phases: [{ start_date: NOW - 2 * DAY, end_date: NOW - DAY, items: [] }],
  }
  expect(announcedBy(schedule(past), now)).toMatchObject({ phases: [], cancelsAt: null })
})

test.each(['released', 'canceled', 'completed'])('one that is %s announces nothing', (status) => {
  expect(announcedBy(schedule({ status, end_behavior: 'cancel' }), now)).toEqual({
    subscription: 'sub_1',
    phases: [],
    cancelsAt: null,
  })
})

test('expanded prices and the plans of old versions are read, and whatever else is there is passed over', () => {
  const phases = [
    {
      start_date: NOW + DAY,
      items: [{ price: { id: 'price_pro', product: 'prod_P' } }, { plan: 'plan_old' }, 7],
    },
    {
      start_date: NOW + 5 * DAY,
      plans: [{ plan: { id: 'plan_older', product: { id: 'prod_O' } }, quantity: 2 }],
    },
    { start_date: 'soon', items: [] },
    null,
  ]
  expect(announcedBy(schedule({ subscription: null, phases }), now)).toEqual({
    subscription: null,
    phases: [
      {
        startsAt: NOW + DAY,
        items: [
          { price: 'price_pro', stripeProduct: 'prod_P', quantity: null },
          { price: 'plan_old', stripeProduct: null, quantity: null },
        ],
      },
      { startsAt: NOW + 5 * DAY, items: [{ price: 'plan_older', stripeProduct: 'prod_O', quantity: 2 }] },
    ],
    cancelsAt: null,
  })
  expect(announcedBy({}, now)).toEqual({ subscription: null, phases: [], cancelsAt: null })
})
