import type { Config } from '../config.ts'
import type { Db } from '../db/types.ts'
import { createCheckMemory } from '../entitlements/check-memory.ts'
import type { Log } from '../log.ts'
import type { UpkeepQueue, WorkQueue } from '../queue/backend.ts'
import { dashboardApp } from '../queue/dashboard.ts'
import type { Ring } from '../queue/ring.ts'
import { deploymentMode, modeOfKey } from '../stripe/deployment-mode.ts'
import { writes } from '../stripe/inbox/event-writes.ts'
import { createInbox } from '../stripe/inbox/inbox.ts'
import { createApp } from '../web/app.ts'
import { dashboardPath } from '../web/operator.ts'
import { serveWeb } from '../web/server.ts'
import type { Reached } from './kill-points.ts'

export type StartReceiverParts = {
  /** With the application's role. */
  db: Db
  /** `databaseUrl` null: local mode, in which a key opens the panel whatever else does. */
  config: Pick<Config, 'host' | 'port' | 'publicUrl' | 'stripeApiKey'> &
    Partial<Pick<Config, 'auth' | 'databaseUrl' | 'outboundPrivateAddresses'>>
  secrets: readonly string[]
  queues: readonly (WorkQueue | UpkeepQueue)[]
  ring: Ring
  log: Log
  reached?: Reached
}

/**
 * Everything that is answered over HTTP: the receiver with its inbox, health, metrics, the API and the queue dashboard.
 * @throws Refused when the API key is of the other mode than the events that the database holds.
 */
export async function startReceiver(
  parts: StartReceiverParts,
): Promise<{ url: string; close: () => Promise<void> }> {
  const { db, config, secrets, queues, ring, log, reached = () => {} } = parts
  const keyMode = config.stripeApiKey ? modeOfKey(config.stripeApiKey) : null
  await deploymentMode(db, keyMode)
  // The sweepers do this daily; a receiver that is started after months without any has to find a place for its bodies.
  await db`select stripe.ensure_body_partitions()`
  const inbox = createInbox(db, {
    keyMode,
    onStored: (unmarked) => {
      reached('after-inbox-commit')
      for (const write of writes) void ring.ring(unmarked[write], { queues: [write] })
    },
  })
  const check = createCheckMemory(db, {
    failed: (error) =>
      log.warn({ error }, 'Changes are not heard: `check` reads the database until they are again'),
  })
  const app = createApp({
    db,
    check,
    take: inbox.take,
    secrets,
    publicUrl: config.publicUrl,
    auth: config.auth ?? null,
    local: config.databaseUrl === null,
    privateAddresses: config.outboundPrivateAddresses ?? 'none',
    queues: queues.map((queue) => ({ name: queue.name, counts: () => queue.getJobCounts() })),
    dashboard: dashboardApp(queues, dashboardPath),
    ringExpiry: ({ grantId, at }) => ring.ringGrant(grantId, at),
    ringAgain: ring.ring,
    log,
  })
  const server = await serveWeb(app, config).catch(async (error) => {
    await check.close()
    throw error
  })
  return {
    url: server.url,
    close: async () => {
      await server.close()
      await check.close()
      await inbox.close()
    },
  }
}
