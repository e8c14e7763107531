import { Hono } from 'hono'
import { z } from 'zod'
import { readCatalogChoices } from '../billing/catalog-choices.ts'
import { whileCatalogHeld } from '../billing/hold-catalog.ts'
import { giveFlatGrant } from '../entitlements/flat-grants.ts'
import { listGrants } from '../entitlements/list-grants.ts'
import { parsePoolSeen, readPoolSeen, refuseIfChanged, writePoolSeen } from '../entitlements/pool-seen.ts'
import { revokeGrant } from '../entitlements/revoke-grant.ts'
import { getOrganization } from '../organization/organizations.ts'
import { answerPage } from './answer-page.ts'
import { idIn, text } from './api/fields.ts'
import { actorOf } from './api/shown.ts'
import type { EnrollmentParts } from './operator-enrollment.ts'
import { pickOrganizations } from './operator-organizations.ts'
import { GrantsPage } from './pages/grants-page.tsx'
import { grantsPath, grantsTab, organizationsPath } from './pages/organization-paths.ts'
import { PickForGrantsPage } from './pages/organizations-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { reasonIn, utcMinute } from './panel-fields.ts'
import { type Faults, faultsOfRefusal, readForm, type Typed } from './read-form.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

const path = `${organizationsPath}/:id/grants`
const mostShown = 200

const whole = 'has to be a whole number above 0'
const given = z.object({
  product: text(100),
  quantity: z.coerce.number(whole).pipe(z.int32(whole).min(1, whole)),
  valid_until: utcMinute.optional(),
})

/** R52: what is no plan is given here, and a plan is refused with the way to Enrollment. */
const fieldOf = {
  product_is_plan: 'product',
  product_unknown: 'product',
  product_without_kind: 'product',
  product_not_published: 'product',
  quantity_invalid: 'quantity',
  valid_until_past: 'valid_until',
}

/** The Grants tab: pick somebody, then what they were given beside ladders. */
export function operatorGrants({ own, log, ringExpiry }: EnrollmentParts): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, grantsTab))

  async function page(c: WebContext, status: 200 | 422, form: { typed: Typed; faults: Faults }) {
    const { tenantId } = c.get('caller')!
    const organizationId = idIn(c.req.param(), 'id', 'organization')
    const past = c.req.query('past') === 'yes'
    const data = await own.begin('isolation level repeatable read read only', async (tx) => {
      const organization = await getOrganization(tx, tenantId, organizationId)
      const wanted = { tenantId, organizationId, flat: true, past, limit: mostShown }
      const [grants, choices, seen] = await Promise.all([
        listGrants(tx, wanted),
        readCatalogChoices(tx),
        readPoolSeen(tx, organizationId),
      ])
      return { organization, grants, choices, seen: writePoolSeen(seen) }
    })
    return answerPage(c, status, GrantsPage, { viewer: viewerOf(c), ...data, past, ...form })
  }

  app.get(grantsTab, async (c) =>
    answerPage(c, 200, PickForGrantsPage, { viewer: viewerOf(c), picked: await pickOrganizations(own, c) }),
  )
  app.get(path, (c) => page(c, 200, { typed: {}, faults: {} }))

  onAction(app, path, async (c, form) => {
    const { typed, faults, data } = readForm(form, given)
    if (!data) return page(c, 422, { typed, faults })
    const caller = c.get('caller')!
    const who = { tenantId: caller.tenantId, organizationId: idIn(c.req.param(), 'id', 'organization') }
    const { product, quantity, valid_until: validUntil = null } = data
    const asked = { ...who, product, quantity, validUntil, reason: reasonIn(form), actor: actorOf(caller) }
    try {
      // Whoever else gave something meanwhile took nothing away: giving adds up, so it is not asked what was seen.
      const grant = await whileCatalogHeld(own, (tx) => giveFlatGrant(tx, asked))
      if (grant.expiry) void ringExpiry(grant.expiry)
      const { productNames } = await readCatalogChoices(own)
      const times = quantity > 1 ? ` × ${quantity}` : ''
      return {
        to: grantsPath(who.organizationId),
        told: `${productNames[product] ?? product}${times} was given.`,
      }
    } catch (error) {
      return page(c, 422, { typed, faults: faultsOfRefusal(error, fieldOf) })
    }
  })

  onAction(app, `${path}/:grant/revoke`, async (c, form) => {
    const caller = c.get('caller')!
    const grantId = idIn(c.req.param(), 'grant', 'grant')
    const who = { tenantId: caller.tenantId, organizationId: idIn(c.req.param(), 'id', 'organization') }
    const asked = { ...who, grantId, reason: reasonIn(form), actor: actorOf(caller) }
    const seen = parsePoolSeen(form.get('seen'))
    const { kind } = await whileCatalogHeld(own, async (tx) => {
      if (seen) await refuseIfChanged(tx, { ...who, seen })
      return revokeGrant(tx, asked)
    })
    const told = kind === 'revoked' ? 'It was taken back.' : 'It had ended before: nothing changed.'
    return { to: grantsPath(who.organizationId), told }
  })
  return app
}
