import { Hono } from 'hono'
import { z } from 'zod'
import { createMemberLink, linkMinutes } from '../auth/member-links.ts'
import { readCatalogChoices } from '../billing/catalog-choices.ts'
import { catalogKey, catalogName } from '../billing/catalog-fields.ts'
import type { Db } from '../db/types.ts'
import { listEnrollments } from '../entitlements/enrollments.ts'
import { searchOrganizations } from '../entitlements/search-organizations.ts'
import type { Log } from '../log.ts'
import { readOrgTypes } from '../organization/org-types.ts'
import { getOrganization, listOrganizations } from '../organization/organizations.ts'
import { linkCustomer } from '../stripe/customers/link-customer.ts'
import { openOrganization } from '../stripe/customers/open-organization.ts'
import { transferCustomers } from '../stripe/customers/transfer-customers.ts'
import { answerPage } from './answer-page.ts'
import { customerId, id, idIn, isWritable, text } from './api/fields.ts'
import { actorOf } from './api/shown.ts'
import { memberDoorPath } from './member-door.ts'
import { MemberLinkPage, OrganizationPage } from './pages/organization-page.tsx'
import { enrollmentPath, organizationPath, organizationsPath } from './pages/organization-paths.ts'
import type { Picked } from './pages/organization-picker.tsx'
import { OrganizationsPage } from './pages/organizations-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { reasonIn } from './panel-fields.ts'
import { type Faults, faultsOfRefusal, readForm, type Typed } from './read-form.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

const onePage = 50
const untouched = { typed: {}, faults: {} }
const newOrganization = z.object({
  name: catalogName,
  org_type: catalogKey,
  organization_key: text(255).optional(),
})
const linked = z.object({ customer: customerId })
const transferred = z.object({ moved: customerId.optional(), to: text(255) })

type OrganizationsParts = {
  /** For what concerns the caller's tenant alone. */
  own: Db
  /** Sees every tenant: a customer or a name has one owner, whoever asks. */
  db: Db
  log: Log
  publicUrl: string | null
}

