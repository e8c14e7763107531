import { expect, test } from 'vitest'
import type { Envelope } from '../../../src/stripe/event/envelope.ts'
import { linkOf } from '../../../src/stripe/event/links.ts'

const told = (type: string, object: Record<string, unknown>): Envelope => ({
  kind: 'snapshot',
  event: {
    id: 'evt_1',
    type,
    apiVersion: null,
    created: 1,
    livemode: false,
    account: null,
    request: null,
    object,
    previous: null,
  },
})
const COMPLETED = 'checkout.session.completed'

test('a finished checkout links its customer to the client_reference_id', () => {
  const object = { customer: 'cus_1', client_reference_id: ' org-7 ', metadata: { organization: 'other' } }
  const link = { customer: 'cus_1', reference: 'org-7', by: 'client_reference_id' }
  expect(linkOf(told(COMPLETED, object))).toEqual(link)
  expect(linkOf(told(COMPLETED, { ...object, customer: { id: 'cus_1' } }))).toEqual(link)
})

test('a checkout without a client_reference_id links by its metadata, and without a customer not at all', () => {
  const metadata = { organization: 'org-7' }
  expect(linkOf(told(COMPLETED, { customer: 'cus_1', client_reference_id: null, metadata }))).toEqual({
    customer: 'cus_1',
    reference: 'org-7',
    by: 'metadata',
  })
  expect(linkOf(told(COMPLETED, { customer: null, client_reference_id: 'org-7' }))).toBeNull()
})

test.each([
  ['customer.created', { id: 'cus_1' }],
  ['customer.updated', { id: 'cus_1' }],
  ['customer.subscription.created', { id: 'sub_1', customer: 'cus_1' }],
  ['customer.subscription.updated', { id: 'sub_1', customer: { id: 'cus_1' } }],
])('%s links by metadata.organization', (type, object) => {
  expect(linkOf(told(type, { ...object, metadata: { organization: 'org-7' } }))).toEqual({
    customer: 'cus_1',
    reference: 'org-7',
    by: 'metadata',
  })
})

test.each([
  ['customer.deleted', { id: 'cus_1', metadata: { organization: 'org-7' } }],
  ['customer.source.created', { id: 'card_1', metadata: { organization: 'org-7' } }],
  ['invoice.paid', { id: 'in_1', customer: 'cus_1', metadata: { organization: 'org-7' } }],
  ['customer.created', { id: 'cus_1', metadata: { organization: '   ' } }],
  ['customer.created', { id: 'cus_1', metadata: { organization: 'a\0b' } }],
  ['customer.created', { id: 'cus_1', metadata: { organization: 7 } }],
  ['customer.created', { id: 'cus_1' }],
])('%s with %j links nothing', (type, object) => {
  expect(linkOf(told(type, object))).toBeNull()
})

test('a thin or unreadable body links nothing', () => {
  expect(linkOf({ kind: 'unreadable', id: 'raw_1', reason: 'not JSON' })).toBeNull()
  expect(
    linkOf({ kind: 'thin', id: 'evt_1', type: 'x', created: 1, livemode: false, related: null }),
  ).toBeNull()
})
