import { createLog } from '../../src/log.ts'
import { startReceiver } from '../../src/processes/start-receiver.ts'
import { startWorkers } from '../../src/processes/start-workers.ts'
import type { TestDatabase } from './database.ts'

export const SECRET = 'whsec_of_this_test'

export type Deployment = { url: string; close: () => Promise<void> }

/** A receiver and so many sets of workers, each with queues of its own as they have in processes of their own, on loopback. */
export async function startDeployment(
  db: Pick<TestDatabase, 'app' | 'appUrl'>,
  options: {
    redisUrls?: string[]
    stripeApiBaseUrl?: string
    workers?: number
    stripeApiKey?: string | null
    /** Looks for missed events and the like, which would hide what other tests are about; off unless told. */
    upkeep?: boolean
  } = {},
): Promise<Deployment> {
  const log = createLog({ level: 'fatal' })
  const { redisUrls = [], stripeApiBaseUrl = null, workers: count = 1 } = options
  const config = {
    redisUrls,
    stripeApiKey: stripeApiBaseUrl ? 'rk_test_stand_in' : (options.stripeApiKey ?? null),
    stripeApiBaseUrl,
    autoProvision: 'coop',
    host: '127.0.0.1',
    port: 0,
    publicUrl: null,
  }
  const workers = await Promise.all(
    Array.from({ length: count }, () =>
      startWorkers({ appDb: db.app, appUrl: db.appUrl, config, log, upkeep: options.upkeep ?? false }),
    ),
  )
  const { queues, ring } = workers[0]!
  const receiver = await startReceiver({ db: db.app, config, secrets: [SECRET], queues, ring, log })
  return {
    url: receiver.url,
    close: async () => {
      await receiver.close()
      await Promise.all(workers.map((worker) => worker.close()))
    },
  }
}
