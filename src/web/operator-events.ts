import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Db } from '../db/types.ts'
import { Refused } from '../errors.ts'
import type { Log } from '../log.ts'
import { eventBody } from '../stripe/inbox/event-body.ts'
import { eventStory } from '../stripe/inbox/event-story.ts'
import { lookAfterReplay, type ReplayWrite } from '../stripe/inbox/replay.ts'
import type { RingAgain } from '../stripe/inbox/ring-replay.ts'
import { matchingEvents, searchInbox } from '../stripe/inbox/search-inbox.ts'
import { trailNeighbours } from '../stripe/inbox/trail-neighbours.ts'
import { answerPage } from './answer-page.ts'
import { isWritable } from './api/fields.ts'
import { addressWith, readTypedFilters, searchOf } from './event-filters.ts'
import { EventPage } from './pages/event-page.tsx'
import { EventsPage, eventPath, inboxPath } from './pages/events-page.tsx'
import { ReplayedPage, ReplayPage } from './pages/replay-page.tsx'
import { panelErrors } from './panel-errors.ts'
import { problem } from './problem.ts'
import { mostReplayed, planReplay, replayEvents, unknownEvent } from './replay-events.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

const onePage = 50
/** Events of the trail that a page shows before and after the one it is about. */
const neighboursEach = 8

export type OperatorEventsParts = {
  db: Db
  log: Log
  ringAgain: RingAgain
  /** Milliseconds that the page after a replay waits for what becomes of it. */
  patienceMs?: number
}

/** The inbox's pages. The guard has let in whoever comes here; what they do are the API's and the command line's verbs. */
export function operatorEvents(parts: OperatorEventsParts): Hono<WebEnv> {
  const { db, log, patienceMs = 3_000 } = parts
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, inboxPath))

  app.get(inboxPath, async (c) => {
    const search = readTypedFilters(c.req.query())
    const cursor = c.req.query('cursor')
    const before = cursor !== undefined && /^\d{1,15}$/.test(cursor) ? Number(cursor) : null
    const { rows, fault } = await listed(c, search.filters, Object.keys(search.faults).length > 0, before)
    const shown = rows.slice(0, onePage)
    return answerPage(c, 200, EventsPage, {
      viewer: viewerOf(c),
      search,
      rows: shown,
      next: rows.length > onePage ? String(shown.at(-1)!.inboxId) : null,
      later: before !== null,
      fault,
    })
  })

  async function listed(
    c: WebContext,
    filters: Parameters<typeof searchOf>[0],
    faulty: boolean,
    before: number | null,
  ) {
    if (faulty) return { rows: [], fault: 'Not everything that was typed can be searched for.' }
    try {
      const wanted = searchOf(filters, c.get('caller')!.tenantId)
      return { rows: await searchInbox(db, wanted, { before, limit: onePage + 1 }), fault: '' }
    } catch (error) {
      // The form stays, with what was typed: the next step is in it.
      if (error instanceof Refused) return { rows: [], fault: `${error.message} ${error.fix}` }
      throw error
    }
  }

  app.get(`${inboxPath}/replay`, async (c) => {
    const { tenantId } = c.get('caller')!
    const search = readTypedFilters(c.req.query())
    const all = c.req.query('all') === 'yes'
    if (all && Object.keys(search.faults).length > 0)
      return c.redirect(addressWith(inboxPath, search.typed), 303)
    const chosen = all
      ? await matchingEvents(db, searchOf(search.filters, tenantId), mostReplayed + 1)
      : (c.req.queries('event') ?? [])
    const events = chosen.slice(0, mostReplayed)
    return answerPage(c, 200, ReplayPage, {
      viewer: viewerOf(c),
      plan: await planReplay(db, tenantId, events),
      events,
      more: chosen.length > events.length,
      back: all
        ? addressWith(inboxPath, search.typed)
        : events.length === 1
          ? eventPath(events[0]!)
          : inboxPath,
    })
  })

  // A thousand ids of at most 255 characters, each with its name before it.
  app.post(`${inboxPath}/replay`, bodyLimit({ maxSize: 300 * 1024, onError: tooLarge }), async (c) => {
    const events = new URLSearchParams(await c.req.text()).getAll('event')
    const { toRing, settled } = await replayEvents(parts, c.get('caller')!, events)
    const { handled, open } = await become(db, toRing, patienceMs)
    return answerPage(c, 200, ReplayedPage, { viewer: viewerOf(c), handled, open, settled })
  })

  app.get(`${inboxPath}/:event`, async (c) => {
    const id = await seen(db, c)
    const story = (await eventStory(db, id))!
    const { subscription, created, inboxId, trailKind } = story
    const [body, neighbours] = await Promise.all([
      eventBody(db, id),
      trailKind === null || subscription === null
        ? []
        : trailNeighbours(db, { subscription, created, inboxId }, neighboursEach),
    ])
    return answerPage(c, 200, EventPage, { viewer: viewerOf(c), story, neighbours, body })
  })

  app.get(`${inboxPath}/:event/body`, async (c) => {
    const id = await seen(db, c)
    const body = await eventBody(db, id)
    if (!body)
      throw new Refused(
        'body_dropped',
        'Retention dropped this body.',
        'What the tier depends on is kept.',
        404,
      )
    return c.body(new Uint8Array(body), 200, {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${id.replace(/[^\w-]/g, '_')}.json"`,
      'cache-control': 'no-store',
    })
  })

  return app
}

/** An event that the caller may see, by the id in the path. @throws Refused `event_unknown` (404) */
async function seen(db: Db, c: WebContext): Promise<string> {
  const id = c.req.param('event')!
  // An id that nothing can have, and that the database could not even be asked for.
  if (!isWritable(id)) throw unknownEvent(id)
  const wanted = { tenantId: c.get('caller')!.tenantId, events: [id] }
  const [found] = await searchInbox(db, wanted, { before: null, limit: 1 })
  if (!found) throw unknownEvent(id)
  return id
}

/** What has become of writes that were rung for, after some moments at most. */
async function become(db: Db, rung: readonly ReplayWrite[], patienceMs: number) {
  const until = performance.now() + patienceMs
  const handled: ReplayWrite[] = []
  let open: readonly ReplayWrite[] = rung
  while (open.length > 0) {
    const look = await lookAfterReplay(db, open)
    handled.push(...look.handled)
    open = look.open
    if (open.length === 0 || performance.now() > until) break
    await sleep(150)
  }
  return { handled, open }
}

function tooLarge(): Response {
  return problem({ status: 413, code: 'body_too_large', detail: 'That is too much for one replay.' })
}
