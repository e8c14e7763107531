import { afterAll, beforeAll, expect, test } from 'vitest'
import { command } from '../support/started.ts'
import { type CommandWorld, commandWorld, upgraded } from './replay-world.ts'

let world: CommandWorld
beforeAll(async () => {
  world = await commandWorld()
  await upgraded(world)
})
afterAll(() => world.close())

type Rebuilt = { ok: boolean; events: number; differing: number; differences: { what: string }[] }

const shadows = () => world.owner`select from pg_namespace where nspname = 'rebuild'`

test('rebuild --check says that nothing differs, as one document and for a person, and exits with 0', async () => {
  const told = await world.run('rebuild', '--check', '--json')
  expect(told.code).toBe(0)
  expect(told.json<Rebuilt>()).toMatchObject({
    ok: true,
    events: 2,
    differing: 0,
    differences: [],
    under_way: [],
  })
  const shown = await world.runApart('rebuild', '--check')
  expect(shown.code).toBe(0)
  expect(shown.stdout).toBe(
    'Rebuilt 1 pool and 1 subscription from 2 events, and 2 commercial changes.\nWhat stands is what the record says: no difference.\n',
  )
})

test('a planted row is told with what stands, what the record says, and why; exit 1', async () => {
  await world.owner`delete from entitlements.subscription_claims`
  const told = await world.run('rebuild', '--check', '--json')
  expect(told.code).toBe(1)
  expect(told.json<Rebuilt>()).toMatchObject({ ok: false, differing: 1, differences: [{ what: 'claim' }] })
  const shown = await world.run('rebuild', '--check')
  expect(shown.code).toBe(1)
  expect(shown.stdout).toMatch(
    /^claim: ladder core, subscription sub_1, organization [0-9a-f-]{36}\n {2}stands {3}nothing\n {2}rebuilt {2}pro, active\n {2}why {6}its state and the catalog give this claim, and nothing stands; by the record sub_1 is active by evt_\S+\n/,
  )
  expect(shown.stdout).toMatch(/\n1 difference\.\n$/)
  // What it advises: the event again, and what stands is right again.
  await world.look('sub_1')
  expect((await world.run('rebuild', '--check')).code).toBe(0)
})

test('it is never put in place of what stands, and the application’s login is told what is needed', async () => {
  const bare = await world.run('rebuild')
  expect(bare).toMatchObject({ code: 2, stderr: expect.stringContaining('Next: stepladder rebuild --check') })
  const env = { DATABASE_URL: world.appUrl, STEPLADDER_HOME: '/nowhere/stepladder', LOG_LEVEL: 'silent' }
  const refused = command(['rebuild', '--check', '--json'], { env })
  expect(await refused.ended).toBe(1)
  expect(JSON.parse(refused.stdout())).toMatchObject({ error: { code: 'owner_needed' } })
  expect(await shadows()).toHaveLength(0)
})

test('killed in the middle, it leaves nothing that hinders the next one', async () => {
  const env = {
    DATABASE_URL: world.appUrl,
    OWNER_DATABASE_URL: world.ownerUrl,
    STEPLADDER_HOME: '/nowhere/stepladder',
    LOG_LEVEL: 'silent',
  }
  await world.owner.begin(async (tx) => {
    // Held up where it reads the pools.
    await tx`lock table entitlements.resource_pools in access exclusive mode`
    const killed = command(['rebuild', '--check'], { env })
    await expect.poll(shadows, { timeout: 30_000 }).toHaveLength(1)
    killed.process.kill('SIGKILL')
    await killed.ended
  })
  expect(await shadows()).toHaveLength(1)
  // Its connections may outlive it for a moment.
  await expect.poll(async () => (await world.run('rebuild', '--check')).code, { timeout: 30_000 }).toBe(0)
  expect(await shadows()).toHaveLength(0)
})