/** Organizations: search, create, link, transfer. Everything that moves a tier is done by the verbs that the API calls (R69). */
export function operatorOrganizations({ own, db, log, publicUrl }: OrganizationsParts): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, organizationsPath))

  async function list(c: WebContext, status: 200 | 422, form: { typed: Typed; faults: Faults }) {
    const [picked, orgTypes] = [await pickOrganizations(own, c), await readOrgTypes(own)]
    const link = customerId.safeParse(c.req.query('link')).data ?? null
    return answerPage(c, status, OrganizationsPage, { viewer: viewerOf(c), picked, orgTypes, link, ...form })
  }

  async function one(c: WebContext, status: 200 | 422, form: { typed: Typed; faults: Faults }) {
    const { tenantId } = c.get('caller')!
    const organizationId = idIn(c.req.param(), 'id', 'organization')
    const organization = await getOrganization(own, tenantId, organizationId)
    const standing = await listEnrollments(own, { tenantId, organization: organizationId, limit: 100 })
    const { productNames, ladderNames } = await readCatalogChoices(own)
    const type = (await readOrgTypes(own)).find(({ key }) => key === organization.orgType)
    return answerPage(c, status, OrganizationPage, {
      viewer: viewerOf(c),
      organization,
      orgType: type!.name,
      places: standing.map(({ product, ladder }) => `${productNames[product]} (${ladderNames[ladder]})`),
      ...form,
    })
  }

  // What waits says in the address what is to be filled in (`freeingStep`): the key of somebody new, or the customer to be linked.
  app.get(organizationsPath, (c) => list(c, 200, filledIn('organization_key', c.req.query('key'), text(255))))
  app.get(`${organizationsPath}/:id`, (c) =>
    one(c, 200, filledIn('customer', c.req.query('link'), customerId)),
  )

  onAction(app, organizationsPath, async (c, form) => {
    const { typed, faults, data } = readForm(form, newOrganization)
    if (!data) return list(c, 422, { typed, faults })
    const { name, org_type: orgType, organization_key: organizationKey } = data
    try {
      const { tenantId } = c.get('caller')!
      const { organizationId } = await openOrganization(db, { tenantId, name, orgType, organizationKey })
      return { to: organizationPath(organizationId), told: `${name} was created.` }
    } catch (error) {
      const fields = { organization_key_taken: 'organization_key', org_type_unknown: 'org_type' }
      return list(c, 422, { typed, faults: faultsOfRefusal(error, fields) })
    }
  })

  onAction(app, `${organizationsPath}/:id/customers`, async (c, form) => {
    const organizationId = idIn(c.req.param(), 'id', 'organization')
    const { typed, faults, data } = readForm(form, linked)
    if (!data) return one(c, 422, { typed, faults })
    try {
      const { tenantId } = c.get('caller')!
      const outcome = await linkCustomer(db, { tenantId, organizationId, ...data })
      const told =
        outcome === 'linked'
          ? `${data.customer} was linked. What waited for it is taken up within seconds.`
          : `${data.customer} was linked here before: nothing changed.`
      return { to: organizationPath(organizationId), told }
    } catch (error) {
      return one(c, 422, { typed, faults: faultsOfRefusal(error, { customer_linked_elsewhere: 'customer' }) })
    }
  })

  onAction(app, `${organizationsPath}/:id/transfer`, async (c, form) => {
    const caller = c.get('caller')!
    const { tenantId } = caller
    const fromOrganizationId = idIn(c.req.param(), 'id', 'organization')
    const { typed, faults, data } = readForm(form, transferred)
    if (!data) return one(c, 422, { typed, faults })
    const toOrganizationId = await organizationNamed(own, tenantId, data.to)
    if (!toOrganizationId)
      return one(c, 422, { typed, faults: { to: 'names no organization: it is a key or an id' } })
    try {
      const { customers, to } = await transferCustomers(db, {
        tenantId,
        fromOrganizationId,
        toOrganizationId,
        customers: data.moved === undefined ? undefined : [data.moved],
        reason: reasonIn(form),
        actor: actorOf(caller),
      })
      return {
        to: enrollmentPath(toOrganizationId),
        told: `${customers.join(', ')} went to ${to.name}, with every subscription.`,
      }
    } catch (error) {
      const fields = { transfer_to_itself: 'to', organization_unknown: 'to', customer_not_linked: 'moved' }
      return one(c, 422, { typed, faults: faultsOfRefusal(error, fields) })
    }
  })

  onAction(app, `${organizationsPath}/:id/member-links`, async (c) => {
    const { tenantId, id: createdBy } = c.get('caller')!
    const organizationId = idIn(c.req.param(), 'id', 'organization')
    const { organization, made } = await own.begin(async (tx) => {
      const organization = await getOrganization(tx, tenantId, organizationId)
      const link = { tenantId, organizationId, minutes: linkMinutes.usual, createdBy }
      return { organization, made: await createMemberLink(tx, link) }
    })
    const url = new URL(memberDoorPath, publicUrl ?? new URL(c.req.url).origin)
    url.searchParams.set('link', made.token)
    // A secret goes into no cookie and no address of ours: this page alone shows it.
    const { expiresAt } = made
    return answerPage(c, 200, MemberLinkPage, {
      viewer: viewerOf(c),
      organization,
      url: url.toString(),
      expiresAt,
    })
  })
  return app
}

/** A form in which one field is filled in, if what is named could stand there. */
function filledIn(
  field: string,
  named: string | undefined,
  form: z.ZodType<string>,
): { typed: Typed; faults: Faults } {
  const { data } = form.safeParse(named)
  return data === undefined ? untouched : { typed: { [field]: data }, faults: {} }
}

/** What a list of organizations shows for `?q=&after=`. */
export async function pickOrganizations(own: Db, c: WebContext): Promise<Picked> {
  const q = (c.req.query('q') ?? '').trim().slice(0, 255)
  const wanted = isWritable(q) ? q : ''
  const after = id.safeParse(c.req.query('after')).data ?? null
  const { tenantId } = c.get('caller')!
  const rows = await searchOrganizations(own, { tenantId, text: wanted, after, limit: onePage + 1 })
  const shown = rows.slice(0, onePage)
  const next = rows.length > onePage ? shown.at(-1)!.organizationId : null
  return { text: wanted, rows: shown, next, later: after !== null }
}

/** By its id or its key, within the tenant. */
async function organizationNamed(own: Db, tenantId: string, named: string): Promise<string | null> {
  const { data: organizationId } = id.safeParse(named)
  const by = organizationId === undefined ? { organizationKey: named } : { organizationId }
  const [organization] = await listOrganizations(own, { tenantId, ...by, limit: 1 })
  return organization?.organizationId ?? null
}
