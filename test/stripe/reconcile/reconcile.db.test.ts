import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { forceTransition } from '../../../src/entitlements/force-transition.ts'
import { issueGrant } from '../../../src/entitlements/issue-grant.ts'
import { Refused } from '../../../src/errors.ts'
import { openAlarms } from '../../../src/stripe/alarms.ts'
import { recordFetchedChanges } from '../../../src/stripe/changes/record-fetched-changes.ts'
import { openOrganization } from '../../../src/stripe/customers/open-organization.ts'
import { enroll } from '../../../src/stripe/enrollment/enroll.ts'
import type { Reconciled } from '../../../src/stripe/reconcile/reconcile.ts'
import { readDifferences } from '../../../src/stripe/reconcile/reconcile-runs.ts'
import {
  event,
  newWorld,
  PRICES,
  type SubscriptionSketch,
  subscription,
  type World,
} from '../../support/world.ts'
import { reconcile, subscribed, type ToldStripe, told, toldStripe } from './reconcile-fixture.ts'

let world: World
let stripe: ToldStripe
beforeEach(async () => {
  world = await newWorld()
  stripe = toldStripe()
})
afterEach(() => world.close())

const pro: Pick<SubscriptionSketch, 'items'> = { items: [['si_1', PRICES.pro]] }
const seconds = () => Math.floor(Date.now() / 1000)
const fetches = async () =>
  (await world.app<{ count: number }[]>`select count(*)::int from stripe.fetches`)[0]!.count
const explained = async ({ run }: Reconciled) => {
  const [first] = await readDifferences(world.app, run)
  return first!
}
/** Without repair it differs and nobody is moved; with it, it is put right; and then nothing differs any more. */
async function foundAndRepaired(name: string) {
  const before = await fetches()
  const found = await reconcile(world, stripe)
  expect(await told(world, found)).toEqual([name.replace(' ', ' differs ')])
  expect(found.differs).toBe(1)
  expect(await fetches()).toBe(before)
  expect((await openAlarms(world.app)).filter(({ kind }) => kind === 'reconcile_differs')).toMatchObject([
    { subject: 'reconcile', detail: `1 ${name.split(' ')[0]}` },
  ])
  const done = await reconcile(world, stripe, { repair: true })
  expect(await told(world, done)).toEqual([name.replace(' ', ' repaired ')])
  expect(done.differs).toBe(0)
  expect((await openAlarms(world.app)).map(({ kind }) => kind)).not.toContain('reconcile_differs')
  expect((await reconcile(world, stripe)).counts).toEqual([])
  return { found, done }
}

describe('where all agrees', () => {
  test('a run finds nothing, keeps nothing of Stripe’s answers, and notes when each was verified', async () => {
    for (const n of [1, 2, 3]) await subscribed(world, stripe, { id: `sub_${n}`, customer: `cus_${n}` })
    const done = await reconcile(world, stripe, { repair: true })
    expect(done).toMatchObject({ looked: 3, differs: 0, counts: [], resumed: false })
    expect(await fetches()).toBe(0)
    expect(stripe.asked).toEqual([])
    const verified = await world.app`select from stripe.verified_subscriptions where verified_at = looked_at`
    expect(verified).toHaveLength(3)
  })

  test('a ceiling below what is paid, and an operator’s grant above it, are no difference', async () => {
    await subscribed(world, stripe, { id: 'sub_1', customer: 'cus_1', ...pro })
    await subscribed(world, stripe, { id: 'sub_2', customer: 'cus_2' })
    const organizations = await world.app<{ organizationId: string; tenantId: string }[]>`
      select o.organization_id, o.tenant_id from stripe.customers c join organization.organizations o using (organization_id)
      order by c.stripe_customer_id`
    const asked = { reason: 'Agreed', actor: { type: 'operator' as const, id: 'key_1', name: 'Ada' } }
    await world.app.begin((tx) =>
      forceTransition(tx, {
        ...organizations[0]!,
        ...asked,
        ladder: 'core',
        product: 'standard',
        mode: 'at_most',
      }),
    )
    await world.app.begin((tx) => issueGrant(tx, { ...organizations[1]!, ...asked, product: 'pro' }))
    expect([await world.tier('cus_1'), await world.tier('cus_2')]).toEqual(['standard', 'pro'])
    expect((await reconcile(world, stripe, { repair: true })).counts).toEqual([])
    expect([await world.tier('cus_1'), await world.tier('cus_2')]).toEqual(['standard', 'pro'])
  })

  test('what has not been paid for a first time yet is nobody’s difference, known here or not', async () => {
    stripe.truth.set('sub_1', { customer: 'cus_1', status: 'incomplete' })
    await subscribed(world, stripe, { id: 'sub_2', customer: 'cus_2', status: 'incomplete' })
    expect((await reconcile(world, stripe, { repair: true })).counts).toEqual([])
    expect(await world.app`select from stripe.customers where stripe_customer_id = 'cus_1'`).toHaveLength(0)
  })
})

