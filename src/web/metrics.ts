import { Hono } from 'hono'
import { Gauge, Registry } from 'prom-client'
import { registry } from '../metrics.ts'
import type { Standing } from './standing.ts'
import type { WebEnv } from './web-env.ts'

/**
 * What this process counted, and what stands in the database, read now. When the database does not answer, its gauges are
 * left out rather than told as they were: an old backlog of 0 would hide the fault.
 */
export function metrics(parts: { standing: () => Promise<Standing> }): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  const gauges = createGauges()
  let inFlight: Promise<string> | null = null

  const scrape = async () => {
    const standing = await parts.standing().catch(() => null)
    gauges.set(standing)
    return `${await registry.metrics()}\n${await gauges.registry.metrics()}`
  }

  app.get('/metrics', async (c) => {
    inFlight ??= scrape().finally(() => {
      inFlight = null
    })
    return c.body(await inFlight, 200, { 'content-type': registry.contentType, 'cache-control': 'no-store' })
  })
  return app
}

function createGauges() {
  const registers = [new Registry()]
  const up = new Gauge({
    name: 'stepladder_database_up',
    help: 'Whether the gauges that are read from the database could be read just now.',
    registers,
  })
  const backlog = new Gauge({
    name: 'stepladder_backlog',
    help: 'Events received and not yet taken up, by write.',
    labelNames: ['write'],
    registers,
  })
  const parked = new Gauge({
    name: 'stepladder_parked',
    help: 'Writes that a person has to look at, by write and reason.',
    labelNames: ['write', 'reason'],
    registers,
  })
  const waiting = new Gauge({
    name: 'stepladder_waiting',
    help: 'Writes that wait for something named and go on by themselves, by the kind of thing.',
    labelNames: ['on_kind'],
    registers,
  })
  const alarms = new Gauge({
    name: 'stepladder_alarms',
    help: 'Alarms that nobody cleared, by kind.',
    labelNames: ['kind'],
    registers,
  })

  const set = (standing: Standing | null) => {
    for (const gauge of [backlog, parked, waiting, alarms]) gauge.reset()
    up.set(standing ? 1 : 0)
    if (!standing) return
    for (const [write, count] of Object.entries(standing.backlog)) backlog.set({ write }, count)
    for (const { write, reason, count } of standing.parked) parked.set({ write, reason }, count)
    for (const { onKind, count } of standing.waiting) waiting.set({ on_kind: onKind }, count)
    for (const { kind, count } of standing.alarms) alarms.set({ kind }, count)
  }
  return { registry: registers[0]!, set }
}
