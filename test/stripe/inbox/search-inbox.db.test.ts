import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type InboxSearch,
  matchingEvents,
  searchInbox,
  type WriteState,
} from '../../../src/stripe/inbox/search-inbox.ts'
import { event, newWorld, subscription, type World } from '../../support/world.ts'

let world: World
let tenantId: string
let acmeId: string

beforeAll(async () => {
  world = await newWorld()
  const [acme] = await world.owner<{ tenantId: string }[]>`
    insert into organization.tenants (tenant_key, name) values ('acme', 'Acme') returning tenant_id`
  const [own] = await world.owner<{ tenantId: string }[]>`
    select tenant_id from organization.tenants where tenant_key = 'default'`
  tenantId = own!.tenantId
  acmeId = acme!.tenantId
  // cus_1 is linked and placed; cus_2 has a price that nobody mapped; cus_acme is another tenant's.
  await world.deliver(event('customer.subscription.created', subscription(), { id: 'evt_created' }))
  await world.deliver(
    event(
      'customer.subscription.created',
      subscription({ id: 'sub_2', customer: 'cus_2', items: [['si_2', 'price_new']] }),
      { id: 'evt_unmapped' },
    ),
  )
  await world.store(
    event(
      'invoice.paid',
      { id: 'in_1', object: 'invoice', customer: 'cus_1', subscription: 'sub_1' },
      { id: 'evt_paid' },
    ),
    event('invoice.payment_failed', { id: 'in_2', object: 'invoice', customer: 'cus_2' }, { id: 'evt_late' }),
    event(
      'invoiceitem.created',
      { id: 'ii_1', object: 'invoiceitem', customer: 'cus_1' },
      { id: 'evt_item' },
    ),
    event('customer.subscription.created', subscription({ id: 'sub_3', customer: 'cus_3' }), {
      id: 'evt_new',
    }),
    event('product.updated', { id: 'prod_1', object: 'product' }, { id: 'evt_product' }),
    event('invoice.paid', { id: 'in_9', object: 'invoice', customer: 'cus_acme' }, { id: 'evt_acme' }),
  )
  await world.owner`
    with made as (
      insert into organization.organizations (tenant_id, org_type_id, name)
      select ${acmeId}, org_type_id, 'Theirs' from organization.org_types where org_type_key = 'coop' returning organization_id
    )
    insert into stripe.customers (stripe_customer_id, organization_id, linked_by, linked_at)
    select 'cus_acme', organization_id, 'operator', now() from made`
})
afterAll(() => world.close())

const found = (wanted: Partial<InboxSearch>) => matchingEvents(world.app, { tenantId, ...wanted }, 100)

test('without a filter it is the whole inbox of the tenant, the newest arrival first', async () => {
  expect(await found({})).toEqual([
    'evt_product',
    'evt_new',
    'evt_item',
    'evt_late',
    'evt_paid',
    'evt_unmapped',
    'evt_created',
  ])
})

test('a subscription is found with its invoices, a customer with everything', async () => {
  expect(await found({ subscription: 'sub_1' })).toEqual(['evt_paid', 'evt_created'])
  expect(await found({ customer: 'cus_1' })).toEqual(['evt_item', 'evt_paid', 'evt_created'])
  expect(await found({ subscription: 'sub_1', customer: 'cus_2' })).toEqual([])
})

test('a type is found exactly, and with a dot at its end as a beginning', async () => {
  expect(await found({ type: 'invoice.' })).toEqual(['evt_late', 'evt_paid'])
  expect(await found({ type: 'invoice.paid' })).toEqual(['evt_paid'])
  expect(await found({ type: 'invoice' })).toEqual([])
})

test('an organization is found by its id and by its key', async () => {
  const [row] = await world.owner<{ organizationId: string }[]>`
    update organization.organizations o set organization_key = 'first-one'
    from stripe.customers c where c.organization_id = o.organization_id and c.stripe_customer_id = 'cus_1'
    returning o.organization_id`
  expect(await found({ organization: row!.organizationId })).toEqual(['evt_item', 'evt_paid', 'evt_created'])
  expect(await found({ organization: 'first-one', type: 'invoice.paid' })).toEqual(['evt_paid'])
  expect(await found({ organization: 'nobody' })).toEqual([])
  expect(await found({ organization: 'first-one', events: ['evt_late', 'evt_paid'] })).toEqual(['evt_paid'])
})

