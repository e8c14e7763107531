import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forceTransition } from '../../../src/entitlements/force-transition.ts'
import { issueGrant } from '../../../src/entitlements/issue-grant.ts'
import { revokeGrant } from '../../../src/entitlements/revoke-grant.ts'
import { explain, explainAt } from '../../../src/stripe/enrollment/explain.ts'
import { knownSubject } from '../../../src/stripe/enrollment/explain-subject.ts'
import { subscriptionStateOf } from '../../../src/stripe/event/subscription-state.ts'
import { event, newWorld, PRICES, subscription, type World } from '../../support/world.ts'

const DAY = 86_400
const T = Math.floor(Date.now() / 1000) - 2 * 3600
const olga = { type: 'operator', id: 'key-1', name: 'Olga' }

let world: World
let tenantId: string
beforeAll(async () => {
  world = await newWorld()
  const [tenant] = await world.app<{ tenantId: string }[]>`
    select tenant_id from organization.tenants where tenant_key = 'default'`
  tenantId = tenant!.tenantId
})
afterAll(() => world.close())

const itemsOf = (object: Record<string, unknown>) => ({ items: object.items as object })
const about = async (id: string) => {
  const subject = await knownSubject(world.app, id)
  return explain(world.app, subject, new Date())
}
const aboutAt = async (id: string, at: Date) =>
  explainAt(world.app, await knownSubject(world.app, id), at, new Date())
const organizationOf = async (customer: string) => (await knownSubject(world.app, customer)).organizationId!
const inDays = (days: number) => new Date(Date.now() + days * DAY * 1000)

/** A moment with nothing within ten milliseconds of it: moves are dated finer than a time is written. */
async function quietMoment(): Promise<Date> {
  await sleep(10)
  const moment = new Date()
  await sleep(10)
  return moment
}

describe('the chain from a tier to what caused it', () => {
  test('a move says its rule and the event, with when it was made, when it came and what had come before it', async () => {
    const ids = { id: 'sub_late', customer: 'cus_late' }
    const standard = subscription(ids)
    const pro = subscription({ ...ids, items: [['si_1', PRICES.pro]] })
    const later = subscription({ ...ids, items: [['si_1', PRICES.both]] })
    await world.deliver(
      event('customer.subscription.created', standard, { id: 'evt_l1', created: T }),
      event('customer.subscription.updated', later, {
        id: 'evt_l3',
        created: T + 3600,
        previous: itemsOf(pro),
      }),
    )
    await world.deliver(
      event('customer.subscription.updated', pro, {
        id: 'evt_l2',
        created: T + 60,
        previous: itemsOf(standard),
      }),
    )
    const { ladders, subscriptions } = await about('cus_late')
    const core = ladders.find(({ ladder }) => ladder === 'core')!
    expect(core).toMatchObject({ product: 'both', brought_by: core.history.at(-1)!.sequence, due: null })
    expect(core.history.at(-1)).toMatchObject({
      to_holder: { kind: 'subscription', id: 'sub_late' },
      rule: expect.stringMatching(/\.$/),
      cause: {
        kind: 'event',
        event: {
          type: 'customer.subscription.updated',
          created_at: new Date((T + 3600) * 1000).toISOString(),
          source: 'webhook',
          overtaken_by: [],
        },
      },
    })
    expect(subscriptions).toMatchObject([
      {
        id: 'sub_late',
        resolved_by: 'evt_l3',
        known_from: { event: { event: 'evt_l3', seconds_late: expect.any(Number) } },
        items: [{ price: PRICES.both, quantity: 1, product: 'both' }],
        claims_nothing: null,
      },
    ])
    const then = await aboutAt('cus_late', new Date())
    expect(then.known.last).toMatchObject({ event: 'evt_l2', overtaken_by: ['evt_l3'] })
    expect(then.known.last!.seconds_late).toBeGreaterThanOrEqual(7200 - 60 - 60)
  })

  test('a fetch that moved a tier is told with what Stripe said, when, and for which time it was true', async () => {
    const pro = subscription({ items: [['si_1', PRICES.pro]] })
    const state = subscriptionStateOf(pro)
    if ('unreadable' in state) throw new Error(state.unreadable)
    const stripeDate = Math.floor(Date.now() / 1000)
    const asked = await newWorld({
      stripe: { subscription: async () => ({ kind: 'found', state, date: stripeDate, elapsed: 1 }) },
    })
    try {
      const seats = subscription({ items: [['si_1', PRICES.seats]] })
      await asked.deliver(event('customer.subscription.created', subscription(), { created: T }))
      await asked.deliver(
        event('customer.subscription.updated', pro, { created: T + 600, previous: itemsOf(seats) }),
      )
      asked.parts.now = () => new Date(Date.now() + 15_000)
      await asked.look('sub_1')
      const { ladders, subscriptions } = await explain(
        asked.app,
        await knownSubject(asked.app, 'sub_1'),
        new Date(),
      )
      const fetched = {
        subscription: 'sub_1',
        status: 'active',
        true_from: new Date((stripeDate - 11) * 1000).toISOString(),
        true_until: new Date((stripeDate + 10) * 1000).toISOString(),
      }
      expect(subscriptions).toMatchObject([
        { resolved_by: expect.stringMatching(/^fetch_/), unresolved: null, known_from: { fetch: fetched } },
      ])
      expect(ladders[0]).toMatchObject({ product: 'pro' })
    } finally {
      await asked.close()
    }
  })
})