describe('each class is found and named, and put right where an answer can do that', () => {
  test('missing_here: no event ever told of it; taken in, it stands on its tier, moved by the fetch', async () => {
    stripe.truth.set('sub_9', { customer: 'cus_9', ...pro })
    const { found } = await foundAndRepaired('missing_here sub_9')
    expect(await explained(found)).toMatchObject({
      customer: 'cus_9',
      organization: null,
      atStripe: 'active; 1 × price_pro; pro on core',
      here: 'belongs to nobody',
      next: 'Repair takes it in.',
    })
    expect(await world.tier('cus_9')).toBe('pro')
    expect(
      await world.app`select cause_kind from entitlements.pool_provision_transitions where to_rank = 2`,
    ).toEqual([{ causeKind: 'fetch' }])
  })

  test('wrong_tier: the last event was lost; repaired, and the change is written as what a fetch revealed', async () => {
    await subscribed(world, stripe, { id: 'sub_1' })
    stripe.truth.set('sub_1', pro)
    const { found } = await foundAndRepaired('wrong_tier sub_1')
    expect(await explained(found)).toMatchObject({
      atStripe: 'active; 1 × price_pro; pro on core',
      here: expect.stringMatching(/^active; standard on core; by evt_/),
    })
    expect(await world.tier('cus_1')).toBe('pro')
    await recordFetchedChanges(world.app, ['sub_1'], { ...world.parts, reached: () => {} })
    expect(
      await world.app`select change_kind, source from billing.subscription_changes where source = 'fetch'`,
    ).toEqual([{ changeKind: 'price', source: 'fetch' }])
  })

  test('wrong_tier: a quantity of an add-on, and a claim that somebody took out of the table', async () => {
    const seats = (quantity: number): SubscriptionSketch => ({
      items: [
        ['si_1', PRICES.standard],
        ['si_2', PRICES.seats, quantity],
      ],
    })
    await subscribed(world, stripe, { id: 'sub_1', ...seats(2) })
    stripe.truth.set('sub_1', seats(5))
    const { found } = await foundAndRepaired('wrong_tier sub_1')
    expect(await explained(found)).toMatchObject({
      atStripe: 'active; 1 × price_standard + 5 × price_seats; standard on core + 5 × seats',
      here: expect.stringContaining('standard on core + 2 × seats'),
    })
    await world.owner`delete from entitlements.subscription_claims`
    await foundAndRepaired('wrong_tier sub_1')
  })

  test('wrong_status: past due at Stripe, and a cancellation that no event told', async () => {
    await subscribed(world, stripe, { id: 'sub_1' })
    stripe.truth.set('sub_1', { status: 'past_due' })
    await foundAndRepaired('wrong_status sub_1')
    const cancelAt = seconds() + 86_400
    stripe.truth.set('sub_1', { status: 'past_due', cancelAt })
    // The first answer is a root for ten seconds more; the next one has to be of another time.
    await world.owner`update stripe.fetches set window_from = window_from - 60, window_until = window_until - 60`
    const { found } = await foundAndRepaired('wrong_status sub_1')
    expect((await explained(found)).atStripe).toContain('; cancels ')
    const [row] = await world.app`select status, cancel_at from billing.subscriptions`
    expect(row).toEqual({ status: 'past_due', cancelAt: new Date(cancelAt * 1000) })
    expect(await world.tier('cus_1')).toBe('standard')
  })

  test('ended_here: ended in the tables, and live at Stripe', async () => {
    await subscribed(world, stripe, { id: 'sub_1', ...pro })
    await world.owner`update billing.subscriptions set status = 'canceled', ended_at = now()`
    await foundAndRepaired('ended_here sub_1')
    expect(await world.tier('cus_1')).toBe('pro')
  })

  test('ended_here by an event: an end is never undone, and the event is named', async () => {
    await subscribed(world, stripe, { id: 'sub_1', ...pro })
    const object = subscription({ ...pro, status: 'canceled' })
    await world.deliver(
      event('customer.subscription.deleted', object, { id: 'evt_end', created: seconds() - 300 }),
    )
    const done = await reconcile(world, stripe, { repair: true })
    expect(await told(world, done)).toEqual(['ended_here differs sub_1'])
    expect((await explained(done)).next).toContain('evt_end')
    expect(await world.tier('cus_1')).toBe('public-tier')
  })

  test('ended_there: Stripe lists it no more, and says when asked that it ended', async () => {
    await subscribed(world, stripe, { id: 'sub_1', ...pro })
    stripe.truth.set('sub_1', { ...pro, status: 'canceled' })
    await foundAndRepaired('ended_there sub_1')
    expect(await world.tier('cus_1')).toBe('public-tier')
  })

  test('unknown_there: a 404 is never taken for an end', async () => {
    await subscribed(world, stripe, { id: 'sub_1', ...pro })
    stripe.truth.delete('sub_1')
    const done = await reconcile(world, stripe, { repair: true })
    expect(await told(world, done)).toEqual(['unknown_there differs sub_1'])
    expect(await explained(done)).toMatchObject({ atStripe: 'not known (404)', customer: 'cus_1' })
    expect(await world.tier('cus_1')).toBe('pro')
  })

  test('unmapped_price: taken in and held; mapped, it is taken up by itself', async () => {
    stripe.truth.set('sub_1', { items: [['si_1', 'price_new']] })
    const done = await reconcile(world, stripe, { repair: true })
    expect(await told(world, done)).toEqual(['missing_here repaired sub_1', 'unmapped_price differs sub_1'])
    const found = (await readDifferences(world.app, done.run)).find((one) => one.outcome === 'differs')!
    expect(found).toMatchObject({ atStripe: 'active; 1 × price_new; held: unmapped price' })
    expect(found.next).toContain('price_new')
    expect(await world.tier('cus_1')).toBe('public-tier')
    await world.owner`
      with made as (insert into billing.prices (product_id) select product_id from billing.products where product_key = 'pro' returning price_id)
      insert into stripe.prices select 'price_new', price_id from made`
    expect(await told(world, await reconcile(world, stripe, { repair: true }))).toEqual([
      'wrong_tier repaired sub_1',
    ])
    expect(await world.tier('cus_1')).toBe('pro')
  })

  test('unlinked_customer: nobody said whose it is; once its metadata does, it is taken in', async () => {
    world.parts.autoProvision = null
    stripe.truth.set('sub_1', { ...pro })
    const found = await reconcile(world, stripe, { repair: true })
    expect(await told(world, found)).toEqual(['unlinked_customer differs sub_1'])
    expect(await explained(found)).toMatchObject({
      here: 'belongs to nobody: nobody said whose cus_1 is',
      next: expect.stringContaining('metadata.organization on cus_1'),
    })
    const [tenant] = await world.app<{ tenantId: string }[]>`select tenant_id from organization.tenants`
    await openOrganization(world.app, { ...tenant!, name: 'Acme', orgType: 'coop', organizationKey: 'acme' })
    const customer = { id: 'cus_1', object: 'customer', metadata: { organization: 'acme' } }
    stripe.raw.set('sub_1', { ...subscription({ ...pro }), customer })
    const done = await reconcile(world, stripe, { repair: true })
    expect(await told(world, done)).toEqual(['missing_here repaired sub_1'])
    expect(await world.tier('cus_1')).toBe('pro')
    expect(await world.app`select linked_by from stripe.customers`).toEqual([{ linkedBy: 'metadata' }])
  })

  test('unreadable_there: what no version of Stripe’s API writes is named and moves nobody', async () => {
    await subscribed(world, stripe, { id: 'sub_1', ...pro })
    stripe.raw.set('sub_1', { ...subscription({ ...pro }), cancel_at: 'soon' })
    const done = await reconcile(world, stripe, { repair: true })
    expect(await told(world, done)).toEqual(['unreadable_there differs sub_1'])
    expect((await explained(done)).atStripe).toContain('cancel_at')
    expect(await world.tier('cus_1')).toBe('pro')
  })
})

