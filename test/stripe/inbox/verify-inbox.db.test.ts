import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Tx } from '../../../src/db/types.ts'
import { verifyPlaces } from '../../../src/stripe/enrollment/verify-places.ts'
import { type Check, readInboxStanding, verifyInbox } from '../../../src/stripe/inbox/verify-inbox.ts'
import { upgraded } from '../../cli/replay-world.ts'
import { event, newWorld, subscription, type World } from '../../support/world.ts'

let world: World
let told: { created: string; updated: string }
beforeAll(async () => {
  world = await newWorld()
  told = await upgraded(world, 'a')
  await upgraded(world, 'b')
  const ended = subscription({ id: 'sub_c', customer: 'cus_c', status: 'canceled' })
  await world.deliver(event('customer.subscription.deleted', ended, { id: 'evt_c_deleted' }))
})
afterAll(() => world.close())

test('where everything was worked off, every invariant holds and the backlog is empty', async () => {
  expect(broken(await everything(world.app))).toEqual({})
  const standing = await readInboxStanding(world.app)
  expect(standing).toEqual({
    events: 5,
    backlog: { enrollment: 0, 'subscription-changes': 0 },
    waiting: 0,
    parked: 0,
  })
})

test('an event without a marker is in the backlog, and forgotten once the sweep has passed it', async () => {
  await planted(async (tx) => {
    await tx`delete from stripe.event_writes where event_id = ${told.created} and write = 'enrollment'`
    expect(broken(await everything(tx))).toEqual({})
    expect((await readInboxStanding(tx)).backlog.enrollment).toBe(1)
    await tx`insert into stripe.sweep_marks (sweep, low_water) values ('enrollment', 1000000), ('enrollment/round', 1000000)`
    expect(broken(await everything(tx))).toEqual({
      no_event_forgotten: [`${told.created} has no marker for enrollment, and the sweep has passed it`],
    })
  })
})

test('what is parked or waits without a reason is named', async () => {
  await planted(async (tx) => {
    await tx`update stripe.event_writes set state = 'parked', reason = '' where event_id = ${told.created} and write = 'enrollment'`
    await tx`
      update stripe.event_writes set state = 'waiting', reason = 'unmapped_price', waiting_on = ''
      where event_id = ${told.updated} and write = 'enrollment'`
    expect(broken(await everything(tx)).held_with_reason).toEqual([
      `${told.created}, enrollment is parked without a reason`,
      `${told.updated}, enrollment is waiting without the name of what it waits on`,
    ])
  })
})

test('an event of the other mode that was applied is named', async () => {
  await planted(async (tx) => {
    await tx`update stripe.events set mode = 'live' where event_id = ${told.created}`
    expect(broken(await everything(tx)).one_mode).toEqual([
      `${told.created} is of live mode and its enrollment is done`,
      `${told.created} is of live mode and its subscription-changes is done`,
    ])
  })
})

test('a change row whose event is unknown, undone or of another subscription is named', async () => {
  await planted(async (tx) => {
    await tx`update billing.subscription_changes set event_id = 'evt_never' where event_id = ${told.updated}`
    expect(broken(await everything(tx)).changes_have_their_event).toEqual([
      'change price of evt_never: the event is not in the inbox',
    ])
  })
  await planted(async (tx) => {
    await tx`
      update stripe.event_writes set state = 'parked', reason = 'failed'
      where event_id = ${told.updated} and write = 'subscription-changes'`
    expect(broken(await everything(tx)).changes_have_their_event).toEqual([
      `change price of ${told.updated}: the event is marked parked`,
    ])
  })
  await planted(async (tx) => {
    await tx`update stripe.events set stripe_subscription_id = 'sub_b' where event_id = ${told.updated}`
    expect(broken(await everything(tx)).changes_have_their_event).toEqual([
      `change price of ${told.updated}: the event is of another subscription`,
    ])
  })
})