describe('every claim, and why it does not have the place', () => {
  test('an operator’s grant, a payer below it, and a ceiling over both: each says why, by whom and until when', async () => {
    await world.deliver(
      event('customer.subscription.created', subscription({ id: 'sub_c', customer: 'cus_c' }), {
        created: T,
      }),
    )
    const organizationId = await organizationOf('cus_c')
    const until = inDays(7)
    await world.app.begin((tx) =>
      issueGrant(tx, {
        tenantId,
        organizationId,
        product: 'pro',
        reason: 'A good customer',
        validUntil: until,
        actor: olga,
      }),
    )
    const granted = (await about('cus_c')).ladders[0]!
    const { id } = granted.holder!
    expect(granted).toMatchObject({
      product: 'pro',
      holder: { kind: 'grant' },
      next_in_line: { product: 'standard', rank: 1, by: { kind: 'subscription', id: 'sub_c' } },
      claims: [
        {
          kind: 'grant',
          rule: 'best',
          given_by: 'Olga',
          reason: 'A good customer',
          ends_at: until.toISOString(),
        },
        { kind: 'subscription', id: 'sub_c', wins: false, rule: 'lower_rank', why: 'rank 1 is below rank 2' },
      ],
    })
    expect(granted.history.at(-1)).toMatchObject({
      rule: 'The best live claim has the place: not suspended first, then by rank.',
      cause: { kind: 'grant', id, decision: { what: 'trial', given_by: 'Olga', product: 'pro' } },
    })

    const lifts = inDays(2)
    await world.app.begin((tx) =>
      forceTransition(tx, {
        tenantId,
        organizationId,
        ladder: 'core',
        product: 'standard',
        mode: 'at_most',
        reason: 'Misuse',
        validUntil: lifts,
        actor: olga,
      }),
    )
    const { ladders, next } = await about('cus_c')
    expect(ladders[0]).toMatchObject({
      product: 'standard',
      ceiling: {
        product: 'standard',
        given_by: 'Olga',
        reason: 'Misuse',
        ends_at: lifts.toISOString(),
        if_lifted: { product: 'pro', by: { kind: 'grant', id } },
      },
      claims: [
        { id, rank: 2, wins: true, under_ceiling: true },
        { id: 'sub_c', wins: false, rule: 'grant_given_later' },
      ],
    })
    expect(next).toMatchObject([
      { at: lifts.toISOString(), what: 'ceiling_expiry', moves_to: [{ ladder: 'core', product: 'pro' }] },
      {
        at: until.toISOString(),
        what: 'grant_expiry',
        about: id,
        moves_to: [{ ladder: 'core', product: 'standard', by: { id: 'sub_c' } }],
      },
      { what: 'period_end', about: 'sub_c', moves_to: [] },
    ])
  })

  test('a grant that has run out and was not swept yet holds the place still, and it says to whom it is about to go', async () => {
    await world.deliver(
      event('customer.subscription.created', subscription({ id: 'sub_r', customer: 'cus_r' }), {
        created: T,
      }),
    )
    const organizationId = await organizationOf('cus_r')
    await world.app.begin((tx) =>
      issueGrant(tx, {
        tenantId,
        organizationId,
        product: 'pro',
        reason: 'x',
        validUntil: inDays(1),
        actor: olga,
      }),
    )
    await world.owner`
      update entitlements.grants set valid_until = now() - interval '1 second'
      where organization_id = ${organizationId} and grant_reason = 'trial'`
    expect((await about('cus_r')).ladders[0]).toMatchObject({
      product: 'pro',
      holder: { kind: 'grant' },
      due: { product: 'standard', by: { kind: 'subscription', id: 'sub_r' } },
      claims: [{ id: 'sub_r', wins: true }],
    })
  })

  test('a subscription that claims nothing says why', async () => {
    const told = (id: string, status: string) =>
      event('customer.subscription.created', subscription({ id, customer: 'cus_n', status }), { created: T })
    await world.deliver(
      told('sub_n1', 'incomplete'),
      event(
        'customer.subscription.created',
        subscription({ id: 'sub_n2', customer: 'cus_n', items: [['si_n', PRICES.standard, 0]] }),
        { created: T },
      ),
      told('sub_n3', 'canceled'),
    )
    const { subscriptions } = await about('cus_n')
    expect(subscriptions.map(({ id, claims_nothing }) => [id, claims_nothing]).sort()).toEqual([
      ['sub_n1', 'it was never paid for yet'],
      ['sub_n2', 'none of its prices, in a quantity above 0, is a tier'],
      ['sub_n3', 'it has ended'],
    ])
  })
})

