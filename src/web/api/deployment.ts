import { z } from 'zod'
import type { Caller } from '../../auth/api-keys.ts'
import { listActions } from '../../auth/operator-actions.ts'
import type { Db } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { clearAlarm, openAlarms } from '../../stripe/alarms.ts'
import { changeCatalog } from '../../stripe/catalog/change-catalog.ts'
import { mapPrice } from '../../stripe/catalog/map-price.ts'
import { arrivalsByMinute } from '../../stripe/inbox/arrivals-by-minute.ts'
import { heldGroups } from '../../stripe/inbox/held-groups.ts'
import type { ReconcileStanding } from '../../stripe/reconcile/reconcile-standing.ts'
import { ofTheDeployment } from '../of-the-deployment.ts'
import type { Standing } from '../standing.ts'
import { pageAnswer, productAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { actionAnswer, heldAnswer, openAlarmAnswer, statsAnswer } from './deployment-answers.ts'
import { page, pageOf, priceId, readCursor, text } from './fields.ts'
import { shownProduct } from './shown.ts'

export type DeploymentParts = {
  db: Db
  standing: () => Promise<Standing>
  reconciled: () => Promise<ReconcileStanding>
  /** Unix milliseconds. */
  now: () => number
}

const placeInList = /^\d{1,6}$/
const alarmCursor = /^[a-z_]+ .+$/s
const actionCursor = /^\d{1,15}$/

/** How the whole stands, what is held, what needs a person, and who did what. */
export function deploymentRoutes({ db, standing, reconciled, now }: DeploymentParts): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/stats',
      does: 'Tells how the whole deployment stands: backlog, what is held, how long events take, the last hour by the minute.',
      gives: { 200: statsAnswer },
      answer: async () => {
        const at = new Date(now())
        const [stands, compared, minutes] = await Promise.all([
          standing(),
          reconciled(),
          arrivalsByMinute(db, at),
        ])
        return { json: shownStats(at, stands, compared, minutes) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/waiting',
      does: 'Lists what events of this tenant are held for, the most writes first.',
      gives: { 200: pageAnswer(heldAnswer) },
      query: z.strictObject(page),
      answer: async ({ query: { limit, cursor }, caller }) => {
        // The order is by counts, which change: a page begins behind so many.
        const skipped = Number(readCursor(cursor, placeInList) ?? 0)
        const groups = await heldGroups(db, caller.tenantId, skipped + limit + 1)
        const rows = groups.slice(skipped)
        return { json: pageOf(rows, limit, shownHeld, () => String(skipped + limit)) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/alarms',
      does: 'Lists the open alarms, the latest first; for the tenant that runs the deployment alone, since they name anybody’s ids.',
      gives: { 200: pageAnswer(openAlarmAnswer) },
      query: z.strictObject(page),
      answer: async ({ query: { limit, cursor }, caller }) => {
        const last = readCursor(cursor, alarmCursor)
        const alarms = (await ofTheDeployment(db, caller)) ? await openAlarms(db) : []
        const keyOf = ({ kind, subject }: (typeof alarms)[number]) => `${kind} ${subject}`
        const rows = alarms.slice(last === null ? 0 : alarms.findIndex((alarm) => keyOf(alarm) === last) + 1)
        return { json: pageOf(rows, limit, shownAlarm, keyOf) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/alarms/clear',
      does: 'Says that an alarm is done with; should it happen again, it is open again.',
      gives: { 200: z.strictObject({ kind: z.string(), subject: z.string() }) },
      body: z.strictObject({ kind: text(100), subject: text(1_000) }),
      answer: async ({ body: { kind, subject }, caller }) => {
        await clearOwn(db, caller, kind, subject)
        return { json: { kind, subject } }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/actions',
      does: 'Lists what was done in this tenant by people and programs, the latest first.',
      gives: { 200: pageAnswer(actionAnswer) },
      query: z.strictObject(page),
      answer: async ({ query: { limit, cursor }, caller }) => {
        const last = readCursor(cursor, actionCursor)
        const before = last === null ? null : Number(last)
        const rows = await listActions(db, caller.tenantId, { before, limit: limit + 1 })
        return { json: pageOf(rows, limit, shownAction, ({ id }) => String(id)) }
      },
    }),
    apiRoute({
      method: 'put',
      path: '/products/:key/prices/:price',
      does: 'Says which product a price at Stripe stands for, for the first time; what waited for it is taken up.',
      gives: { 200: productAnswer },
      answer: async ({ params }) => {
        const price = priceId.safeParse(params.price)
        if (!price.success) throw noPrice()
        const product = await changeCatalog(db, (tx) => mapPrice(tx, params.key!, price.data))
        return { json: shownProduct(product) }
      },
    }),
  ]
}

/** What another tenant may not see is not there for it. */
async function clearOwn(db: Db, caller: Caller, kind: string, subject: string): Promise<void> {
  const may = await ofTheDeployment(db, caller)
  await db.begin(async (tx) => {
    if (may && (await clearAlarm(tx, kind, subject))) return
    throw new Refused(
      'alarm_not_open',
      'That alarm is not open.',
      'See those that are: GET /api/v1/alarms',
      404,
    )
  })
}

function noPrice(): Refused {
  return new Refused('invalid_parameter', 'That is no price’s id.', 'Give one as Stripe does: price_…', 400)
}

function shownStats(
  at: Date,
  standing: Standing,
  compared: ReconcileStanding,
  minutes: Awaited<ReturnType<typeof arrivalsByMinute>>,
) {
  return {
    at: at.toISOString(),
    backlog: standing.backlog,
    parked: standing.parked,
    waiting: standing.waiting.map(({ onKind, count }) => ({ on_kind: onKind, count })),
    unresolved: standing.unresolved,
    alarms: standing.alarms,
    received_to_applied_seconds: Object.fromEntries(
      standing.receivedToApplied.map(({ quantile, seconds }) => [quantile, seconds]),
    ),
    gap_watch: standing.gapWatch && {
      found: standing.gapWatch.found,
      behind_seconds: standing.gapWatch.behind,
    },
    reconcile: {
      ended_at: compared.endedAt === null ? null : new Date(compared.endedAt * 1000).toISOString(),
      differences: compared.counts,
      verified_share: compared.verifiedShare,
    },
    minutes: minutes.map((minute) => ({ ...minute, at: minute.at.toISOString() })),
  }
}

function shownHeld(group: Awaited<ReturnType<typeof heldGroups>>[number]) {
  const { event, since, dueAt, ...told } = group
  return {
    ...told,
    first_event: event,
    since: since.toISOString(),
    due_at: dueAt?.toISOString() ?? null,
  }
}

function shownAlarm({
  kind,
  subject,
  detail,
  times,
  firstAt,
  lastAt,
}: Awaited<ReturnType<typeof openAlarms>>[number]) {
  return {
    kind,
    subject,
    detail,
    times,
    first_at: firstAt.toISOString(),
    last_at: lastAt.toISOString(),
  }
}

function shownAction(row: Awaited<ReturnType<typeof listActions>>[number]) {
  return {
    id: row.id,
    action: row.action,
    subject: row.subject,
    reason: row.reason,
    request_id: row.requestId,
    caller: { kind: row.callerKind, id: row.callerId, name: row.callerName, role: row.callerRole },
    at: row.at.toISOString(),
  }
}
