import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Tx } from '../../src/db/types.ts'
import { verifyAudit } from '../../src/entitlements/verify-chain.ts'
import {
  aGrant,
  aLadder,
  anOrganization,
  anOrgType,
  aProduct,
  aSubscription,
  type Ladder,
  moves,
  type Organization,
  place,
} from '../entitlements/fixture.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let ladder: Ladder
let org: Organization
let orgType: string
beforeAll(async () => {
  db = await testDatabase({ max: 20 })
  ladder = await aLadder(db.app)
  orgType = await anOrgType(db.app, null)
})
beforeEach(async () => {
  org = await anOrganization(db.app, orgType)
})
afterAll(() => db.close())

type Source = { source: 'grant' | 'subscription'; id: string }

const bySubscription = async (of = org): Promise<Source> => ({
  source: 'subscription',
  id: await aSubscription(db.app, of),
})
const byGrant = async (tier: number, of = org): Promise<Source> => ({
  source: 'grant',
  id: await aGrant(db.app, of, ladder.tiers[tier]!.productId),
})

const target = (tier: number, { source, id }: Source, status = 'active') => ({
  product_id: ladder.tiers[tier]!.productId,
  source,
  source_id: id,
  status,
})

let told = 0

async function call(sql: Tx | typeof db.app, to: object | null, of = org) {
  const [row] = await sql<{ answer: { type: string; provision_id: string | null } }[]>`
    select entitlements.transition(${of.poolId}, ${ladder.planLadderId}, ${to && sql.json(to as never)},
      '{"type": "webhook"}', 'told', ${sql.json({ kind: 'event', id: `evt_${told++}` })}) as answer`
  return row!.answer
}

const move = (of: Organization, to: object | null) => ({
  pool_id: of.poolId,
  plan_ladder_id: ladder.planLadderId,
  target: to,
  actor: { type: 'webhook' },
  reason: 'told',
  cause: { kind: 'event', id: `evt_${told++}` },
})

describe('R23 D9 D10 each move is called what it is, by one of five types', () => {
  test.each([
    [null, 0, 'initiate'],
    [0, 1, 'upgrade'],
    [1, 2, 'upgrade'],
    [2, 0, 'downgrade'],
    [1, 1, 'extend'],
    [1, null, 'end'],
    [null, null, 'none'],
  ])('from %s to %s is %s', async (from, to, type) => {
    if (from !== null) await call(db.app, target(from, await byGrant(from)))
    const answer = await call(db.app, to === null ? null : target(to, await bySubscription()))
    expect(answer.type).toBe(type)
    expect((await place(db.app, org, ladder))?.rank ?? null).toBe(to)
  })
})

