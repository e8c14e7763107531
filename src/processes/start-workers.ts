import type { Config } from '../config.ts'
import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import type { UpkeepQueue, WorkQueue } from '../queue/backend.ts'
import type { Ring } from '../queue/ring.ts'
import { openBells } from './bells.ts'
import type { Reached } from './kill-points.ts'
import { serveEnrollment, serveSubscriptionChanges } from './serve-writes.ts'
import { startSweeper } from './start-sweeper.ts'
import { startUpkeep } from './start-upkeep.ts'
import { warnAtStart } from './warn-at-start.ts'

export type StartWorkersParts = {
  /** With the application's role. */
  appDb: Db
  /** The same, as an address: the queues' own connections, where they live in Postgres. */
  appUrl: string
  config: Pick<Config, 'redisUrls' | 'stripeApiKey' | 'stripeApiBaseUrl' | 'autoProvision'> &
    Partial<Pick<Config, 'inboxRetentionDays' | 'planWebhook' | 'outboundPrivateAddresses'>>
  log: Log
  reached?: Reached
  /** false: nothing is done at its time, whatever the key; for a test that is about something else. */
  upkeep?: boolean
}

export type StartedWorkers = {
  ring: Ring
  queues: (WorkQueue | UpkeepQueue)[]
  /** Lets work end, for a few seconds at most. */
  close: () => Promise<void>
}

/**
 * Both workers, the sweeper and upkeep in this process: what `npm start` runs beside the receiver.
 * @throws Unavailable when the queues' backend does not answer; it names the setting.
 */
export async function startWorkers(parts: StartWorkersParts): Promise<StartedWorkers> {
  const { appDb: db, appUrl: databaseUrl, config, log, reached = () => {} } = parts
  const bells = openBells({ redisUrls: config.redisUrls, databaseUrl, log })
  try {
    await warnAtStart({ db, backend: bells.backend, config, log })
  } catch (error) {
    await bells.close()
    throw error
  }
  const workers = [serveEnrollment, serveSubscriptionChanges].map((serve) =>
    serve({ db, bells, config, log, reached }),
  )
  const sweeper = startSweeper({
    db,
    ring: bells.ring,
    log,
    keepBodiesDays: config.inboxRetentionDays ?? null,
  })
  const upkeep = parts.upkeep === false ? [] : [startUpkeep({ db, bells, config, log })]
  return {
    ring: bells.ring,
    queues: bells.all,
    close: async () => {
      await sweeper.close()
      await Promise.all([...upkeep, ...workers].map((worker) => worker.close(5000)))
      await bells.close()
    },
  }
}
