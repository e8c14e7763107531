import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Log, silentLog } from '../../src/log.ts'
import { warnAtStart } from '../../src/processes/warn-at-start.ts'
import type { QueueBackend } from '../../src/queue/backend.ts'
import { newWorld, type World } from '../support/world.ts'

let world: World
beforeAll(async () => {
  world = await newWorld()
})
afterAll(() => world.close())

async function saidWith(autoProvision: string | null, ofQueues: string[] = []): Promise<string[]> {
  const said: string[] = []
  const log: Log = { ...silentLog, warn: (_, message) => said.push(message) }
  const backend = { kind: 'redis', check: async () => ofQueues } as unknown as QueueBackend
  await warnAtStart({ db: world.app, backend, config: { autoProvision }, log })
  return said
}

test('an org type that AUTO_PROVISION names and no catalog has is warned of; work waits on it meanwhile', async () => {
  expect(await saidWith('club')).toEqual([expect.stringContaining('the org type club')])
  expect(await saidWith('coop')).toEqual([])
  expect(await saidWith(null)).toEqual([])
})

test('what the queues find wrong with themselves is said too', async () => {
  expect(await saidWith('coop', ['maxmemory-policy is allkeys-lru'])).toEqual([
    'maxmemory-policy is allkeys-lru',
  ])
})
