import { StepladderError } from '../errors.ts'
import type { Findings } from './goals.ts'
import { dropDatabase, freshDatabase, prepareTemplate } from './ground.ts'
import { playGrowth } from './growth.ts'
import { findPgbench } from './pgbench.ts'
import { type Score, scoreOf } from './play-round.ts'
import { median } from './round.ts'
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from './servers.ts'
import { playSteady } from './steady.ts'
import { installRivals } from './sync-engine.ts'
import { playThroughput, type ThroughputParts } from './throughput.ts'

export const benchParts = ['throughput', 'pgbench', 'embedded', 'steady', 'check', 'growth'] as const
export type BenchPart = (typeof benchParts)[number]

export type BenchOptions = {
  rounds: number
  /** Deliveries of a round, about, and the subscriptions that they are of. */
  events: number
  subscriptions: number
  /** Everything smaller, and done within 90 s: shows that it works, and little else. */
  quick: boolean
  only: ReadonlySet<BenchPart>
  say: (line: string) => void
  signal: AbortSignal
}

/** Seconds that a run may last. When time is short there are fewer rounds, and the report says how many there were. */
const limits = { whole: 12 * 60, quick: 90 }

export type BenchRun = Findings & { postgres: string; embeddedPostgres: string | null; seconds: number }

/** Deliveries under way at once, whoever takes them. */
const connections = 64
/** Between 15 and 20 % of what pgbench does; where there is no pgbench, this many a second. */
const steadyShare = 0.175
const steadyWithout = 400
const template = 'ground'

/**
 * Measures. Everything runs on private ports in temporary folders, and is gone afterwards.
 * @throws StepladderError when there is no Redis, when the rivals cannot be installed, or when it was interrupted.
 */
export async function bench(options: BenchOptions): Promise<BenchRun> {
  const { only, say, signal } = options
  if (['throughput', 'embedded', 'steady'].some((part) => only.has(part as BenchPart))) installRivals(say)
  const openings: Promise<{ close: () => Promise<void> }>[] = []
  const opened: Opened = (opening) => {
    openings.push(opening)
    return opening
  }
  // Not after the round: what is under way fails by itself once its servers are gone.
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(interrupted()), { once: true })
  })
  try {
    return await Promise.race([measure(options, opened), stopped])
  } finally {
    for (const opening of (await Promise.allSettled(openings)).reverse()) {
      if (opening.status === 'fulfilled') await opening.value.close()
    }
  }
}

/** Keeps what was opened, to be closed whatever happens. */
type Opened = <T extends { close: () => Promise<void> }>(opening: Promise<T>) => Promise<T>

async function measure(options: BenchOptions, opened: Opened): Promise<BenchRun> {
  const began = performance.now()
  const { only, quick, say } = options
  const plan = planOf(options)
  const limit = 1000 * (quick ? limits.quick : limits.whole)
  /** Whether this share of the time is over. */
  const late = (share: number) => performance.now() - began > share * limit

  say('Starting PostgreSQL and Redis')
  const server = await opened(startPostgres('system'))
  const redis = await opened(startRedis())
  const embeddedServer = only.has('embedded') ? await opened(startPostgres('embedded')) : null
  const customers = [plan.main, plan.steady, plan.growth].flatMap((score) => score.customers)
  await prepareTemplate(server, template, [...new Set(customers)])
  if (embeddedServer) await prepareTemplate(embeddedServer, template, plan.embedded.customers)
  const parts = { server, redis, template, connections }

  const findings: Findings = { throughput: [], steady: null, check: null, growth: null }
  await playRounds({ ...options, ...parts, embeddedServer, plan, findings, late })
  if (only.has('steady')) {
    const scripts = findings.throughput.flatMap(({ pgbench }) => pgbench?.eventsPerSecond ?? [])
    const rate = scripts.length > 0 ? steadyShare * median(scripts) : steadyWithout
    say(`At a fixed rate: ${Math.round(rate)} deliveries a second`)
    const how = { rate, rounds: quick || late(0.65) ? 1 : 5 }
    findings.steady = {
      rate,
      rounds: await playSteady({ ...parts, score: steadyFor(plan.steady, rate) }, how),
    }
  }
  if (only.has('check')) findings.check = await playCheck(server, quick, say)
  if (only.has('growth')) {
    const rounds = quick || late(0.75) ? 1 : 3
    findings.growth = await playGrown({ ...parts, plan, quick, say, rounds })
  }
  return {
    ...findings,
    postgres: server.version,
    embeddedPostgres: embeddedServer?.version ?? null,
    seconds: (performance.now() - began) / 1000,
  }
}