describe('what is merely on its way', () => {
  /** Stripe has gone up to Pro a moment ago, and its event has just been stored. */
  async function goingUp() {
    await subscribed(world, stripe, { id: 'sub_1' })
    stripe.truth.set('sub_1', pro)
    const previous = { items: (subscription() as { items: object }).items }
    return world.store(
      event('customer.subscription.updated', subscription({ ...pro }), { created: seconds() - 60, previous }),
    )
  }

  test('is looked at again at the end, and is no difference once it has come', async () => {
    const { enrollment } = await goingUp()
    stripe.beforeAnswer = async () => {
      await enroll(world.app, { events: enrollment }, world.parts)
    }
    const done = await reconcile(world, stripe, { repair: true })
    expect(await told(world, done)).toEqual(['wrong_tier passed sub_1'])
    expect(done.differs).toBe(0)
    expect(await fetches()).toBe(0)
  })

  test('still so when the run ends, it is said and not counted', async () => {
    await goingUp()
    const done = await reconcile(world, stripe, { repair: true })
    expect(await told(world, done)).toEqual(['wrong_tier in_flight sub_1'])
    expect([done.differs, await fetches()]).toEqual([0, 0])
  })

  test('an answer that is older than what an event has just told is no difference: nobody is moved down by it', async () => {
    await subscribed(world, stripe, { id: 'sub_1' })
    const previous = { items: (subscription() as { items: object }).items }
    await world.deliver(
      event('customer.subscription.updated', subscription({ ...pro }), { created: seconds() - 3, previous }),
    )
    const done = await reconcile(world, stripe, { repair: true })
    expect(await told(world, done)).toEqual(['wrong_tier in_flight sub_1'])
    expect([done.differs, await fetches(), await world.tier('cus_1')]).toEqual([0, 0, 'pro'])
  })

  test('an event that nobody has taken up for minutes is not on its way any more', async () => {
    await goingUp()
    await world.owner`alter table stripe.events disable trigger user`
    await world.owner`update stripe.events set received_at = now() - interval '10 minutes'`
    const done = await reconcile(world, stripe, { repair: true })
    expect(await told(world, done)).toEqual(['wrong_tier repaired sub_1'])
  })
})

