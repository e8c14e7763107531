import { Hono } from 'hono'
import { z } from 'zod'
import { listAccountChanges } from '../billing/account-changes.ts'
import { readCatalogChoices } from '../billing/catalog-choices.ts'
import { whileCatalogHeld } from '../billing/hold-catalog.ts'
import type { Db, Tx } from '../db/types.ts'
import { liftCeiling, listCeilings } from '../entitlements/ceilings.ts'
import { newestMoves } from '../entitlements/explain-moves.ts'
import { extendGrant } from '../entitlements/extend-grant.ts'
import { forceTransition } from '../entitlements/force-transition.ts'
import { issueGrant } from '../entitlements/issue-grant.ts'
import { listGrants } from '../entitlements/list-grants.ts'
import type { Actor } from '../entitlements/moves.ts'
import { parsePoolSeen, readPoolSeen, refuseIfChanged, writePoolSeen } from '../entitlements/pool-seen.ts'
import { revokeGrant } from '../entitlements/revoke-grant.ts'
import type { Log } from '../log.ts'
import { getOrganization } from '../organization/organizations.ts'
import { explain } from '../stripe/enrollment/explain.ts'
import { subjectOfOrganization } from '../stripe/enrollment/explain-subject.ts'
import { answerPage } from './answer-page.ts'
import { idIn, text } from './api/fields.ts'
import type { GrantParts } from './api/grants.ts'
import { actorOf } from './api/shown.ts'
import { pickOrganizations } from './operator-organizations.ts'
import type { EnrollmentPageData } from './pages/enrollment-data.ts'
import { EnrollmentPage } from './pages/enrollment-page.tsx'
import { enrollmentPath, enrollmentTab, organizationsPath } from './pages/organization-paths.ts'
import { PickForEnrollmentPage } from './pages/organizations-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { reasonIn, utcMinute } from './panel-fields.ts'
import { type Faults, faultsOfRefusal, readForm } from './read-form.ts'
import { toldForced, toldGrant, toldMoves } from './told-decision.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

export type EnrollmentParts = { own: Db; log: Log; ringExpiry: GrantParts['ringExpiry'] }

const path = `${organizationsPath}/:id/enrollment`
const newestChanges = 50

const issued = z.object({ product: text(100), valid_until: utcMinute.optional() })
const extended = z.object({ ladder: text(100), valid_until: utcMinute.optional() })
const forced = z.object({
  mode: z.enum(['at_least', 'at_most']),
  tier: z.string().regex(/^[^/]{1,100}\/[^/]{1,100}$/, 'has to be a tier of a ladder'),
  valid_until: utcMinute.optional(),
})

/** The field at which a refusal can be mended. Every other one is told at the top of the page. */
const fieldOf = {
  product_unknown: 'product',
  product_not_plan: 'product',
  product_not_published: 'product',
  valid_until_past: 'valid_until',
}

/** Who decides about whom: what every verb of enrollment is told. */
type Deciding = { tenantId: string; organizationId: string; actor: Actor; reason: string }

/**
 * Enrollment of one organization: what stands, and what an operator decides. Nothing here writes a tier: the verbs of
 * entitlements do, the same that the API calls (R69).
 */