describe('what is held, and what comes next', () => {
  test('a write that waits says on what and the one thing to do', async () => {
    await world.deliver(
      event(
        'customer.subscription.created',
        subscription({ id: 'sub_w', customer: 'cus_w', items: [['si_w', 'price_unheard']] }),
        { id: 'evt_w', created: T },
      ),
    )
    const { waiting, subscriptions, ladders } = await about('sub_w')
    expect(waiting).toMatchObject([
      {
        event: 'evt_w',
        state: 'waiting',
        on: 'price:price_unheard',
        action: expect.stringContaining('Map price_unheard'),
      },
    ])
    expect(subscriptions).toMatchObject([
      {
        id: 'sub_w',
        unresolved: 'unmapped_price',
        items: [{ product: null }],
        claims_nothing: 'not settled: unmapped price',
      },
    ])
    expect(ladders).toMatchObject([{ ladder: 'core', product: 'public-tier', next_in_line: null }])
  })

  test('a trial’s end, a scheduled end with who has the place then, and phases stand in the order of their times', async () => {
    const ids = { id: 'sub_f', customer: 'cus_f' }
    const now = Math.floor(Date.now() / 1000)
    await world.deliver(
      event(
        'customer.subscription.created',
        {
          ...subscription({ ...ids, status: 'trialing', cancelAt: now + 30 * DAY, periodEnd: now + 3 * DAY }),
          trial_end: now + 3 * DAY,
        },
        { created: T },
      ),
    )
    const phases = [
      { start_date: T, end_date: now + 10 * DAY, items: [{ price: PRICES.standard, quantity: 1 }] },
      { start_date: now + 10 * DAY, end_date: now + 30 * DAY, items: [{ price: PRICES.pro, quantity: 2 }] },
    ]
    const schedule = {
      id: 'sub_sched_f',
      object: 'subscription_schedule',
      customer: 'cus_f',
      status: 'active',
    }
    const told = { ...schedule, subscription: 'sub_f', end_behavior: 'release', phases }
    await world.deliver(
      event('subscription_schedule.updated', told, { id: 'evt_sched', created: T + 60 }),
      event('subscription_schedule.created', { ...told, phases: [] }, { created: T }),
    )
    const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
    expect((await about('cus_f')).next).toEqual([
      { at: iso(now + 3 * DAY), what: 'trial_end', about: 'sub_f', says: 'its trial ends', moves_to: [] },
      {
        at: iso(now + 10 * DAY),
        what: 'phase',
        about: 'sub_f',
        says: 'its next phase begins, as sub_sched_f announced: pro × 2',
        moves_to: [],
      },
      {
        at: iso(now + 30 * DAY),
        what: 'cancel_at',
        about: 'sub_f',
        says: 'it ends, as scheduled',
        moves_to: [{ ladder: 'core', product: 'public-tier', rank: 0, by: { kind: 'default', id: null } }],
      },
    ])

    await world.owner`delete from stripe.event_bodies where event_id = 'evt_sched'`
    expect((await about('cus_f')).next.at(-1)).toEqual({
      at: null,
      what: 'not_known',
      about: 'sub_sched_f',
      says: 'a schedule may announce more: retention dropped the body of evt_sched, which told it',
      moves_to: [],
    })

    await world.deliver(
      event('subscription_schedule.released', { ...schedule, status: 'released' }, { created: T }),
    )
    expect((await about('cus_f')).next.map(({ what }) => what)).toEqual(['trial_end', 'cancel_at'])
  })
})

