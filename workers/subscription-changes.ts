// Works through the queue `subscription-changes`: writes down what each event changed commercially. Run as many as wanted.
import { runProcess } from '../src/processes/run-process.ts'
import { serveSubscriptionChanges } from '../src/processes/serve-writes.ts'
import { startSweeper } from '../src/processes/start-sweeper.ts'
import { warnAtStart } from '../src/processes/warn-at-start.ts'
import { yieldToOthers } from '../src/processes/yield-to-others.ts'

yieldToOthers()
await runProcess('subscription-changes', async ({ config, log, db, bells, reached }) => {
  await warnAtStart({ db, backend: bells.backend, config, log })
  const worker = serveSubscriptionChanges({ db, bells, config, log, reached })
  const sweeper = startSweeper({ db, ring: bells.ring, log, keepBodiesDays: config.inboxRetentionDays })
  return {
    close: async () => {
      await sweeper.close()
      await worker.close()
    },
  }
})