describe('a run that is cut off', () => {
  beforeEach(() => {
    for (const n of [1, 2, 3, 4, 5]) stripe.truth.set(`sub_${n}`, { customer: `cus_${n}`, ...pro })
  })
  const cutOffAfter = async (pages: number) => {
    stripe.beforePage = (done) => {
      if (done === pages * 2) throw new Error('the power went')
    }
    await expect(reconcile(world, stripe, { repair: true })).rejects.toThrow('the power went')
    stripe.beforePage = () => {}
  }

  test('goes on from its last page, and counts all of it', async () => {
    await cutOffAfter(2)
    expect(await world.tier('cus_4')).toBe('pro')
    const from: (string | undefined)[] = []
    stripe.beforePage = (_, after) => {
      from.push(after)
    }
    const done = await reconcile(world, stripe, { repair: true })
    expect(from).toEqual(['sub_4'])
    expect(done).toMatchObject({
      resumed: true,
      looked: 5,
      differs: 0,
      counts: [{ class: 'missing_here', outcome: 'repaired', count: 5 }],
    })
    expect(await world.tier('cus_5')).toBe('pro')
    expect((await reconcile(world, stripe)).counts).toEqual([])
  })

  test('begins anew where Stripe has forgotten the place', async () => {
    await cutOffAfter(1)
    stripe.beforePage = (_, after) => {
      if (after !== undefined) throw new Refused('stripe_refused', 'No such subscription', 'Report it.')
    }
    const done = await reconcile(world, stripe, { repair: true })
    expect(done.differs).toBe(0)
    expect(await world.tier('cus_5')).toBe('pro')
  })

  test('is stopped by its signal between two pages', async () => {
    const stop = new AbortController()
    stripe.beforePage = (done) => {
      if (done === 2) stop.abort(new Error('Ctrl-C'))
    }
    await expect(reconcile(world, stripe, { repair: true, signal: stop.signal })).rejects.toThrow('Ctrl-C')
    expect([await world.tier('cus_2'), await world.tier('cus_3')]).toEqual(['pro', null])
  })

  test('is stopped by its signal while a difference settles, and says the signal’s own reason', async () => {
    const stop = new AbortController()
    stripe.beforePage = (done) => {
      if (done === 4) setTimeout(() => stop.abort(new Error('Ctrl-C')), 1000)
    }
    const waiting = reconcile(world, stripe, { settleSeconds: 600, signal: stop.signal })
    await expect(waiting).rejects.toThrow('Ctrl-C')
  })

  test('while one is at work, another is refused; afterwards it is not', async () => {
    stripe.beforePage = async () => {
      await expect(reconcile(world, stripe)).rejects.toMatchObject({ code: 'reconcile_running' })
    }
    await reconcile(world, stripe, { repair: true })
    stripe.beforePage = () => {}
    expect((await reconcile(world, stripe)).differs).toBe(0)
  })
})

test('one subscription that cannot be taken in does not stop the others, and is named with its fault', async () => {
  for (const n of [1, 2]) stripe.truth.set(`sub_${n}`, { customer: `cus_${n}`, ...pro })
  await world.owner`
    create function pg_temp_fault() returns trigger language plpgsql as $$
    begin
      if new.stripe_subscription_id = 'sub_1' and new.subscription_id is not null then raise exception 'planted'; end if;
      return new;
    end $$`
  await world.owner`
    create trigger planted before update on stripe.subscriptions for each row execute function pg_temp_fault()`
  const done = await reconcile(world, stripe, { repair: true })
  expect(await told(world, done)).toEqual(['missing_here differs sub_1', 'missing_here repaired sub_2'])
  expect((await explained(done)).next).toContain('could not be taken in: P0001')
  expect([await world.tier('cus_1'), await world.tier('cus_2')]).toEqual([null, 'pro'])
  await world.owner`drop trigger planted on stripe.subscriptions`
  expect(await told(world, await reconcile(world, stripe, { repair: true }))).toEqual([
    'missing_here repaired sub_1',
  ])
  expect(await world.tier('cus_1')).toBe('pro')
})
