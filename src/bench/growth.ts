import { join } from 'node:path'
import { connect } from '../db/connect.ts'
import type { Tier } from '../simulator/snapshot.ts'
import { projectFolder } from './child-process.ts'
import { dropDatabase, freshDatabase } from './ground.ts'
import { type Loads, playRound, type Score, withLoads } from './play-round.ts'
import type { Round } from './round.ts'
import type { PostgresServer, RedisServer } from './servers.ts'
import { startProduction } from './stepladder.ts'

/** Rows in the inbox and pools before anything is played. */
export type Size = { events: number; pools: number }

export type GrowthRound = { small: Round; large: Round }

const fillScript = join(projectFolder, 'bench', 'growth', 'fill.sql')

/** The same events played to a small installation and to a large one, in turn: what an event costs must not grow. */
export async function playGrowth(parts: {
  server: PostgresServer
  redis: RedisServer
  /** Migrated, with the ground for the score. */
  template: string
  score: Score
  small: Size
  large: Size
  rounds: number
  connections: number
  say: (line: string) => void
}): Promise<GrowthRound[]> {
  const { server, template, score, rounds, say } = parts
  const sizes = { small: parts.small, large: parts.large }
  for (const name of ['small', 'large'] as const) {
    say(`Filling a database with ${sizes[name].events} events and ${sizes[name].pools} pools`)
    await freshDatabase(server, `growth_${name}`, template)
    await fill(server, `growth_${name}`, sizes[name])
  }
  const results: GrowthRound[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      results.push(await withLoads(score, (loads) => playBoth({ ...parts, loads, truth: score.truth })))
    }
  } finally {
    for (const name of ['small', 'large']) await dropDatabase(server, `growth_${name}`)
  }
  return results
}

async function playBoth(parts: {
  server: PostgresServer
  redis: RedisServer
  connections: number
  loads: Loads
  truth: ReadonlyMap<string, Tier>
}): Promise<GrowthRound> {
  const { server, redis, connections, loads, truth } = parts
  const play = async (name: 'small' | 'large') => {
    const database = `growth_round_${name}`
    await freshDatabase(server, database, `growth_${name}`)
    const app = await startProduction({ server, redis, database, truth, connections })
    const round = await playRound(app, loads, null).finally(app.close)
    await dropDatabase(server, database)
    return round
  }
  return { small: await play('small'), large: await play('large') }
}

async function fill(server: PostgresServer, database: string, size: Size): Promise<void> {
  const db = connect(server.address('postgres', database), { max: 1, applicationName: 'bench' })
  try {
    await db`select set_config('bench.events', ${String(size.events)}, false), set_config('bench.pools', ${String(size.pools)}, false)`
    await db.file(fillScript)
    // As the autovacuum of an installation that has lived so long has done.
    await db`vacuum analyze`
  } finally {
    await db.end()
  }
}
