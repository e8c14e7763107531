import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, describe, expect, test } from 'vitest'
import { readCatalogFile } from '../../src/billing/catalog-file.ts'
import { play } from '../../src/cli/simulate-play.ts'
import { freePort } from '../../src/db/cluster.ts'
import { killPoints } from '../../src/processes/kill-points.ts'
import { deliveriesOf } from '../../src/simulator/deliveries.ts'
import { livesOf } from '../../src/simulator/life.ts'
import { SIMULATED_CATALOG } from '../../src/simulator/prices.ts'
import { applyCatalog } from '../../src/stripe/catalog/apply-catalog.ts'
import { testDatabase } from '../support/database.ts'
import {
  changeRows,
  settled,
  tiersByCustomer,
  trueChangeRows,
  trueTiers,
  violations,
} from '../support/outcome.ts'
import { testRedis } from '../support/redis.ts'
import { stripeStandIn } from '../support/stripe-stand-in.ts'

const SECRET = 'whsec_of_this_test'
const lives = livesOf(25, { seed: 4, now: Math.floor(Date.now() / 1000) })
const deliveries = deliveriesOf(lives, { seed: 5, duplicates: 0.2, shuffle: true })
const org_types = [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }]

const redis = await testRedis()
afterAll(() => redis?.close())

type Supervised = { killed: () => number; stop: () => Promise<void> }

/** Runs a process and starts it again whenever it dies; only its first life has the kill switch. */
function supervised(name: string, env: Record<string, string>, killAt: string): Supervised {
  let child: ChildProcess
  let stopping = false
  let killed = 0
  let ended = 0
  let said = ''
  const start = (more: Record<string, string>) => {
    const settings = { PATH: process.env.PATH, LOG_LEVEL: 'error', ...env, ...more }
    child = spawn(process.execPath, ['--import', 'tsx', `workers/${name}.ts`], {
      env: settings,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr!.on('data', (chunk) => {
      said += chunk
    })
    child.once('exit', (_, signal) => {
      if (stopping) return
      if (signal === 'SIGKILL') killed++
      // What cannot start at all is not started for ever.
      else if (++ended > 3) throw new Error(`${name} ended by itself: ${said}`)
      start({})
    })
  }
  start({ STEPLADDER_KILL_AT: killAt })
  return {
    killed: () => killed,
    stop: async () => {
      stopping = true
      const code = new Promise<number | null>((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 20_000)
      expect(await code, `${name} stops cleanly: ${said}`).toBe(0)
      clearTimeout(late)
    },
  }
}

describe.each([...(redis ? ['redis'] : []), 'postgres'])('killed with the queues on %s', (kind) => {
  test.each(killPoints)(
    'a process that dies %s loses nothing and doubles nothing, and nobody has to help',
    async (point) => {
      const db = await testDatabase()
      await applyCatalog(db.app, readCatalogFile({ ...SIMULATED_CATALOG, org_types }))
      const stripe = await stripeStandIn(lives)
      if (kind === 'redis') await flush(redis!.url)
      const port = await freePort()
      const env = {
        DATABASE_URL: db.appUrl,
        ...(kind === 'redis' ? { REDIS_URL: redis!.url } : {}),
        PORT: String(port),
        STRIPE_WEBHOOK_SECRETS: SECRET,
        STRIPE_API_KEY: 'rk_test_stand_in',
        STRIPE_API_BASE_URL: stripe.url,
        AUTO_PROVISION: 'coop',
      }
      const processes = ['receiver', 'enrollment', 'subscription-changes'].map((name) =>
        supervised(name, env, `${point}:3`),
      )
      try {
        const url = `http://127.0.0.1:${port}`
        await play(deliveries, { url, secret: SECRET, concurrency: 8, speed: 60, onDelivered: () => {} })
        const seconds = await settled(db.owner, 120)
        const killed = processes.reduce((sum, one) => sum + one.killed(), 0)
        console.log(`${kind}, ${point}: ${killed} killed, settled after ${seconds.toFixed(1)} s`)
        expect(killed).toBeGreaterThan(0)
        expect(await tiersByCustomer(db.owner)).toEqual(trueTiers(lives))
        expect(await changeRows(db.owner)).toEqual(trueChangeRows(lives))
        expect(await violations(db.owner)).toEqual([])
      } finally {
        await Promise.all(processes.map((one) => one.stop()))
        await stripe.close()
        await db.close()
      }
    },
    200_000,
  )
})

async function flush(url: string): Promise<void> {
  const { Redis } = await import('ioredis')
  const client = new Redis(url)
  await client.flushall()
  client.disconnect()
}
