import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandWorld, commandWorld, upgraded } from './replay-world.ts'

let world: CommandWorld
beforeAll(async () => {
  world = await commandWorld()
  await upgraded(world)
})
afterAll(() => world.close())

type Verified = {
  ok: boolean
  events: number
  moves: number
  checks: { check: string; violations: number }[]
}

test('verify says that everything holds, as one document and for a person, and exits with 0', async () => {
  const told = await world.run('verify', '--json')
  const shown = await world.runApart('verify')
  expect(told.code).toBe(0)
  const { ok, events, moves, checks } = told.json<Verified>()
  expect({ ok, events, moves }).toEqual({ ok: true, events: 2, moves: 2 })
  expect(checks.every(({ violations }) => violations === 0)).toBe(true)
  expect(checks.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      'audit_chain',
      'one_move_per_cause',
      'no_event_forgotten',
      'no_row_crosses_tenants',
    ]),
  )
  expect(shown.code).toBe(0)
  expect(shown.stdout).toMatch(/^ok {6}the audit chain has no gap/)
  expect(shown.stdout).toMatch(/Everything holds\.\n$/)
})

test('verify names what is broken, in the chain and beside it, and exits with 1', async () => {
  // As the owner, who has to take the guard away first: nobody else could plant this.
  await world.owner`alter table entitlements.pool_provision_transitions disable trigger user`
  await world.owner`update entitlements.pool_provision_transitions set reason = 'another' where sequence = 1`
  await world.owner`update billing.subscriptions set ended_at = now(), status = 'canceled'`
  const told = await world.run('verify', '--json')
  expect(told.code).toBe(1)
  const broken = told.json<Verified>().checks.filter(({ violations }) => violations > 0)
  expect(broken.map(({ check }) => check)).toEqual(['audit_chain', 'ended_claims_nothing'])
  const shown = await world.run('verify')
  expect(shown.code).toBe(1)
  expect(shown.stdout).toContain(
    'BROKEN  the audit chain has no gap and nothing in it was altered: 1 violation',
  )
  expect(shown.stdout).toContain('subscription sub_1 is canceled and still holds pro')
  expect(shown.stdout).toMatch(/2 of 16 do not hold\.\n$/)
})
