import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../db/cluster.ts'
import { connect } from '../db/connect.ts'
import { StepladderError } from '../errors.ts'
import { projectFolder, startChild } from './child-process.ts'
import type { Contestant } from './round.ts'
import type { PostgresServer } from './servers.ts'
import { benchSecret } from './stepladder.ts'

const rivals = join(projectFolder, 'bench')

/**
 * Installs what Stepladder is measured against beside it, in bench/, where it is not yet; says so before.
 * @throws StepladderError when npm cannot.
 */
export function installRivals(say: (line: string) => void): void {
  if (existsSync(join(rivals, 'node_modules', '@supabase', 'stripe-sync-engine', 'package.json'))) return
  say('Installing what Stepladder is measured against: npm install --prefix bench')
  const npm = spawnSync('npm', ['install', '--prefix', rivals, '--no-audit', '--no-fund'], { stdio: 'pipe' })
  if (npm.status === 0) return
  throw new StepladderError(
    'rivals_missing',
    `npm install --prefix bench failed: ${npm.stderr?.toString().trim() || npm.error?.message}`,
    'Run it by hand, or leave the comparison out with --only embedded.',
  )
}

/**
 * @supabase/stripe-sync-engine behind a bare receiver, in one process: its webhook function with the raw body and the
 * signature, acknowledged after the write, as its documentation shows it.
 * Source: https://github.com/supabase/stripe-sync-engine/tree/main/packages/sync-engine#usage
 */
export async function startSyncEngine(parts: {
  server: PostgresServer
  database: string
  subscriptions: readonly string[]
  connections: number
  nodeArguments?: readonly string[]
}): Promise<Contestant> {
  const { server, database, subscriptions, connections, nodeArguments = [] } = parts
  const port = await freePort()
  const url = server.address('postgres', database)
  const running = await startChild([process.execPath, ...nodeArguments, 'sync-engine-receiver.mjs'], {
    environment: {
      PORT: String(port),
      DATABASE_URL: url,
      WEBHOOK_SECRET: benchSecret,
      NODE_ENV: 'production',
    },
    ready: 'Receiving',
    folder: rivals,
  })
  const db = connect(url, { max: 1, applicationName: 'bench' })
  return {
    port,
    connections,
    processes: { receiver: running.pid, postgres: server.pid },
    settled: async () => null,
    async check() {
      const [row] = await db<{ kept: number }[]>`
        select count(*)::int as kept from stripe.subscriptions where id = any(${subscriptions as string[]})`
      return row!.kept === subscriptions.length
        ? []
        : [`${row!.kept} of ${subscriptions.length} subscriptions were written`]
    },
    latencies: async () => ({ movedP99: null, appliedP99: null }),
    async close() {
      await db.end({ timeout: 2 })
      await running.stop()
    },
  }
}
