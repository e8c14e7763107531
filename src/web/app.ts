import { Hono } from 'hono'
import { createKeyCheck } from '../auth/api-keys.ts'
import { callerOfSession, closeSession, openSession } from '../auth/sessions.ts'
import { migrationsPending } from '../db/migrate.ts'
import type { Db } from '../db/types.ts'
import type { CheckMemory } from '../entitlements/check-memory.ts'
import type { Log } from '../log.ts'
import type { RingAgain } from '../stripe/inbox/ring-replay.ts'
import { createReconcileStanding } from '../stripe/reconcile/reconcile-standing.ts'
import { api } from './api/api.ts'
import { checkFromMemory, checkPath } from './api/check.ts'
import type { GrantParts } from './api/grants.ts'
import { assets } from './assets.ts'
import { guard, notFound } from './guard.ts'
import { health, type WatchedQueue } from './health.ts'
import { metrics } from './metrics.ts'
import { operator } from './operator.ts'
import { problem, problemOf } from './problem.ts'
import { withSecurityHeaders } from './security-headers.ts'
import { signIn } from './sign-in.ts'
import { readStanding } from './standing.ts'
import type { WebEnv } from './web-env.ts'
import { type WebhookParts, webhook } from './webhook.ts'

export type WebParts = {
  /** With the application's role. */
  db: Db
  take: WebhookParts['take']
  secrets: readonly string[]
  /** Where the outside reaches us; null: wherever it does. */
  publicUrl: string | null
  queues: readonly WatchedQueue[]
  /** What answers `check`, from memory where it can. */
  check: Pick<CheckMemory, 'recall' | 'check'>
  /** The queue dashboard, made for `dashboardPath`; null: none. */
  dashboard: Hono | null
  log: Log
  /** Rings for a grant at its end; left out: the sweep finds it, some seconds late. */
  ringExpiry?: GrantParts['ringExpiry']
  /** Rings for events that somebody has replayed. */
  ringAgain: RingAgain
  /** Unix milliseconds. */
  now?: () => number
}

/**
 * Everything that is answered over HTTP. Order matters: the receiver stands before all middleware, since it is the hot
 * path and judges by itself, and so does `check` where it can answer from memory; everything else stands behind the guard,
 * whose table is routes-and-roles.ts.
 */
export function createApp(parts: WebParts): Hono<WebEnv> {
  const { db, publicUrl, log } = parts
  const now = parts.now ?? Date.now
  const keys = createKeyCheck(db, now)
  const standing = () => readStanding(db)
  const app = new Hono<WebEnv>()

  app.all('/webhooks/stripe', webhook({ take: parts.take, secrets: parts.secrets, log, now }))

  app.get(checkPath, checkFromMemory(parts.check, keys))
  app.use(withSecurityHeaders())
  app.use(
    guard({
      callerOfKey: keys,
      callerOfSession: (token) => callerOfSession(db, token),
      publicUrl,
    }),
  )
  app.get('/', (c) => c.redirect('/operator', 303))
  app.route(
    '/',
    health({
      migrationsPending: () => migrationsPending(db),
      ping: () => db`select 1`,
      standing,
      queues: parts.queues,
    }),
  )
  app.route('/', metrics({ standing, reconciled: createReconcileStanding(db, now) }))
  app.route(
    '/api/v1',
    api({
      db,
      log,
      check: parts.check,
      ringExpiry: parts.ringExpiry ?? (() => {}),
      ringAgain: parts.ringAgain,
    }),
  )
  app.route('/operator', assets())
  app.route(
    '/operator',
    signIn({
      openSession: (key) => openSession(db, key),
      closeSession: (token) => closeSession(db, token),
      publicUrl,
      now,
    }),
  )
  app.route('/', operator({ db, log, ringAgain: parts.ringAgain, dashboard: parts.dashboard }))

  app.notFound(notFound)
  app.onError((error, c) => {
    const what = problemOf(error)
    if (what.status >= 500)
      log.error({ error, method: c.req.method, path: c.req.path, status: what.status }, what.detail)
    return problem(what, what.status === 503 ? { 'retry-after': '5' } : {})
  })
  return app
}
