import { Hono } from 'hono'
import { Gauge, Registry } from 'prom-client'
import { registry } from '../metrics.ts'
import type { ReconcileStanding } from '../stripe/reconcile/reconcile-standing.ts'
import type { Standing } from './standing.ts'
import type { WebEnv } from './web-env.ts'

/**
 * What this process counted, and what stands in the database, read now. When the database does not answer, its gauges are
 * left out rather than told as they were: an old backlog of 0 would hide the fault.
 */
export function metrics(parts: {
  standing: () => Promise<Standing>
  reconciled: () => Promise<ReconcileStanding>
}): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  const gauges = createGauges()
  const reconcile = createReconcileGauges()
  let inFlight: Promise<string> | null = null

  const scrape = async () => {
    const [standing, reconciled] = await Promise.all([
      parts.standing().catch(() => null),
      parts.reconciled().catch(() => null),
    ])
    gauges.set(standing)
    reconcile.set(reconciled)
    const told = await Promise.all(
      [registry, gauges.registry, reconcile.registry].map((one) => one.metrics()),
    )
    return told.join('\n')
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
  const unresolved = new Gauge({
    name: 'stepladder_unresolved',
    help: 'Subscriptions whose state is not settled and whose last known tier is held, by why.',
    labelNames: ['reason'],
    registers,
  })
  const fetchesKept = new Gauge({
    name: 'stepladder_fetches_kept',
    help: "Answers of Stripe's API that all processes together have kept.",
    registers,
  })
  const fetchesFailing = new Gauge({
    name: 'stepladder_fetches_failing',
    help: 'Subscriptions that wait for an answer from Stripe after at least one try that failed.',
    registers,
  })
  const recentlyApplied = new Gauge({
    name: 'stepladder_received_to_applied_recent_seconds',
    help: 'From receipt to the committed tier, whichever process did it: the newest thousand events of the last five minutes.',
    labelNames: ['quantile'],
    registers,
  })
  const gapsFound = new Gauge({
    name: 'stepladder_gaps_found',
    help: 'Events that Stripe listed, that nobody had delivered and that the gap watch took in, ever.',
    registers,
  })
  const gapWatchBehind = new Gauge({
    name: 'stepladder_gap_watch_behind_seconds',
    help: 'How long ago that was created up to which everything was compared with Stripe’s list.',
    registers,
  })
  const bodyMonths = new Gauge({
    name: 'stepladder_body_months',
    help: 'Months of which the inbox still has the bodies of events, this one with them.',
    registers,
  })
  const outboundWaiting = new Gauge({
    name: 'stepladder_outbound_waiting',
    help: 'Moves that other systems are still to be told, at webhook endpoints that are enabled.',
    registers,
  })
  const outboundOldest = new Gauge({
    name: 'stepladder_outbound_oldest_seconds',
    help: 'How long ago the oldest move was made that another system is still to be told; 0 without any.',
    registers,
  })

  const set = (standing: Standing | null) => {
    for (const gauge of [outboundWaiting, outboundOldest]) gauge.remove()
    bodyMonths.remove()
    gapsFound.remove()
    gapWatchBehind.remove()
    for (const gauge of [backlog, parked, waiting, alarms, unresolved, recentlyApplied]) gauge.reset()
    up.set(standing ? 1 : 0)
    if (!standing) return
    for (const [write, count] of Object.entries(standing.backlog)) backlog.set({ write }, count)
    for (const { write, reason, count } of standing.parked) parked.set({ write, reason }, count)
    for (const { onKind, count } of standing.waiting) waiting.set({ on_kind: onKind }, count)
    for (const { kind, count } of standing.alarms) alarms.set({ kind }, count)
    for (const { reason, count } of standing.unresolved) unresolved.set({ reason }, count)
    for (const { quantile, seconds } of standing.receivedToApplied) recentlyApplied.set({ quantile }, seconds)
    fetchesKept.set(standing.fetches.kept)
    fetchesFailing.set(standing.fetches.failing)
    bodyMonths.set(standing.bodyMonths)
    outboundWaiting.set(standing.outbound.waiting)
    outboundOldest.set(standing.outbound.oldest)
    if (standing.gapWatch) {
      gapsFound.set(standing.gapWatch.found)
      gapWatchBehind.set(standing.gapWatch.behind)
    }
  }
  return { registry: registers[0]!, set }
}

/** What the last reconcile found, and how much of what stands is known to be right. Left out where it is not known. */
function createReconcileGauges() {
  const registers = [new Registry()]
  const verified = new Gauge({
    name: 'stepladder_organizations_verified_share',
    help: 'Of the organizations with a live subscription, the share found to agree with Stripe within 24 hours.',
    registers,
  })
  const differences = new Gauge({
    name: 'stepladder_reconcile_differences',
    help: 'What the last reconcile found, by class and what became of it.',
    labelNames: ['class', 'outcome'],
    registers,
  })
  const ended = new Gauge({
    name: 'stepladder_reconcile_ended_timestamp_seconds',
    help: 'When the last reconcile ended.',
    registers,
  })
  const set = (standing: ReconcileStanding | null) => {
    verified.remove()
    ended.remove()
    differences.reset()
    if (!standing) return
    for (const { class: kind, outcome, count } of standing.counts)
      differences.set({ class: kind, outcome }, count)
    if (standing.endedAt !== null) ended.set(standing.endedAt)
    if (standing.verifiedShare !== null) verified.set(standing.verifiedShare)
  }
  return { registry: registers[0]!, set }
}
