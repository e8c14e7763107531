import { fileURLToPath } from 'node:url'
import autocannon, { type Options, type Request, type Result } from 'autocannon'
import { readCatalogFile } from '../billing/catalog-file.ts'
import { connect } from '../db/connect.ts'
import type { Db } from '../db/types.ts'
import { reapplyDefaults } from '../entitlements/reapply-defaults.ts'
import { createOrganization } from '../organization/create-organization.ts'
import { applyCatalog } from '../stripe/catalog/apply-catalog.ts'
import { startChild } from './child-process.ts'
import { cpuMsOf } from './cpu-time.ts'
import { playRequests } from './play-requests.ts'
import { median, quantile, refusals } from './round.ts'

export type CheckBenchOptions = {
  /** A migrated database of its own, with the application's role. */
  appUrl: string
  /** 5 when left out. */
  rounds?: number
  /** Seconds of each measurement; 4 when left out. */
  seconds?: number
  organizations?: number
}

export type CheckBench = {
  rounds: { bare: Measured; check: Measured }[]
  /** P7: requests in a second of the server's own CPU, ÷ those of a bare Hono JSON route. The median of the rounds. */
  ratio: number
  /** The same by the clock on the wall. */
  ratioByClock: number
  /** P7: milliseconds, at `rate` requests a second. */
  p50: number
  p99: number
  rate: number
}

export type Measured = { perSecond: number; perCpuSecond: number | null }

/** What the server says once it listens. */
type Ready = { url: string; bareUrl: string; key: string }

const rate = 2_000

/**
 * `GET /api/v1/check` against a bare Hono route that answers the same JSON, in turn, over the same server process, and
 * then its latency at 2,000 requests a second. The load comes from this process. Any answer but 200 ends it.
 * @throws Error when an answer is not 200 or a request fails.
 */
export async function benchCheck(options: CheckBenchOptions): Promise<CheckBench> {
  const { appUrl, rounds = 5, seconds = 4, organizations = 1_000 } = options
  const db = connect(appUrl, { max: 4, applicationName: 'stepladder bench' })
  const ids = await fill(db, organizations).finally(() => db.end({ timeout: 2 }))
  const script = fileURLToPath(new URL('./check-server.ts', import.meta.url))
  const server = await startChild([process.execPath, '--import', 'tsx', script, appUrl], {
    environment: {},
    ready: '}\n',
  })
  try {
    const { url, bareUrl, key } = JSON.parse(/^\{.*\}$/m.exec(server.said())![0]) as Ready
    const headers = { authorization: `Bearer ${key}` }
    const asks = ids.map((id) => ({ path: `/api/v1/check?organization=${id}&feature=seats`, headers }))
    const bareAsks = ids.map((id) => ({ path: `/bare?organization=${id}&feature=seats`, headers }))
    const measured = async (address: string, requests: Request[]): Promise<Measured> => {
      const before = cpuMsOf([server.pid])
      const { requests: done } = await load({ url: address, requests, duration: seconds, connections: 32 })
      const after = cpuMsOf([server.pid])
      return {
        perSecond: done.total / seconds,
        perCpuSecond: before === null || after === null ? null : (done.total * 1000) / (after - before),
      }
    }
    // Each once, so that what is measured is memory; then both routes until they are compiled.
    await load({ url, requests: asks, amount: asks.length, connections: 1 })
    await load({ url: bareUrl, requests: bareAsks, duration: 1, connections: 32 })
    await load({ url, requests: asks, duration: 1, connections: 32 })
    const turns: CheckBench['rounds'] = []
    for (let round = 0; round < rounds; round++) {
      turns.push({ bare: await measured(bareUrl, bareAsks), check: await measured(url, asks) })
    }
    const ackMs = await evenly(url, asks, seconds * 2)
    const byClock = turns.map(({ bare, check }) => check.perSecond / bare.perSecond)
    const byCpu = turns.flatMap(({ bare, check }) =>
      bare.perCpuSecond && check.perCpuSecond ? [check.perCpuSecond / bare.perCpuSecond] : [],
    )
    const ratioByClock = median(byClock)
    return {
      rounds: turns,
      ratio: byCpu.length > 0 ? median(byCpu) : ratioByClock,
      ratioByClock,
      p50: quantile(ackMs, 0.5),
      p99: quantile(ackMs, 0.99),
      rate,
    }
  } finally {
    await server.stop()
  }
}

/**
 * At `rate`, evenly: a generator that sends each second's requests at its beginning measures its own queue.
 * @returns milliseconds to each answer, sorted
 */
async function evenly(url: string, asks: readonly Request[], seconds: number): Promise<number[]> {
  const rendered = asks.map((ask) => Buffer.from(rendering(ask)))
  const requests = Array.from({ length: rate * seconds }, (_, at) => rendered[at % rendered.length]!)
  const played = await playRequests(requests, { port: Number(new URL(url).port), connections: 16, rate })
  const wrong = refusals(played)
  if (wrong.length > 0) throw new Error(`Of the checks at ${rate}/s ${wrong.join(', ')}.`)
  return played.ackMs
}

function rendering({ path, headers }: Request): string {
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join('')}\r\n`
}

async function load(options: Options): Promise<Result> {
  const result = await autocannon(options)
  const wrong = result.non2xx + result.errors + result.timeouts
  if (wrong > 0)
    throw new Error(`${wrong} of ${result.requests.total} requests to ${options.url} were not answered 200.`)
  return result
}

/** Organizations on a tier with a handful of features, as a small company sells them. */
async function fill(db: Db, count: number): Promise<string[]> {
  const key = `bench-${process.pid}-${Date.now()}`
  const features = { api: true, seats: 10, projects: 'unlimited', support: 'email', exports: false }
  await applyCatalog(
    db,
    readCatalogFile({
      version: 1,
      products: [{ key, name: 'Bench', status: 'published', features }],
      ladders: [{ key, name: 'Bench', tiers: [key] }],
      org_types: [{ key, name: 'Bench', default_ladder: key }],
    }),
  )
  return db.begin(async (tx) => {
    const [place] = await tx<{ tenantId: string; orgTypeId: string }[]>`
      select t.tenant_id, y.org_type_id from organization.tenants t, organization.org_types y
       where t.tenant_key = 'default' and y.org_type_key = ${key}`
    const ids: string[] = []
    for (let made = 0; made < count; made++) {
      const { organizationId } = await createOrganization(
        tx,
        { ...place!, name: `${key} ${made}`, organizationKey: `${key}-${made}` },
        reapplyDefaults,
      )
      ids.push(organizationId)
    }
    return ids
  })
}
