import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropDatabase, freshDatabase } from './ground.ts'
import { type PgbenchRun, runPgbench } from './pgbench.ts'
import { type Loads, playRound, type Score, withLoads } from './play-round.ts'
import type { Contestant, Round } from './round.ts'
import type { PostgresServer, RedisServer } from './servers.ts'
import { startEmbedded, startProduction } from './stepladder.ts'
import { startSyncEngine } from './sync-engine.ts'

/** Who took part in a round, in turn; null: left out of this run. */
export type ThroughputRound = {
  stepladder: Round | null
  syncEngine: Round | null
  pgbench: PgbenchRun | null
  embedded: Round | null
}

export type ThroughputParts = {
  /** With `template` on it. */
  server: PostgresServer
  redis: RedisServer
  template: string
  score: Score
  /** A server of the embedded kind with the same template, and a smaller score; null: not this one. */
  embedded: { server: PostgresServer; score: Score } | null
  /** null: not this one. */
  pgbench: { program: string; seconds: number } | null
  stepladder: boolean
  syncEngine: boolean
  connections: number
}

/**
 * One round: everybody in turn, on a fresh database each, with the same signed events. The order turns from round to round, so that
 * nobody always comes first.
 */
export async function playThroughput(parts: ThroughputParts, round: number): Promise<ThroughputRound> {
  const { server, score, embedded } = parts
  const result: ThroughputRound = { stepladder: null, syncEngine: null, pgbench: null, embedded: null }
  await withLoads(score, async (loads) => {
    const stepladder = async () => {
      if (parts.stepladder) result.stepladder = await playStepladder(parts, loads)
    }
    const syncEngine = async () => {
      if (parts.syncEngine) result.syncEngine = await playSyncEngine(parts, loads)
    }
    for (const turn of round % 2 === 0 ? [stepladder, syncEngine] : [syncEngine, stepladder]) await turn()
  })
  if (parts.pgbench) {
    await freshDatabase(server, 'round', parts.template)
    result.pgbench = await runPgbench({ ...parts.pgbench, server, database: 'round', plan: score.main })
    await dropDatabase(server, 'round')
  }
  if (embedded) result.embedded = await playEmbedded(parts, embedded)
  return result
}

/** Stepladder alone, in its shape of production. */
export function playStepladder(
  parts: Pick<ThroughputParts, 'server' | 'redis' | 'template' | 'score' | 'connections'>,
  loads: Loads,
  rate: number | null = null,
): Promise<Round> {
  const { server, redis, template, score, connections } = parts
  const start = (database: string) =>
    startProduction({ server, redis, database, truth: score.truth, connections })
  return onFresh(server, template, loads, start, rate)
}

/** The rival alone. */
export function playSyncEngine(
  parts: Pick<ThroughputParts, 'server' | 'score' | 'connections'>,
  loads: Loads,
  rate: number | null = null,
): Promise<Round> {
  const { server, score, connections } = parts
  const start = (database: string) =>
    startSyncEngine({ server, database, subscriptions: score.subscriptions, connections })
  return onFresh(server, null, loads, start, rate)
}

async function playEmbedded(
  { template, connections }: ThroughputParts,
  { server, score }: { server: PostgresServer; score: Score },
): Promise<Round> {
  const home = mkdtempSync(join(tmpdir(), 'stepladder-bench-home-'))
  const start = (database: string) =>
    startEmbedded({ server, database, truth: score.truth, connections, home })
  try {
    return await withLoads(score, (loads) => onFresh(server, template, loads, start))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function onFresh(
  server: PostgresServer,
  template: string | null,
  loads: Loads,
  start: (database: string) => Promise<Contestant>,
  rate: number | null = null,
): Promise<Round> {
  await freshDatabase(server, 'round', template)
  const contestant = await start('round')
  try {
    return await playRound(contestant, loads, rate)
  } finally {
    await contestant.close()
    await dropDatabase(server, 'round')
  }
}
