import type { Config } from '../config.ts'
import { connect } from '../db/connect.ts'
import type { Log } from '../log.ts'
import { startReceiver } from '../processes/start-receiver.ts'
import { startWorkers } from '../processes/start-workers.ts'

export type AllInOneParts = {
  config: Config
  /** With the application's role. */
  appUrl: string
  secrets: readonly string[]
  log: Log
}

export type AllInOne = {
  url: string
  /** Takes no more events, lets what is under way finish, and lets go of everything but the database server. */
  close: () => Promise<void>
}

/** The receiver, the API, the queue dashboard, both workers and the sweeper in this process, over one pool. */
export async function startAllInOne({ config, appUrl, secrets, log }: AllInOneParts): Promise<AllInOne> {
  const db = connect(appUrl, { max: 20, statementTimeout: 30_000 })
  const opened: (() => Promise<void>)[] = [() => db.end({ timeout: 3 })]
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part()
  }
  try {
    const workers = await startWorkers({ appDb: db, appUrl, config, log })
    opened.push(workers.close)
    const { ring, queues } = workers
    const receiver = await startReceiver({ db, config, secrets, queues, ring, log })
    opened.push(receiver.close)
    return { url: receiver.url, close }
  } catch (error) {
    await close()
    throw error
  }
}
