import { expect, test } from 'vitest'
import type { HeldGroup } from '../../src/stripe/inbox/held-groups.ts'
import { freeingStep } from '../../src/web/freeing-step.ts'
import { routesAndRoles } from '../../src/web/routes-and-roles.ts'

const group = (more: Partial<HeldGroup>): HeldGroup => ({
  state: 'waiting',
  reason: 'unmapped_price',
  on: null,
  writes: 1,
  subscriptions: 1,
  customers: 1,
  event: 'evt_1',
  since: new Date(0),
  dueAt: null,
  detail: null,
  ...more,
})
const parked = (reason: string) => group({ state: 'parked', reason })

test('what failed is replayed, by its reason, and a trail by its subscription', () => {
  expect(freeingStep(parked('failed'), 'operator')?.href).toBe(
    '/operator/events/replay?state=parked&reason=failed&all=yes',
  )
  expect(freeingStep(group({ reason: 'does_not_join', on: 'trail:sub_1' }), 'operator')?.href).toBe(
    '/operator/events/replay?state=waiting&reason=does_not_join&subscription=sub_1&all=yes',
  )
})

test('what would come to the same again is not offered to be replayed', () => {
  for (const reason of ['unreadable', 'unreadable_subscription', 'before_unknown'])
    expect(freeingStep(parked(reason), 'operator')).toBeNull()
  expect(freeingStep(group({ reason: 'no_customer', on: 'customer:of sub_1' }), 'operator')).toBeNull()
})

test('nobody is led to where they may not go, and nowhere that is not there', () => {
  for (const role of ['viewer', 'plan_approver'] as const)
    expect(freeingStep(parked('failed'), role)).toBeNull()
  for (const on of ['price:price_1', 'customer:cus_1', 'organization:acme', 'org_type:coop']) {
    const step = freeingStep(group({ on }), 'operator')
    if (step) expect(routesAndRoles).toHaveProperty([`GET ${step.href.split('?')[0]}`])
  }
})

test('a name of any form stays one parameter of the address', () => {
  const href = freeingStep(group({ reason: 'x&all=no', on: 'trail:sub_1&x=<y>' }), 'operator')!.href
  expect(new URL(href, 'http://x').searchParams.get('subscription')).toBe('sub_1&x=<y>')
})
