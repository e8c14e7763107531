import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshDatabase, prepareTemplate } from '../../src/bench/ground.ts'
import { type Loads, playRound, type Score, scoreOf, withLoads } from '../../src/bench/play-round.ts'
import type { Contestant } from '../../src/bench/round.ts'
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from '../../src/bench/servers.ts'
import { startProduction } from '../../src/bench/stepladder.ts'

const hasRedis = spawnSync('redis-server', ['--version']).status === 0

/** Stepladder alone: what it is compared with would have to be fetched from a registry, which a test does not. */
describe.runIf(hasRedis)('a round of the bench', () => {
  const now = Math.floor(Date.now() / 1000)
  const part = (seed: number, deliveries: number) => ({
    seed,
    now,
    deliveries,
    subscriptions: deliveries / 4,
  })
  const score: Score = scoreOf(part(901, 40), part(1, 240))
  let server: PostgresServer
  let redis: RedisServer
  let contestant: Contestant | null = null

  beforeAll(async () => {
    server = await startPostgres('embedded')
    redis = await startRedis()
    await prepareTemplate(server, 'ground', score.customers)
  })
  afterAll(async () => {
    await redis?.close()
    await server?.close()
  })

  const play = (truth: Score['truth'], name: string) =>
    withLoads(score, async (loads: Loads) => {
      await freshDatabase(server, name, 'ground')
      contestant = await startProduction({ server, redis, database: name, truth, connections: 8 })
      return playRound(contestant, loads, null).finally(contestant.close)
    })

  test('it plays everything, sees it applied, and finds every tier as it truly is', async () => {
    const round = await play(score.truth, 'right')
    expect(round.faults).toEqual([])
    expect(round.deliveries).toBeGreaterThan(150)
    expect(round.events).toBeLessThan(round.deliveries)
    expect(round.eventsPerSecond).toBeGreaterThan(1)
    expect(round.ackP99).toBeGreaterThanOrEqual(round.ackP50)
    expect(round.movedP99).toBeGreaterThan(0)
    if (process.platform === 'linux') {
      expect(Object.keys(round.cpu!)).toEqual([
        'receiver',
        'enrollment',
        'subscription-changes',
        'postgres',
        'redis',
      ])
      expect(round.cpu!.postgres).toBeGreaterThan(0)
    }
  })

  test('a tier that is not the true one is a fault of the round', async () => {
    const [customer, tier] = [...score.truth][0]!
    const other = tier === 'pro' ? 'standard' : 'pro'
    const { faults } = await play(new Map([...score.truth, [customer, other]]), 'wrong')
    expect(faults).toEqual([
      `1 of ${score.truth.size} are on a wrong tier: ${customer} on ${tier}, not ${other}`,
    ])
  })
})