describe('where it stood at a time that has passed', () => {
  test('before, between and after moves; with what was known then, and what Stripe had made and nobody told', async () => {
    const ids = { id: 'sub_t', customer: 'cus_t' }
    const standard = subscription(ids)
    const pro = subscription({ ...ids, items: [['si_1', PRICES.pro]] })
    const before = await quietMoment()
    await world.deliver(event('customer.subscription.created', standard, { id: 'evt_t1', created: T }))
    const between = await quietMoment()
    // The way back down comes first: a hole, until the way up is told too.
    await world.deliver(
      event('customer.subscription.updated', standard, {
        id: 'evt_t3',
        created: T + 3600,
        previous: itemsOf(pro),
      }),
    )
    const inTheHole = await quietMoment()
    await world.deliver(
      event('customer.subscription.updated', pro, {
        id: 'evt_t2',
        created: T + 60,
        previous: itemsOf(standard),
      }),
    )
    const joined = await quietMoment()
    await world.deliver(
      event('customer.subscription.deleted', subscription({ ...ids, status: 'canceled' }), {
        id: 'evt_t4',
        created: T + 7000,
      }),
    )

    const at = async (moment: Date) => {
      const { ladders, known } = await aboutAt('cus_t', moment)
      const [core] = ladders
      return {
        place: core && [core.product, core.holder?.kind ?? null, core.status, core.brought_by],
        moves: core!.history.length,
        came: known.events,
        last: known.last?.event ?? null,
        late: known.not_yet.map(({ event }) => event),
        known: known.subscriptions.map(({ status, resolved_by, unresolved }) => [
          status,
          resolved_by,
          unresolved,
        ]),
      }
    }
    // Half an hour in, Stripe had made two of them and told none.
    expect((await at(new Date((T + 1800) * 1000))).late).toEqual(['evt_t1', 'evt_t2'])
    expect(await at(before)).toEqual({
      place: [null, null, null, null],
      moves: 0,
      came: 0,
      last: null,
      late: ['evt_t1', 'evt_t2', 'evt_t3', 'evt_t4'],
      known: [],
    })
    expect(await at(between)).toEqual({
      place: ['standard', 'subscription', 'active', 2],
      moves: 2,
      came: 1,
      last: 'evt_t1',
      late: ['evt_t2', 'evt_t3', 'evt_t4'],
      known: [['active', 'evt_t1', null]],
    })
    expect(await at(inTheHole)).toMatchObject({
      place: ['standard', 'subscription', 'active', 2],
      late: ['evt_t2', 'evt_t4'],
      known: [['active', 'evt_t3', 'does_not_join']],
    })
    expect(await at(joined)).toMatchObject({
      place: ['standard', 'subscription', 'active', 2],
      came: 3,
      last: 'evt_t2',
      late: ['evt_t4'],
      known: [['active', 'evt_t3', null]],
    })
    expect(await at(new Date())).toMatchObject({
      place: ['public-tier', 'default', 'active', 4],
      moves: 4,
      late: [],
      known: [['canceled', 'evt_t4', null]],
    })
  })

  test('a grant counts among what was decided then only while it was given and had not ended', async () => {
    await world.deliver(
      event('customer.subscription.created', subscription({ id: 'sub_g', customer: 'cus_g' }), {
        created: T,
      }),
    )
    const organizationId = await organizationOf('cus_g')
    const before = await quietMoment()
    await world.app.begin((tx) =>
      issueGrant(tx, { tenantId, organizationId, product: 'pro', reason: 'x', actor: olga }),
    )
    const during = await quietMoment()
    await world.owner`
      update entitlements.grants set closed_at = clock_timestamp(), closed_reason = 'revoked'
      where organization_id = ${organizationId} and grant_reason = 'manual'`
    const decided = async (at: Date) =>
      (await aboutAt('cus_g', at)).known.decisions.map(({ what, ended_at }) => [what, ended_at])
    expect(await decided(before)).toEqual([])
    expect(await decided(during)).toEqual([['manual', null]])
    expect(await decided(new Date())).toEqual([])
  })

  test('a time ahead is refused in a sentence', async () => {
    await expect(aboutAt('cus_g', inDays(1))).rejects.toMatchObject({
      code: 'time_ahead',
      message: expect.stringMatching(/is ahead of now .*what was can be explained, and not what will be/),
    })
  })
})