describe('R24 a move', () => {
  test('ends what was provided, provides anew, keeps one live attachment and writes one row', async () => {
    const first = await call(db.app, target(0, await byGrant(0)))
    const second = await call(db.app, target(2, await bySubscription(), 'trialing'))
    const provisions = await db.app`
      select provision_id, v.status, v.ended_at is null as live, a.status as attached, a.ended_at is null as attached_live
        from entitlements.pool_provisions v join entitlements.pool_provision_ladders a using (provision_id)
       where v.pool_id = ${org.poolId} order by v.activated_at`
    expect(provisions).toEqual([
      {
        provisionId: first.provision_id,
        status: 'ended',
        live: false,
        attached: 'ended',
        attachedLive: false,
      },
      {
        provisionId: second.provision_id,
        status: 'trialing',
        live: true,
        attached: 'trialing',
        attachedLive: true,
      },
    ])
    expect(await moves(db.app, org, ladder)).toEqual(['initiate -→0', 'upgrade 0→2'])
  })

  test('that fails half way leaves nothing of itself', async () => {
    await call(db.app, target(1, await byGrant(1)))
    const before = await db.app`select * from entitlements.pool_provisions where pool_id = ${org.poolId}`
    // A fault at the last step: the history refuses a row without an actor.
    await expect(
      db.app`select entitlements.transition(${org.poolId}, ${ladder.planLadderId},
               ${db.app.json(target(2, await bySubscription()))}, '{}', 'told', '{"kind": "event"}')`,
    ).rejects.toMatchObject({ code: '23502' })
    expect(await db.app`select * from entitlements.pool_provisions where pool_id = ${org.poolId}`).toEqual(
      before,
    )
    expect(await moves(db.app, org, ladder)).toEqual(['initiate -→1'])
  })

  test('R26 to the same target from the same source is none, and writes nothing', async () => {
    const source = await bySubscription()
    const first = await call(db.app, target(1, source))
    expect(await call(db.app, target(1, source))).toMatchObject({
      type: 'none',
      provision_id: first.provision_id,
    })
    expect(await moves(db.app, org, ladder)).toEqual(['initiate -→1'])
  })

  test('R27 D19 from another source at the same rank is extend: a new provision on the same tier', async () => {
    const trial = await call(db.app, target(1, await byGrant(1, org)))
    const paid = await bySubscription()
    const extended = await call(db.app, target(1, paid))
    expect(extended).toMatchObject({ type: 'extend', from_rank: 1, to_rank: 1 })
    expect(extended.provision_id).not.toBe(trial.provision_id)
    expect(await place(db.app, org, ladder)).toEqual({ rank: 1, status: 'active', holder: paid.id })
  })

  test('R27 from one grant to the next of the same product is extend', async () => {
    await call(db.app, target(1, await byGrant(1)))
    const next = await byGrant(1)
    expect(await call(db.app, target(1, next))).toMatchObject({ type: 'extend', from_rank: 1, to_rank: 1 })
    expect((await place(db.app, org, ladder))?.holder).toBe(next.id)
  })

  test('R28 by an actor of a kind that nobody has heard of is made and told like any other', async () => {
    await db.app`select entitlements.transition(${org.poolId}, ${ladder.planLadderId},
      ${db.app.json(target(1, await byGrant(1)))}, '{"type": "salvage-bot", "id": "7", "name": "Salvage"}', 'r', '{"kind": "plan"}')`
    const [row] = await db.app`
      select actor_type, actor_id, actor_name from entitlements.pool_provision_transitions where pool_id = ${org.poolId}`
    expect(row).toEqual({ actorType: 'salvage-bot', actorId: '7', actorName: 'Salvage' })
  })

  test('D16 treats a provision that is past due as the current one', async () => {
    await call(db.app, target(1, await bySubscription(), 'past_due'))
    expect(await call(db.app, target(2, await bySubscription()))).toMatchObject({
      type: 'upgrade',
      from_rank: 1,
    })
  })

  test('D24 takes effect when the lock was had, and never before the place was taken', async () => {
    const early = await db.app.begin(async (tx) => {
      await tx`select now()`
      await call(db.app, target(1, await byGrant(1)))
      return call(tx, target(2, await bySubscription()))
    })
    expect(early.type).toBe('upgrade')
    const backwards = await db.app`
      select 1 from entitlements.pool_provision_transitions m join entitlements.pool_provision_transitions n
          on n.pool_id = m.pool_id and n.plan_ladder_id = m.plan_ladder_id and n.sequence = m.sequence + 1
       where m.pool_id = ${org.poolId} and n.effective_at < m.effective_at`
    expect(backwards).toEqual([])
    const [held] = await db.app`
      select bool_and(ended_at is null or ended_at >= activated_at) as forward from entitlements.pool_provisions
       where pool_id = ${org.poolId}`
    expect(held).toEqual({ forward: true })
  })

  test('is refused for a product that is no tier, a grant of another pool, an unknown source, an unknown pool', async () => {
    const stranger = await anOrganization(db.app, orgType)
    const addon = await aProduct(db.app, 'addon')
    const source = await bySubscription()
    for (const wrong of [
      { ...target(1, source), product_id: addon.productId },
      target(1, await byGrant(1, stranger)),
      { ...target(1, source), source: 'wish' },
    ]) {
      await expect(call(db.app, wrong)).rejects.toMatchObject({ code: '22023' })
    }
    const nowhere = { ...org, poolId: stranger.organizationId }
    await expect(call(db.app, target(1, source), nowhere)).rejects.toMatchObject({ code: 'P0002' })
  })
})

describe('R32 the status beside a place', () => {
  test.each(['past_due', 'unpaid', 'paused', 'trialing', 'active'])(
    '%s is written without a move',
    async (status) => {
      const source = await bySubscription()
      await call(db.app, target(1, source, status === 'active' ? 'past_due' : 'active'))
      expect(await db.app`select entitlements.set_status(${source.id}, ${status}) as n`).toEqual([{ n: 1 }])
      expect(await place(db.app, org, ladder)).toEqual({ rank: 1, status, holder: source.id })
      expect(await moves(db.app, org, ladder)).toEqual(['initiate -→1'])
      expect(await db.app`select entitlements.set_status(${source.id}, ${status}) as n`).toEqual([{ n: 0 }])
    },
  )

  test.each(['ended', 'canceled', 'incomplete'])('%s is no status of a place', async (status) => {
    const source = await bySubscription()
    await call(db.app, target(1, source))
    await expect(db.app`select entitlements.set_status(${source.id}, ${status})`).rejects.toMatchObject({
      code: '22023',
    })
  })
})

