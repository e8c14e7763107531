// Works through the queue `enrollment`: keeps every organization on its place. Run as many as wanted.
import { runProcess } from '../src/processes/run-process.ts'
import { serveEnrollment } from '../src/processes/serve-writes.ts'
import { startSweeper } from '../src/processes/start-sweeper.ts'

await runProcess('enrollment', async ({ config, log, db, bells, reached }) => {
  for (const warning of await bells.backend.check()) log.warn({ backend: bells.backend.kind }, warning)
  const worker = serveEnrollment({ db, bells, config, log, reached })
  const sweeper = startSweeper({ db, ring: bells.ring, log })
  return {
    close: async () => {
      await sweeper.close()
      await worker.close()
    },
  }
})