describe('an id of something else is answered with what it is and what to ask instead', () => {
  test.each([
    ['evt_w', 'evt_w is an event', 'stepladder explain sub_w'],
    ['evt_of_nobody', 'is an event', 'none is known here'],
    ['sub_sched_x', 'is a subscription schedule', 'none is known here'],
    ['price_standard', 'is a price', 'Name the organization'],
    ['sk_test_123', 'That is a secret and no id', 'Roll it'],
  ])('%s', async (id, says, fix) => {
    const refused = await knownSubject(world.app, id).catch((error) => error)
    expect(refused).toMatchObject({ code: 'wrong_kind_of_id', message: expect.stringContaining(says) })
    expect(refused.fix).toContain(fix)
    if (id.startsWith('sk_')) expect(refused.message + refused.fix).not.toContain(id)
  })

  test('a grant’s id names its organization; an id that nobody has says where to look', async () => {
    const organizationId = await organizationOf('cus_c')
    const { holder } = (await about('cus_c')).ladders[0]!
    await expect(knownSubject(world.app, holder!.id)).rejects.toMatchObject({
      code: 'wrong_kind_of_id',
      message: expect.stringContaining('is a grant'),
      fix: `It belongs to ${organizationId}: stepladder explain ${organizationId}`,
    })
    await expect(knownSubject(world.app, 'cus_nobody')).rejects.toMatchObject({
      code: 'not_known',
      fix: expect.stringContaining('reconcile'),
    })
    await expect(knownSubject(world.app, 'nobody')).rejects.toMatchObject({ code: 'not_known' })
  })
})

