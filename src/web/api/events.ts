import { z } from 'zod'
import type { Db } from '../../db/types.ts'
import type { Log } from '../../log.ts'
import { eventBody } from '../../stripe/inbox/event-body.ts'
import { eventStory } from '../../stripe/inbox/event-story.ts'
import type { ReplayWrite } from '../../stripe/inbox/replay.ts'
import type { RingAgain } from '../../stripe/inbox/ring-replay.ts'
import { type FoundEvent, searchInbox } from '../../stripe/inbox/search-inbox.ts'
import { eventFilters, searchOf } from '../event-filters.ts'
import { replayEvents, unknownEvent } from '../replay-events.ts'
import { pageAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { eventAnswer, eventStoryAnswer, replayedAnswer } from './event-answers.ts'
import { page, pageOf, readCursor } from './fields.ts'

const inboxCursor = /^\d{1,18}$/

export type EventParts = { db: Db; log: Log; ringAgain: RingAgain }

/** The inbox: what Stripe told, what became of it, and having it handled again. */
export function eventRoutes(parts: EventParts): ApiRoute[] {
  const { db } = parts
  return [
    apiRoute({
      method: 'get',
      path: '/events',
      does: 'Lists the events of the inbox, the newest arrival first; a `type` with a dot at its end means all that begin so.',
      gives: { 200: pageAnswer(eventAnswer) },
      query: z.strictObject({ ...eventFilters, ...page }),
      answer: async ({ query, caller }) => {
        const { limit, cursor, ...filters } = query
        const last = readCursor(cursor, inboxCursor)
        const rows = await searchInbox(db, searchOf(filters, caller.tenantId), {
          before: last === null ? null : Number(last),
          limit: limit + 1,
        })
        return { json: pageOf(rows, limit, shownEvent, (row) => String(row.inboxId)) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/events/:id',
      does: 'Tells one event whole: both writes, what it caused, and its body as it was signed (null once retention dropped it).',
      gives: { 200: eventStoryAnswer },
      answer: async ({ params, caller }) => {
        const id = params.id!
        const [found] = await searchInbox(
          db,
          { tenantId: caller.tenantId, events: [id] },
          { before: null, limit: 1 },
        )
        if (!found) throw unknownEvent(id)
        const [story, body] = await Promise.all([eventStory(db, id), eventBody(db, id)])
        return { json: { ...shownEvent(found), ...shownStory(story!), body: body?.toString('utf8') ?? null } }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/events/:id/replay',
      does: 'Has an event handled again, although it was; nothing is done twice.',
      gives: { 200: replayedAnswer },
      answer: async ({ params, caller }) => {
        const { toRing, settled } = await replayEvents(parts, caller, [params.id!])
        return {
          json: {
            outcome: toRing.length > 0 ? 'rung' : 'nothing',
            writes: toRing.map(shownWrite),
            left_as_they_are: settled.map(shownWrite),
          },
        }
      },
    }),
  ]
}

function shownEvent(row: FoundEvent) {
  return {
    event: row.event,
    type: row.type,
    mode: row.mode,
    source: row.source,
    created_at: row.created.toISOString(),
    received_at: row.receivedAt.toISOString(),
    subscription: row.subscription,
    customer: row.customer,
    organization: row.organization && { organization_id: row.organization.id, name: row.organization.name },
    writes: row.writes.map(shownWrite),
  }
}

function shownWrite({
  write,
  state,
  reason,
  waitingOn,
}: Pick<ReplayWrite, 'write' | 'state' | 'reason' | 'waitingOn'>) {
  return { write, state, reason, on: waitingOn }
}

function shownStory(story: NonNullable<Awaited<ReturnType<typeof eventStory>>>) {
  const { transitions, changes, grants, alarms } = story.caused
  return {
    api_version: story.apiVersion,
    account: story.account,
    request: story.request,
    object: { type: story.objectType, id: story.objectId },
    trail_kind: story.trailKind,
    seconds_late: story.arrival.secondsLate,
    overtaken_by: story.arrival.overtakenBy,
    body_kept: story.bodyKept,
    writes: story.writes.map((write) => ({
      ...shownWrite(write),
      detail: write.detail,
      attempts: write.attempts,
      due_at: write.dueAt?.toISOString() ?? null,
      handled_at: write.handledAt?.toISOString() ?? null,
    })),
    caused: {
      transitions: transitions.map((move) => ({
        organization_id: move.organizationId,
        ladder: move.ladder,
        sequence: move.sequence,
        type: move.type,
        from_product: move.fromProduct,
        to_product: move.toProduct,
        from_rank: move.fromRank,
        to_rank: move.toRank,
        actor: move.actor,
        reason: move.reason,
        effective_at: move.effectiveAt.toISOString(),
      })),
      changes: changes.map((change) => ({
        id: change.id,
        kind: change.kind,
        item: change.item,
        from: change.from,
        to: change.to,
        from_amount: change.fromAmount,
        to_amount: change.toAmount,
        currency: change.currency,
        duplicate_of: change.duplicateOf,
        occurred_at: change.occurredAt.toISOString(),
      })),
      grants: grants.map((grant) => ({
        grant_id: grant.grantId,
        product: grant.product,
        grant_reason: grant.grantReason,
        outcome: grant.outcome,
      })),
      alarms: alarms.map((alarm) => ({
        kind: alarm.kind,
        subject: alarm.subject,
        detail: alarm.detail,
        times: alarm.times,
        last_at: alarm.lastAt.toISOString(),
        cleared_at: alarm.clearedAt?.toISOString() ?? null,
      })),
    },
  }
}
