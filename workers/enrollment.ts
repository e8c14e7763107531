// Works through the queue `enrollment`: keeps every organization on its place; and what is done at its time. Run as many as wanted.
import { runProcess } from '../src/processes/run-process.ts'
import { serveEnrollment } from '../src/processes/serve-writes.ts'
import { startSweeper } from '../src/processes/start-sweeper.ts'
import { startUpkeep } from '../src/processes/start-upkeep.ts'
import { warnAtStart } from '../src/processes/warn-at-start.ts'

await runProcess('enrollment', async ({ config, log, db, bells, reached }) => {
  await warnAtStart({ db, backend: bells.backend, config, log })
  const worker = serveEnrollment({ db, bells, config, log, reached })
  const sweeper = startSweeper({ db, ring: bells.ring, log, keepBodiesDays: config.inboxRetentionDays })
  const upkeep = startUpkeep({ db, bells, config, log })
  return {
    close: async () => {
      await sweeper.close()
      await Promise.all([upkeep.close(), worker.close()])
    },
  }
})