test('a state is that of one write or both, and its reason is the same write’s', async () => {
  const inState = (state: WriteState, reason?: string) => found({ state, reason })
  expect(await inState('waiting')).toEqual(['evt_unmapped'])
  expect(await inState('waiting', 'unmapped_price')).toEqual(['evt_unmapped'])
  expect(await inState('waiting', 'other')).toEqual([])
  expect(await inState('received')).toEqual(['evt_new', 'evt_paid'])
  expect(await inState('parked')).toEqual([])
  expect(await inState('done')).toEqual(['evt_unmapped', 'evt_created'])
  expect(await found({ reason: 'not_for_us', customer: 'cus_2' })).toEqual(['evt_late'])
  // evt_unmapped's changes are done, without a reason: the reason is its other write's.
  expect(await inState('done', 'unmapped_price')).toEqual([])
})

test('what was not taken up is looked for above the sweeps’ marks, and everywhere while one has none', async () => {
  const [row] = await world.owner<{ inboxId: number }[]>`
    select inbox_id from stripe.events where event_id = 'evt_new'`
  const mark = (sweep: string, at: number) => world.owner`
    insert into stripe.sweep_marks (sweep, low_water) values (${sweep}, ${at})
    on conflict (sweep) do update set low_water = excluded.low_water`
  await mark('enrollment', row!.inboxId)
  await mark('another', row!.inboxId)
  expect(await found({ state: 'received' })).toEqual(['evt_new', 'evt_paid'])
  await mark('subscription-changes', row!.inboxId - 1)
  expect(await found({ state: 'received' })).toEqual(['evt_new'])
  await mark('subscription-changes', row!.inboxId)
  expect(await found({ state: 'received' })).toEqual([])
  await world.owner`delete from stripe.sweep_marks`
})

test('a time is found exactly, whatever the order of numbers around it', async () => {
  const times = await world.owner<{ event: string; receivedAt: Date }[]>`
    select event_id as event, received_at from stripe.events order by inbox_id`
  const at = (id: string) => times.find((row) => row.event === id)!.receivedAt
  const all = await found({})
  // Dates of this language are cut to the millisecond.
  const before = new Date(at('evt_created').getTime() - 60_000)
  const after = new Date(at('evt_acme').getTime() + 60_000)
  expect(await found({ from: before, until: after })).toEqual(all)
  expect(await found({ from: after })).toEqual([])
  expect(await found({ until: before })).toEqual([])
  expect(
    await found({ from: at('evt_unmapped'), until: new Date(at('evt_unmapped').getTime() + 1) }),
  ).toContain('evt_unmapped')
})

test('the inbox is halved to the times that are asked for, over any gaps in its numbers', async () => {
  const other = await newWorld()
  await other.owner`
    insert into stripe.events (event_id, type, mode, created_at, body_hash, received_at, inbox_id)
    overriding system value
    select 'evt_' || n, 'product.updated', 'test', now(), '\\x00', timestamptz '2026-01-01' + make_interval(hours => n), 10 + n * n
    from generate_series(1, 200) n`
  const from = new Date('2026-01-03T00:00:00Z')
  const until = new Date('2026-01-03T04:00:00Z')
  const range = { tenantId, from, until }
  const [own] = await other.owner<{ tenantId: string }[]>`
    select tenant_id from organization.tenants where tenant_key = 'default'`
  expect(await matchingEvents(other.app, { ...range, tenantId: own!.tenantId }, 100)).toEqual([
    'evt_51',
    'evt_50',
    'evt_49',
    'evt_48',
  ])
  await other.close()
})

test('another tenant’s events are not there, whatever names them', async () => {
  expect(await found({ customer: 'cus_acme' })).toEqual([])
  expect(await found({ events: ['evt_acme', 'evt_paid'] })).toEqual(['evt_paid'])
  expect(await found({ tenantId: acmeId })).toEqual(['evt_acme'])
  expect(await found({ tenantId: acmeId, events: ['evt_product', 'evt_unmapped', 'evt_new'] })).toEqual([])
})

test('pages follow each other by the inbox id, and each row tells both writes', async () => {
  const first = await searchInbox(world.app, { tenantId }, { before: null, limit: 3 })
  const second = await searchInbox(world.app, { tenantId }, { before: first.at(-1)!.inboxId, limit: 3 })
  expect([...first, ...second].map((row) => row.event)).toEqual((await found({})).slice(0, 6))
  expect(second.find((row) => row.event === 'evt_unmapped')).toMatchObject({
    type: 'customer.subscription.created',
    source: 'webhook',
    customer: 'cus_2',
    writes: [
      { write: 'enrollment', state: 'waiting', reason: 'unmapped_price', waitingOn: 'price:price_new' },
      { write: 'subscription-changes', state: 'done', reason: null, waitingOn: null },
    ],
  })
  expect(first.find((row) => row.event === 'evt_new')!.writes.map(({ state }) => state)).toEqual([
    'received',
    'received',
  ])
})