export function operatorEnrollment({ own, log, ringExpiry }: EnrollmentParts): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, enrollmentTab))

  async function page(c: WebContext, status: 200 | 422, fault: EnrollmentPageData['fault']) {
    const whole = c.req.query('history') === 'all'
    const data = await readEnrollment(own, c, whole)
    return answerPage(c, status, EnrollmentPage, { viewer: viewerOf(c), ...data, whole, fault })
  }

  /** Under the pool's lock, and only if it stands as it did when the form was made. */
  function decide<T>(
    c: WebContext,
    form: URLSearchParams,
    work: (tx: Tx, deciding: Deciding) => Promise<T>,
  ): Promise<T> {
    const caller = c.get('caller')!
    const who = { tenantId: caller.tenantId, organizationId: idIn(c.req.param(), 'id', 'organization') }
    const deciding = { ...who, actor: actorOf(caller), reason: reasonIn(form) }
    const seen = parsePoolSeen(form.get('seen'))
    return whileCatalogHeld(own, async (tx) => {
      if (seen) await refuseIfChanged(tx, { ...who, seen })
      return work(tx, deciding)
    })
  }

  const back = (c: WebContext) => enrollmentPath(idIn(c.req.param(), 'id', 'organization'))

  app.get(enrollmentTab, async (c) =>
    answerPage(c, 200, PickForEnrollmentPage, {
      viewer: viewerOf(c),
      picked: await pickOrganizations(own, c),
    }),
  )
  app.get(path, (c) => page(c, 200, null))

  onAction(app, `${path}/grants`, async (c, form) => {
    const { typed, faults, data } = readForm(form, issued)
    const again = (faults: Faults) => page(c, 422, { form: 'issue', typed, faults })
    if (!data) return again(faults)
    try {
      const given = await decide(c, form, (tx, deciding) =>
        issueGrant(tx, { ...deciding, product: data.product, validUntil: data.valid_until ?? null }),
      )
      if (given.expiry) void ringExpiry(given.expiry)
      return { to: back(c), told: toldGrant(given, await readCatalogChoices(own)) }
    } catch (error) {
      return again(faultsOfRefusal(error, fieldOf))
    }
  })

  onAction(app, `${path}/extend`, async (c, form) => {
    const { typed, faults, data } = readForm(form, extended)
    const again = (faults: Faults) => page(c, 422, { form: 'extend', typed, faults })
    if (!data) return again(faults)
    try {
      const given = await decide(c, form, (tx, deciding) =>
        extendGrant(tx, { ...deciding, ladder: data.ladder, validUntil: data.valid_until ?? null }),
      )
      if (given.expiry) void ringExpiry(given.expiry)
      return { to: back(c), told: toldGrant(given, await readCatalogChoices(own)) }
    } catch (error) {
      return again(faultsOfRefusal(error, { ...fieldOf, ladder_unknown: 'ladder' }))
    }
  })

  onAction(app, `${path}/transitions`, async (c, form) => {
    const { typed, faults, data } = readForm(form, forced)
    const again = (faults: Faults) => page(c, 422, { form: 'force', typed, faults })
    if (!data) return again(faults)
    const [ladder, product] = data.tier.split('/') as [string, string]
    try {
      const { mode } = data
      const done = await decide(c, form, (tx, deciding) =>
        forceTransition(tx, { ...deciding, ladder, product, mode, validUntil: data.valid_until ?? null }),
      )
      if (done.expiry) void ringExpiry(done.expiry)
      return { to: back(c), told: toldForced(done, ladder, await readCatalogChoices(own)) }
    } catch (error) {
      const atTier = { product_unknown: 'tier', product_not_plan: 'tier', product_not_published: 'tier' }
      const fields = { ...fieldOf, ...atTier, ladder_unknown: 'tier', product_not_on_ladder: 'tier' }
      return again(faultsOfRefusal(error, fields))
    }
  })

  onAction(app, `${path}/grants/:grant/revoke`, async (c, form) => {
    const grantId = idIn(c.req.param(), 'grant', 'grant')
    const { kind, moves } = await decide(c, form, (tx, deciding) => revokeGrant(tx, { ...deciding, grantId }))
    const told =
      kind === 'revoked'
        ? `The grant was revoked.${toldMoves(moves)}`
        : 'It had ended before: nothing changed.'
    return { to: back(c), told }
  })

  onAction(app, `${path}/ceilings/:ceiling/lift`, async (c, form) => {
    const ceilingId = idIn(c.req.param(), 'ceiling', 'ceiling')
    const { kind, moves } = await decide(c, form, (tx, deciding) =>
      liftCeiling(tx, { ...deciding, ceilingId }),
    )
    const told =
      kind === 'lifted'
        ? `The ceiling was lifted.${toldMoves(moves)}`
        : 'It was gone before: nothing changed.'
    return { to: back(c), told }
  })
  return app
}

/** All of it at one moment: a move between two of the questions would make the page contradict itself. */
async function readEnrollment(own: Db, c: WebContext, whole: boolean) {
  const now = new Date()
  const { tenantId } = c.get('caller')!
  const organizationId = idIn(c.req.param(), 'id', 'organization')
  return own.begin('isolation level repeatable read read only', async (tx) => {
    const organization = await getOrganization(tx, tenantId, organizationId)
    const subject = await subjectOfOrganization(tx, organizationId)
    const explained = await explain(tx, subject, now, whole ? null : newestMoves)
    const [grants, ceilings, changes, choices, seen] = await Promise.all([
      listGrants(tx, { tenantId, organizationId }),
      listCeilings(tx, { tenantId, organizationId }),
      listAccountChanges(tx, { accountId: organizationId, newest: newestChanges, limit: newestChanges }),
      readCatalogChoices(tx),
      readPoolSeen(tx, organizationId),
    ])
    return {
      organization,
      explained,
      grants: grants.filter(({ kind, grant_reason }) => kind === 'plan' && grant_reason !== 'default'),
      ceilings,
      changes,
      choices,
      seen: writePoolSeen(seen),
    }
  })
}