test('an event that is done and led to no resolved subscription is named', async () => {
  await planted(async (tx) => {
    await tx`update stripe.subscriptions set resolved_state = null where stripe_subscription_id = 'sub_c'`
    expect(broken(await everything(tx)).done_is_resolved).toEqual([
      'evt_c_deleted is done, and subscription sub_c has no resolved state',
    ])
  })
})

test('a canceled subscription that came back is named', async () => {
  await planted(async (tx) => {
    await tx`
      update billing.subscriptions set ended_at = null, status = 'active'
      where subscription_id = (select subscription_id from stripe.subscriptions where stripe_subscription_id = 'sub_c')`
    expect(broken(await everything(tx)).ended_stays_ended).toEqual([
      'subscription sub_c was ended by evt_c_deleted and is active',
    ])
  })
})

test('an ended subscription that still claims and still holds is named with both', async () => {
  await planted(async (tx) => {
    await tx`
      update billing.subscriptions set ended_at = now(), status = 'canceled'
      where subscription_id = (select subscription_id from stripe.subscriptions where stripe_subscription_id = 'sub_a')`
    expect(broken(await everything(tx)).ended_claims_nothing).toEqual([
      'subscription sub_a is canceled and still claims a tier of ladder core',
      'subscription sub_a is canceled and still holds pro',
    ])
  })
})

test("a claim in another pool than that of its customer's organization is named", async () => {
  await planted(async (tx) => {
    await tx`
      update entitlements.subscription_claims c set pool_id = other.pool_id
      from entitlements.subscription_claims other
      where c.subscription_id = (select subscription_id from stripe.subscriptions where stripe_subscription_id = 'sub_a')
        and other.subscription_id = (select subscription_id from stripe.subscriptions where stripe_subscription_id = 'sub_b')`
    expect(broken(await everything(tx)).claims_in_own_pool).toEqual([
      expect.stringMatching(/^subscription sub_a claims in pool .* its customer cus_a belongs to pool /),
    ])
  })
})

test('a claim on a product that is no tier of the ladder is named', async () => {
  await planted(async (tx) => {
    await tx`
      update entitlements.subscription_claims
      set product_id = (select product_id from billing.products where product_key = 'seats')
      where subscription_id = (select subscription_id from stripe.subscriptions where stripe_subscription_id = 'sub_b')`
    expect(broken(await everything(tx)).claims_are_tiers).toEqual([
      'subscription sub_b claims seats on ladder core, of which it is no tier',
    ])
  })
})

test('an organization without a default pool is named (R38)', async () => {
  await planted(async (tx) => {
    await tx`
      update entitlements.resource_pools set is_default = false
      where organization_id = (select organization_id from stripe.customers where stripe_customer_id = 'cus_c')`
    expect(broken(await everything(tx)).one_default_pool).toEqual([
      expect.stringMatching(/^organization .* has 0 default pools$/),
    ])
  })
})

test('rows that cross tenants are named, whichever table they stand in', async () => {
  const places = ['billing.accounts', 'entitlements.resource_pools', 'billing.subscriptions'] as const
  for (const table of places) {
    await planted(async (tx) => {
      const [other] = await tx<{ tenantId: string }[]>`
        insert into organization.tenants (tenant_key, name) values ('other', 'Other') returning tenant_id`
      await tx`
        update ${tx(table)} set tenant_id = ${other!.tenantId}
        where ctid = (select ctid from ${tx(table)} limit 1)`
      expect(broken(await everything(tx)), table).toHaveProperty('no_row_crosses_tenants')
    })
  }
})

async function everything(reader: World['app'] | Tx): Promise<Check[]> {
  return [...(await verifyInbox(reader)), ...(await verifyPlaces(reader))]
}

function broken(checks: readonly Check[]): Record<string, string[]> {
  return Object.fromEntries(
    checks.filter(({ violations }) => violations > 0).map(({ check, first }) => [check, first]),
  )
}

/** As the owner, in a transaction that is taken back. */
async function planted(work: (tx: Tx) => Promise<void>): Promise<void> {
  const undo = new Error('taken back')
  await world.owner
    .begin(async (tx) => {
      await work(tx)
      throw undo
    })
    .catch((error) => {
      if (error !== undo) throw error
    })
}