describe('an organization of several hundred moves', () => {
  test('its newest moves are told with how many came before; places on ladders that moved long ago, holes and held work are told all the same', async () => {
    const customer = 'cus_many'
    const gold = subscription({ id: 'sub_gold', customer, items: [['si_gold', PRICES.gold]] })
    const held = subscription({ id: 'sub_held', customer, items: [['si_held', 'price_many_unheard']] })
    const whole = subscription({ id: 'sub_hole', customer })
    const seats = subscription({ id: 'sub_hole', customer, items: [['si_1', PRICES.seats]] })
    const more = subscription({ id: 'sub_hole', customer, items: [['si_1', PRICES.standard, 2]] })
    await world.deliver(
      event('customer.subscription.created', gold, { created: T }),
      event('customer.subscription.created', held, { id: 'evt_held', created: T }),
      event('customer.subscription.created', whole, { created: T }),
      event('customer.subscription.updated', more, {
        id: 'evt_hole',
        created: T + 60,
        previous: itemsOf(seats),
      }),
    )
    const organizationId = await organizationOf(customer)
    const given = { tenantId, organizationId, actor: olga, reason: 'again and again' }
    const upAndDown = (times: number) =>
      world.app.begin(async (tx) => {
        for (let n = 0; n < times; n++) {
          const { grantId } = await issueGrant(tx, { ...given, product: 'pro' })
          await revokeGrant(tx, { ...given, grantId })
        }
      })
    await upAndDown(60)
    const between = await quietMoment()
    await upAndDown(60)

    const subject = await knownSubject(world.app, customer)
    const all = await explain(world.app, subject, new Date(), null)
    const some = await explain(world.app, subject, new Date())
    const ladder = (told: { ladders: typeof some.ladders }, key: string) =>
      told.ladders.find((one) => one.ladder === key)!
    const [whatAll, what] = [ladder(all, 'core'), ladder(some, 'core')]
    expect(whatAll.history.length).toBeGreaterThanOrEqual(240)
    expect(whatAll.history.map(({ sequence }) => sequence)).toEqual(whatAll.history.map((_, n) => n + 1))
    expect(what).toEqual({
      ...whatAll,
      history: whatAll.history.slice(-50),
      earlier: whatAll.history.length - 50,
    })
    expect(whatAll.earlier).toBe(0)
    expect(what.history.at(-1)).toMatchObject({ sequence: what.brought_by, cause: { kind: 'grant' } })
    expect(ladder(some, 'support')).toMatchObject({
      product: 'gold',
      earlier: 0,
      brought_by: ladder(some, 'support').history.length,
    })
    expect({ ...some, at: '', ladders: [] }).toEqual({ ...all, at: '', ladders: [] })
    expect(some.subscriptions).toMatchObject([
      { id: 'sub_gold', unresolved: null },
      { id: 'sub_held', unresolved: 'unmapped_price' },
      { id: 'sub_hole', unresolved: 'does_not_join' },
    ])
    expect(some.waiting.map(({ event }) => event)).toContain('evt_held')
    expect(some.waiting.map(({ on }) => on)).toContain('trail:sub_hole')

    const without = await explain(world.app, subject, new Date(), 0)
    expect({ ...ladder(without, 'core'), brought_by: what.brought_by }).toEqual({
      ...what,
      history: [],
      earlier: 0,
    })

    const then = await explainAt(world.app, subject, between, new Date())
    const byThen = whatAll.history.filter(({ effective_at }) => new Date(effective_at) <= between)
    expect(then.ladders.map(({ ladder }) => ladder)).toEqual(['core', 'support'])
    expect(then.ladders[0]).toMatchObject({
      brought_by: byThen.length,
      history: byThen.slice(-50),
      earlier: byThen.length - 50,
    })
    const beforeAll = await explainAt(world.app, subject, new Date(T * 1000), new Date())
    expect(beforeAll.ladders).toMatchObject([
      { ladder: 'core', product: null, brought_by: null, history: [], earlier: 0 },
      { ladder: 'support', product: null, brought_by: null, history: [], earlier: 0 },
    ])
  })
})