describe('R31 D18 what stands on no ladder', () => {
  test('has doors of its own, and they refuse a tier', async () => {
    const { productId } = await aProduct(db.app, 'addon')
    const { id } = await bySubscription()
    const attach = (product: string, quantity: number) =>
      db.app`select entitlements.attach_addon(${org.poolId}, ${product}, 'subscription', ${id}, ${quantity}, 'active') as provision_id`
    const [first] = await attach(productId, 1)
    const [again] = await attach(productId, 3)
    expect(again).toEqual(first)
    await expect(attach(ladder.tiers[1]!.productId, 1)).rejects.toMatchObject({ code: '22023' })
    const [row] =
      await db.app`select quantity from entitlements.pool_provisions where provision_id = ${first!.provisionId}`
    expect(row).toEqual({ quantity: 3 })
    const detach = () => db.app`select entitlements.detach_addon(${first!.provisionId}) as ended`
    expect([await detach(), await detach()]).toEqual([[{ ended: true }], [{ ended: false }]])
  })

  test('a provision on a ladder cannot be ended by the add-ons’ door', async () => {
    const { provision_id } = await call(db.app, target(1, await bySubscription()))
    await expect(db.app`select entitlements.detach_addon(${provision_id})`).rejects.toMatchObject({
      code: '22023',
    })
  })
})

describe('R68 history', () => {
  test.each(['app', 'owner'] as const)('is not changed, deleted or emptied, not even by %s', async (role) => {
    await call(db.app, target(1, await byGrant(1)))
    const sql = db[role]
    for (const attempt of [
      sql`update entitlements.pool_provision_transitions set reason = 'another'`,
      sql`delete from entitlements.pool_provision_transitions`,
      sql`truncate entitlements.pool_provision_transitions`,
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: '42501' })
    }
  })

  test('is not written past Transition: the application may neither insert nor call what appends', async () => {
    await expect(db.app`select entitlements.take_steps(null, null)`).rejects.toMatchObject({ code: '42501' })
    await expect(
      db.app`alter table entitlements.pool_provision_transitions disable trigger all`,
    ).rejects.toMatchObject({ code: '42501' })
  })
})

test('R22 every function that runs with its owner’s rights has its search_path pinned and is not open to everybody', async () => {
  const functions = await db.app<{ name: string; config: string[]; public: boolean }[]>`
    select p.oid::regprocedure::text as name, p.proconfig as config, has_function_privilege('public', p.oid, 'execute') as public
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.prosecdef and n.nspname in ('organization', 'billing', 'entitlements', 'stripe', 'auth', 'governance')`
  expect(functions.length).toBeGreaterThanOrEqual(7)
  for (const { name, config, public: open } of functions) {
    const path = config.filter((setting) => setting.startsWith('search_path='))
    expect({ name, path, open }).toEqual({ name, path: ['search_path=pg_catalog, pg_temp'], open: false })
  }
})

describe('at the same time', () => {
  test('R17 R51 eight parallel initiates: one initiates, the others find the place taken', async () => {
    const targets = await Promise.all(
      Array.from({ length: 8 }, async () => target(1, await bySubscription())),
    )
    const answers = await Promise.all(targets.map((to) => call(db.app, to)))
    expect(answers.map(({ type }) => type).sort()).toEqual([...Array(7).fill('extend'), 'initiate'])
    const [live] = await db.app`
      select count(*) as live from entitlements.pool_provision_ladders where pool_id = ${org.poolId} and ended_at is null`
    expect(live).toEqual({ live: 1 })
  })

  test('two batches over the same fifty pools in opposite order never wait for each other in a ring', async () => {
    const orgs = await Promise.all(Array.from({ length: 50 }, () => anOrganization(db.app, orgType)))
    const sources = await Promise.all(orgs.map((of) => bySubscription(of)))
    const batch = (tier: number) => orgs.map((of, n) => move(of, target(tier, sources[n]!)))
    const send = (batch: object[]) =>
      db.app`select entitlements.transition_many(${db.app.json(batch as never)})`
    for (let round = 0; round < 5; round++) {
      await Promise.all([send(batch(1)), send(batch(2).reverse()), send(batch(0)), send(batch(2).reverse())])
    }
    const [standing] = await db.app`
      select count(*) as live from entitlements.pool_provision_ladders
       where ended_at is null and pool_id = any(${orgs.map(({ poolId }) => poolId)}::uuid[])`
    expect(standing).toEqual({ live: 50 })
  })

  test('four connections move the same pools, and no chain of hashes breaks', async () => {
    const orgs = await Promise.all(Array.from({ length: 10 }, () => anOrganization(db.app, orgType)))
    const sources = await Promise.all(orgs.map((of) => bySubscription(of)))
    const mover = async (start: number) => {
      for (let n = start; n < start + 100; n++) {
        const at = n % orgs.length
        await call(db.app, n % 7 === 0 ? null : target(n % 3, sources[at]!), orgs[at])
      }
    }
    await Promise.all([mover(0), mover(3), mover(11), mover(17)])
    const { checked, violations } = await verifyAudit(db.app)
    expect(violations).toEqual([])
    expect(checked).toBeGreaterThan(200)
  })
})
