import { Hono } from 'hono'
import type { Db } from '../db/types.ts'
import { Refused } from '../errors.ts'
import type { Log } from '../log.ts'
import { clearAlarm, openAlarms } from '../stripe/alarms.ts'
import { arrivalsByMinute } from '../stripe/inbox/arrivals-by-minute.ts'
import type { ReconcileStanding } from '../stripe/reconcile/reconcile-standing.ts'
import { answerPage } from './answer-page.ts'
import { concernsOf } from './concerns.ts'
import { ofTheDeployment } from './of-the-deployment.ts'
import { clearAlarmPath } from './pages/alarms.tsx'
import { OverviewPage, overviewPath } from './pages/overview-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import type { Standing } from './standing.ts'
import { viewerOf } from './viewer.ts'
import type { WebEnv } from './web-env.ts'

export type OverviewParts = {
  db: Db
  log: Log
  standing: () => Promise<Standing>
  reconciled: () => Promise<ReconcileStanding>
  /** Unix milliseconds. */
  now: () => number
}

/** Where one arrives after signing in. What cannot be read is told as such, and the rest is shown. */
export function operatorOverview({ db, log, standing, reconciled, now }: OverviewParts): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, overviewPath))

  app.get(overviewPath, async (c) => {
    const at = new Date(now())
    const told = (error: unknown) => {
      log.warn({ error }, 'A part of the overview could not be read')
      return null
    }
    const [stands, minutes, compared, alarms] = await Promise.all([
      standing().catch(told),
      arrivalsByMinute(db, at).catch(told),
      reconciled().catch(told),
      ofTheDeployment(db, c.get('caller')!)
        .then((may) => (may ? openAlarms(db) : null))
        .catch(told),
    ])
    return answerPage(c, 200, OverviewPage, {
      viewer: viewerOf(c),
      standing: stands,
      minutes,
      reconciled: compared,
      concerns: stands ? concernsOf(stands, compared, at.getTime() / 1000) : [],
      alarms,
      now: at,
    })
  })

  onAction(app, clearAlarmPath, async (c, form) => {
    const [kind, subject] = [form.get('kind') ?? '', form.get('subject') ?? '']
    const notOpen = () =>
      new Refused(
        'alarm_not_open',
        'That alarm is not open.',
        'It cleared by itself, or somebody else cleared it.',
        404,
      )
    // What another tenant may not see is not there for it.
    if (!(await ofTheDeployment(db, c.get('caller')!))) throw notOpen()
    await db.begin(async (tx) => {
      if (!(await clearAlarm(tx, kind, subject))) throw notOpen()
    })
    return { to: overviewPath, told: `${kind.replaceAll('_', ' ')} about ${subject} is cleared.` }
  })
  return app
}
