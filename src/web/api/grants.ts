import { z } from 'zod'
import type { Caller } from '../../auth/api-keys.ts'
import { whileCatalogHeld } from '../../billing/hold-catalog.ts'
import type { Db, Tx } from '../../db/types.ts'
import { liftCeiling, listCeilings } from '../../entitlements/ceilings.ts'
import { extendGrant } from '../../entitlements/extend-grant.ts'
import { giveFlatGrant } from '../../entitlements/flat-grants.ts'
import { forceTransition } from '../../entitlements/force-transition.ts'
import type { GrantGiven } from '../../entitlements/grant-outcome.ts'
import { issueGrant } from '../../entitlements/issue-grant.ts'
import { getGrantLineage, listGrants } from '../../entitlements/list-grants.ts'
import { revokeGrant } from '../../entitlements/revoke-grant.ts'
import { getOrganization } from '../../organization/organizations.ts'
import { pageAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { idCursor, idIn, instant, page, pageOf, readCursor, reason, text, unknown } from './fields.ts'
import {
  ceilingAnswer,
  flatGrantGivenAnswer,
  forcedAnswer,
  grantAnswer,
  grantGivenAnswer,
  liftedAnswer,
  lineageAnswer,
  revokedAnswer,
} from './grant-answers.ts'
import { actorOf, shownMoves } from './shown.ts'

/** When a grant ends by itself. */
export type Expiry = { grantId: string; at: Date }

export type GrantParts = {
  db: Db
  /**
   * Rings for a grant at its end. Never rejects, and is not waited for: nothing is lost when it cannot, since the sweep finds
   * what is due.
   */
  ringExpiry: (expiry: Expiry) => unknown
}

const product = text(100)
const until = { reason, valid_until: instant.nullish() }
const pastAsked = z.strictObject({
  past: z.enum(['true', 'false'], 'must be true or false').default('false'),
  ...page,
})

/**
 * What operators decide about one organization: grants, extensions, forced transitions and ceilings; and, apart from all
 * that, what is given beside ladders (R52).
 */
export function grantRoutes({ db, ringExpiry }: GrantParts): ApiRoute[] {
  type Params = Readonly<Record<string, string>>
  const organizationIn = async (params: Params, { tenantId }: Caller) =>
    (await getOrganization(db, tenantId, idIn(params, 'id', 'organization'))).organizationId
  const who = (params: Params, caller: Caller) => ({
    tenantId: caller.tenantId,
    organizationId: idIn(params, 'id', 'organization'),
    actor: actorOf(caller),
  })
  const decide = <T>(work: (tx: Tx) => Promise<T>) => whileCatalogHeld(db, work)
  const given = async (grant: GrantGiven) => {
    if (grant.expiry) void ringExpiry(grant.expiry)
    const { grantId, organizationId, grantReason, validUntil, extendsGrantId, places, moves } = grant
    return {
      grant_id: grantId,
      organization_id: organizationId,
      product: grant.product,
      grant_reason: grantReason,
      valid_until: validUntil?.toISOString() ?? null,
      extends_grant_id: extendsGrantId,
      places,
      moves: await shownMoves(db, moves),
    }
  }
  const revoke = async (params: Params, caller: Caller, why: string) => {
    const grantId = idIn(params, 'grant', 'grant')
    await organizationIn(params, caller)
    const done = await decide((tx) => revokeGrant(tx, { ...who(params, caller), grantId, reason: why }))
    const { kind: outcome, organizationId, moves } = done
    return {
      json: {
        outcome,
        grant_id: grantId,
        organization_id: organizationId,
        moves: await shownMoves(db, moves),
      },
    }
  }

  return [
    apiRoute({
      method: 'get',
      path: '/organizations/:id/grants',
      does: 'Lists its grants, the newest first; `past=true`: those that have ended too.',
      gives: { 200: pageAnswer(grantAnswer) },
      query: pastAsked,
      answer: async ({ params, query, caller }) => {
        const organizationId = await organizationIn(params, caller)
        const rows = await listGrants(db, listed(query, caller, organizationId))
        return { json: pageOf(rows, query.limit, asItIs, (row) => row.grant_id) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/grants',
      does: 'Issues a grant of a plan: with `valid_until` a trial.',
      gives: { 201: grantGivenAnswer },
      body: z.strictObject({ product, ...until }),
      answer: async ({ params, body, caller }) => {
        const asked = { ...who(params, caller), product: body.product, ...ending(body) }
        return { status: 201, json: await given(await decide((tx) => issueGrant(tx, asked))) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/organizations/:id/grants/:grant',
      does: 'Tells one grant and its lineage: what it extends, what that extended, and so on.',
      gives: { 200: lineageAnswer },
      answer: async ({ params, caller }) => {
        const grantId = idIn(params, 'grant', 'grant')
        const organizationId = await organizationIn(params, caller)
        const lineage = await getGrantLineage(db, { tenantId: caller.tenantId, organizationId, grantId })
        if (!lineage) throw unknown('grant')
        return { json: { ...lineage.grant, ancestors: lineage.ancestors } }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/grants/:grant/revoke',
      does: 'Revokes a grant; the place passes to the best claim that is left.',
      gives: { 200: revokedAnswer },
      body: z.strictObject({ reason }),
      answer: ({ params, body, caller }) => revoke(params, caller, body.reason),
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/grants/:grant/extend',
      does: 'Extends a grant by a new one on the same tier; without `valid_until` it has no end.',
      gives: { 201: grantGivenAnswer },
      body: z.strictObject(until),
      answer: async ({ params, body, caller }) => {
        const grantId = idIn(params, 'grant', 'grant')
        await organizationIn(params, caller)
        const asked = { ...who(params, caller), grantId, ...ending(body) }
        return { status: 201, json: await given(await decide((tx) => extendGrant(tx, asked))) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/extend',
      does: 'Extends the place that it has on a ladder, whoever holds it, by a grant.',
      gives: { 201: grantGivenAnswer },
      body: z.strictObject({ ladder: text(100).optional(), ...until }),
      answer: async ({ params, body, caller }) => {
        const { ladder } = body
        const asked = { ...who(params, caller), ...(ladder && { ladder }), ...ending(body) }
        return { status: 201, json: await given(await decide((tx) => extendGrant(tx, asked))) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/transitions',
      does: 'Forces the place on one ladder: to a tier at least (a grant), or at most (a ceiling).',
      gives: { 201: forcedAnswer },
      body: z.strictObject({
        ladder: text(100),
        product,
        mode: z.enum(['at_least', 'at_most']),
        ...until,
      }),
      answer: async ({ params, body, caller }) => {
        const { ladder, mode } = body
        const asked = { ...who(params, caller), ladder, mode, product: body.product, ...ending(body) }
        const forced = await decide((tx) => forceTransition(tx, asked))
        if (forced.mode === 'at_least')
          return { status: 201, json: { mode: forced.mode, ...(await given(forced)) } }
        return {
          status: 201,
          json: {
            mode: forced.mode,
            ceiling_id: forced.ceilingId,
            replaced_ceiling_id: forced.replacedCeilingId,
            organization_id: forced.organizationId,
            product: forced.product,
            valid_until: forced.validUntil?.toISOString() ?? null,
            paid_above: forced.paidAbove.map(({ subscription, pays, stands }) => ({
              subscription,
              pays,
              stands,
            })),
            moves: await shownMoves(db, forced.moves),
          },
        }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/organizations/:id/ceilings',
      does: 'Lists its ceilings, the newest first; `past=true`: those that are gone too.',
      gives: { 200: pageAnswer(ceilingAnswer) },
      query: pastAsked,
      answer: async ({ params, query, caller }) => {
        const organizationId = await organizationIn(params, caller)
        const rows = await listCeilings(db, listed(query, caller, organizationId))
        return { json: pageOf(rows, query.limit, asItIs, (row) => row.ceiling_id) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/ceilings/:ceiling/lift',
      does: 'Lifts a ceiling: the place goes to whoever claims it.',
      gives: { 200: liftedAnswer },
      body: z.strictObject({ reason }),
      answer: async ({ params, body, caller }) => {
        const ceilingId = idIn(params, 'ceiling', 'ceiling')
        const asked = { ...who(params, caller), ceilingId, reason: body.reason }
        const { kind: outcome, moves } = await decide((tx) => liftCeiling(tx, asked))
        return { json: { outcome, ceiling_id: ceilingId, moves: await shownMoves(db, moves) } }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/organizations/:id/flat-grants',
      does: 'Lists what operators gave it beside ladders, the newest first.',
      gives: { 200: pageAnswer(grantAnswer) },
      query: pastAsked,
      answer: async ({ params, query, caller }) => {
        const organizationId = await organizationIn(params, caller)
        const rows = await listGrants(db, { ...listed(query, caller, organizationId), flat: true })
        return { json: pageOf(rows, query.limit, asItIs, (row) => row.grant_id) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/flat-grants',
      does: 'Gives a product that is no plan, such as an add-on; giving it twice gives two.',
      gives: { 201: flatGrantGivenAnswer },
      body: z.strictObject({ product, quantity: z.int32().min(1).optional(), ...until }),
      answer: async ({ params, body, caller }) => {
        const { quantity = 1 } = body
        const asked = { ...who(params, caller), product: body.product, quantity, ...ending(body) }
        const grant = await decide((tx) => giveFlatGrant(tx, asked))
        if (grant.expiry) void ringExpiry(grant.expiry)
        return {
          status: 201,
          json: {
            grant_id: grant.grantId,
            organization_id: grant.organizationId,
            product: grant.product,
            quantity: grant.quantity,
            valid_until: grant.validUntil?.toISOString() ?? null,
          },
        }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/organizations/:id/flat-grants/:grant/revoke',
      does: 'Takes back what was given beside ladders.',
      gives: { 200: revokedAnswer },
      body: z.strictObject({ reason }),
      answer: ({ params, body, caller }) => revoke(params, caller, body.reason),
    }),
  ]
}

/** One more than fits, so that it is known whether there is another page. */
function listed(query: z.output<typeof pastAsked>, { tenantId }: Caller, organizationId: string) {
  const { past, limit, cursor } = query
  const after = readCursor(cursor, idCursor)
  return { tenantId, organizationId, past: past === 'true', after, limit: limit + 1 }
}

function asItIs<Row>(row: Row): Row {
  return row
}

function ending({ reason, valid_until }: { reason: string; valid_until?: Date | null | undefined }) {
  return { reason, validUntil: valid_until ?? null }
}
