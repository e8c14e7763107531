import { Hono } from 'hono'
import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import { heldGroups } from '../stripe/inbox/held-groups.ts'
import { answerPage } from './answer-page.ts'
import { WaitingPage, waitingPath } from './pages/waiting-page.tsx'
import { panelErrors } from './panel-errors.ts'
import { viewerOf } from './viewer.ts'
import type { WebEnv } from './web-env.ts'

const mostGroups = 200

/** What is held, and what frees it. The guard has let in whoever comes here. */
export function operatorWaiting({ db, log }: { db: Db; log: Log }): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, waitingPath))
  app.get(waitingPath, async (c) => {
    const groups = await heldGroups(db, c.get('caller')!.tenantId, mostGroups + 1)
    const data = { groups: groups.slice(0, mostGroups), more: groups.length > mostGroups }
    return answerPage(c, 200, WaitingPage, { viewer: viewerOf(c), ...data })
  })
  return app
}
