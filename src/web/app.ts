import { Hono } from 'hono'
import { type Caller, callerOfKey, createKeyCheck } from '../auth/api-keys.ts'
import { createCodeFlow } from '../auth/code-flow.ts'
import { createTokenCheck } from '../auth/identity-tokens.ts'
import { createIssuer, type IssuerSettings } from '../auth/issuer.ts'
import { callerOfMemberLink } from '../auth/member-links.ts'
import { closeSession, findSession, openSession, renewSession } from '../auth/sessions.ts'
import { migrationsPending } from '../db/migrate.ts'
import type { Db } from '../db/types.ts'
import type { CheckMemory } from '../entitlements/check-memory.ts'
import { runValidators } from '../governance/validators/run-validators.ts'
import type { RunValidators } from '../governance/validators/validator-run.ts'
import type { Log } from '../log.ts'
import type { PrivateAddresses } from '../outbound/addresses.ts'
import type { RingAgain } from '../stripe/inbox/ring-replay.ts'
import { createReconcileStanding } from '../stripe/reconcile/reconcile-standing.ts'
import { api } from './api/api.ts'
import { serveRoutes } from './api/api-route.ts'
import { checkFromMemory, checkPath } from './api/check.ts'
import type { GrantParts } from './api/grants.ts'
import { createIdempotency } from './api/idempotency.ts'
import { planRoutes } from './api/plans.ts'
import { assets } from './assets.ts'
import { createBearerCheck } from './bearer.ts'
import { guard } from './guard.ts'
import { health, type WatchedQueue } from './health.ts'
import { identitySignIn } from './identity-sign-in.ts'
import { member } from './member.ts'
import { memberDoor } from './member-door.ts'
import { metrics } from './metrics.ts'
import { operator } from './operator.ts'
import { notFound, problem, problemOf } from './problem.ts'
import { asRequest, requestDb } from './request-db.ts'
import { withSecurityHeaders } from './security-headers.ts'
import { signIn } from './sign-in.ts'
import { readStanding } from './standing.ts'
import { tenantDb } from './tenant-db.ts'
import type { WebEnv } from './web-env.ts'
import { type WebhookParts, webhook } from './webhook.ts'
import { wrongKeyLimit } from './wrong-key-limit.ts'

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
  /** Asked before a revenue plan is approved or resumed; left out: all validators. */
  runValidators?: RunValidators
  /** The identity provider; left out: API keys alone. */
  auth?: IssuerSettings | null
  /** Where webhooks to other systems may go besides the open net; left out: nowhere. */
  privateAddresses?: PrivateAddresses
  /** Whether a key opens the panel although there is a provider to sign in through: in local mode. */
  local?: boolean
  /** Unix milliseconds. */
  now?: () => number
}

/**
 * Everything that is answered over HTTP. Order matters: the receiver stands before all middleware, since it is the hot
 * path and judges by itself, and so does `check` where it can answer from memory; everything else stands behind the guard,
 * whose table is routes-and-roles.ts.
 */
export function createApp(parts: WebParts): Hono<WebEnv> {
  const { publicUrl, log } = parts
  const db = requestDb(parts.db)
  const own = tenantDb(parts.db, () => log.warn({}, unwalled))
  const now = parts.now ?? Date.now
  const keys = createKeyCheck(db, now)
  const logged: RunValidators = (tx, asked) => runValidators(tx, asked, log)
  const plans = { db, now, runValidators: parts.runValidators ?? logged }
  const standing = () => readStanding(db)
  const sessions = {
    openSession: (caller: Caller) => openSession(db, caller),
    closeSession: (token: string) => closeSession(db, token),
    publicUrl,
  }
  const { callerOfToken, flow, ways } = identityOf(parts)
  const limit = wrongKeyLimit(now)
  const { ringExpiry = () => {} } = parts
  const idempotency = createIdempotency(parts.db)
  const app = new Hono<WebEnv>()

  app.all('/webhooks/stripe', webhook({ take: parts.take, secrets: parts.secrets, log, now }))

  app.get(checkPath, checkFromMemory(parts.check, keys))
  app.use(withSecurityHeaders())
  app.use(
    guard({
      callerOfBearer: createBearerCheck({ keys, callerOfToken, now }),
      findSession: (token) => findSession(db, token),
      renewSession: (token) => renewSession(db, token),
      publicUrl,
    }),
  )
  app.use(asRequest(parts.db))
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
  const reconciled = createReconcileStanding(db, now)
  app.route('/', metrics({ standing, reconciled }))
  app.route(
    '/api/v1',
    api({
      log,
      check: parts.check,
      ringExpiry,
      ringAgain: parts.ringAgain,
      publicUrl,
      idempotency,
      own,
      standing,
      reconciled,
      privateAddresses: parts.privateAddresses ?? 'none',
      ...plans,
    }),
  )
  app.route('/', serveRoutes(new Hono<WebEnv>(), planRoutes({ ...plans, db: own }), { idempotency }))
  app.route('/operator', assets())
  app.route('/operator', signIn({ ...sessions, callerOfKey: (key) => callerOfKey(db, key), ways, limit }))
  if (flow) app.route('/operator', identitySignIn({ ...sessions, flow, ways, limit, log }))
  app.route(
    '/',
    memberDoor({
      ...sessions,
      callerOfMemberLink: (token) => callerOfMemberLink(db, token),
      findSession: (token) => findSession(db, token),
      limit: wrongKeyLimit(now),
    }),
  )
  app.route('/', member({ own, log }))
  app.route(
    '/',
    operator({
      db,
      own,
      log,
      ringExpiry,
      ringAgain: parts.ringAgain,
      dashboard: parts.dashboard,
      publicUrl,
      standing,
      reconciled,
      now,
      runValidators: plans.runValidators,
      privateAddresses: parts.privateAddresses ?? 'none',
    }),
  )

  app.notFound(notFound)
  app.onError((error, c) => {
    const what = problemOf(error)
    if (what.status >= 500)
      log.error({ error, method: c.req.method, path: c.req.path, status: what.status }, what.detail)
    return problem(what, headersOf[what.status])
  })
  return app
}

const unwalled =
  'There is no row-level security between tenants: the role stepladder_web is missing. As an administrator: ' +
  'create role stepladder_web nologin; grant stepladder_web to stepladder_app; then run `stepladder migrate`'

/** What stands beside some refusals, for programs. */
const headersOf: Readonly<Record<number, Record<string, string>>> = {
  401: { 'www-authenticate': 'Bearer realm="stepladder", error="invalid_token"' },
  429: { 'retry-after': '60' },
  503: { 'retry-after': '5' },
}

/** What an identity provider adds: tokens that are taken, and a way into the panel. */
function identityOf({ db, auth = null, local = false, now }: WebParts) {
  if (!auth) return { callerOfToken: null, flow: null, ways: { key: true, identity: null } }
  const issuer = createIssuer(auth, now)
  const { clientId } = auth
  return {
    callerOfToken: createTokenCheck(db, issuer, auth, now),
    flow: clientId === null ? null : createCodeFlow(db, issuer, { ...auth, clientId }),
    ways: { key: clientId === null || local, identity: clientId === null ? null : new URL(auth.issuer).host },
  }
}