type Plan = { main: Score; embedded: Score; steady: Score; growth: Score }

/** Seconds that a part at a fixed rate lasts at most. */
const steadySeconds = 15

/** As many of the planned lives as the rate can play in that time: they are the first ones, and have their ground. */
function steadyFor(score: Score, rate: number): Score {
  const { warmUp, main } = score
  const share = Math.min(1, (rate * steadySeconds) / main.deliveries)
  const scaled = (count: number) => Math.ceil(count * share)
  return scoreOf(warmUp, {
    ...main,
    deliveries: scaled(main.deliveries),
    subscriptions: scaled(main.subscriptions),
  })
}

/** Seeds differ where parts share a database, since they stand in every id. */
export function planOf({ events, subscriptions, quick }: BenchOptions): Plan {
  const now = Math.floor(Date.now() / 1000)
  const scaled = (seed: number, by: number) => ({
    seed,
    now,
    deliveries: Math.max(20, Math.round(events * by)),
    subscriptions: Math.max(5, Math.round(subscriptions * by)),
  })
  const warmUp = scaled(901, quick ? 0.15 : 0.1)
  return {
    main: scoreOf(warmUp, scaled(1, 1)),
    embedded: scoreOf(warmUp, scaled(2, 0.25)),
    steady: scoreOf(warmUp, scaled(3, 0.3)),
    growth: scoreOf(warmUp, scaled(4, 0.3)),
  }
}

async function playRounds(
  parts: BenchOptions &
    Omit<ThroughputParts, 'score' | 'embedded' | 'pgbench' | 'stepladder' | 'syncEngine'> & {
      embeddedServer: PostgresServer | null
      plan: Plan
      findings: Findings
      late: (share: number) => boolean
    },
): Promise<void> {
  const { only, rounds, quick, say, plan, embeddedServer, findings, late } = parts
  const program = only.has('pgbench') ? findPgbench() : null
  if (only.has('pgbench') && program === null) say('pgbench was not found: nothing is compared with it')
  const stepladder = only.has('throughput')
  if (!stepladder && program === null && embeddedServer === null) return
  for (let round = 0; round < rounds; round++) {
    say(`Round ${round + 1} of ${rounds}`)
    const played = await playThroughput(
      {
        ...parts,
        score: plan.main,
        stepladder,
        syncEngine: stepladder || embeddedServer !== null,
        pgbench: program === null ? null : { program, seconds: quick ? 3 : 5 },
        embedded: embeddedServer && { server: embeddedServer, score: plan.embedded },
      },
      round,
    )
    findings.throughput.push(played)
    if (late(0.5)) break
  }
}

async function playCheck(
  server: PostgresServer,
  quick: boolean,
  say: (line: string) => void,
): Promise<Findings['check']> {
  say('check, against a bare route')
  let measured: typeof import('./bench-check.ts')
  try {
    measured = await import('./bench-check.ts')
  } catch {
    say('autocannon is not installed (a development dependency): check is left out')
    return null
  }
  await freshDatabase(server, 'checked', template)
  try {
    const appUrl = server.address('stepladder_app', 'checked')
    return await measured.benchCheck({
      appUrl,
      ...(quick ? { rounds: 1, seconds: 2 } : { rounds: 3, seconds: 3 }),
    })
  } finally {
    await dropDatabase(server, 'checked')
  }
}

function playGrown(parts: {
  server: PostgresServer
  redis: RedisServer
  template: string
  connections: number
  plan: Plan
  quick: boolean
  rounds: number
  say: (line: string) => void
}) {
  const { plan, quick } = parts
  const small = { events: 10_000, pools: 1_000 }
  const large = quick ? { events: 100_000, pools: 10_000 } : { events: 1_000_000, pools: 100_000 }
  return playGrowth({ ...parts, score: plan.growth, small, large })
}

function interrupted(): StepladderError {
  return new StepladderError(
    'interrupted',
    'The bench was interrupted.',
    'Run it again; a part of it with --only.',
  )
}
