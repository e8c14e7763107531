import { holdCatalog } from '../../billing/hold-catalog.ts'
import type { Tx } from '../../db/types.ts'
import { reapplyDefaults } from '../../entitlements/reapply-defaults.ts'
import { createOrganizations } from '../../organization/create-organization.ts'
import { raiseAlarm } from '../alarms.ts'
import { wake, wakeCustomers } from '../inbox/waiting.ts'
import {
  findOrganizations,
  type LinkedBy,
  lockCustomers,
  type OrganizationPlace,
  provisioning,
  readLinked,
  writeLinks,
} from './customer-rows.ts'
import { holdReferences } from './hold-reference.ts'

/** What one event says about whose a customer is. */
export type LinkWanted = {
  /** Stripe's customer id. */
  customer: string
  /** An organization's id or key, as the integrator wrote it at Stripe; null where the event says nothing. */
  reference: string | null
  /** A name for the organization, should it be created; without one it is called like the customer. */
  name?: string | null | undefined
  by: 'client_reference_id' | 'metadata'
}

/** Where a customer belongs, or the named thing that has to arrive first. */
export type CustomerPlace =
  | { kind: 'linked'; organizationId: string; poolId: string; tenantId: string; accountId: string }
  | {
      kind: 'waiting'
      waitingOn: string
      reason: 'unknown_customer' | 'unknown_organization' | 'unknown_org_type'
    }

/** All that this batch says about one customer. */
type Asked = { customer: string; references: { reference: string; by: LinkedBy }[]; name: string }

/**
 * Where these customers belong, linking those who belong to nobody yet: to the organization that an event names (by id, or by
 * key within the default tenant), else with `autoProvision` (an org type's key) to one that is created for them, under that key
 * if one was named. A customer that is linked stays where it is: a reference to somebody else raises `customer_link_conflict`.
 * Whoever gets linked wakes what was waiting for it.
 *
 * Takes the catalog and then the rows of customers without a link, sorted, both until the commit: of many first events of one
 * customer one links or creates, and the others find it done. Locks go subscriptions, customers, pools; call it in that order.
 */
export async function linkCustomers(
  tx: Tx,
  wanted: readonly LinkWanted[],
  autoProvision: string | null,
): Promise<Map<string, CustomerPlace>> {
  const asked = byCustomer(wanted)
  if (asked.size === 0) return new Map()
  const [, linked] = await Promise.all([holdCatalog(tx), readLinked(tx, [...asked.keys()])])
  const open = [...asked.values()].filter(({ customer }) => !linked.has(customer))

  const waiting = new Map<string, CustomerPlace>()
  if (open.length > 0) {
    const ids = open.map(({ customer }) => customer)
    const references = open.flatMap((one) => one.references.map(({ reference }) => reference))
    // Before anything else is read: each statement sees what was committed before it began.
    await Promise.all([lockCustomers(tx, ids), holdReferences(tx, references)])
    const [sinceLinked, named, provision] = await Promise.all([
      readLinked(tx, ids),
      findOrganizations(tx, references),
      autoProvision === null ? null : provisioning(tx, autoProvision),
    ])
    for (const [customer, place] of sinceLinked) linked.set(customer, place)
    const nobodys = open.filter(({ customer }) => !linked.has(customer))

    const fresh: { customer: string; place: OrganizationPlace; by: LinkedBy }[] = []
    const toCreate: Asked[] = []
    for (const one of nobodys) {
      const told = one.references.find(({ reference }) => named.has(reference))
      if (told) fresh.push({ customer: one.customer, place: named.get(told.reference)!, by: told.by })
      else if (provision?.orgTypeId) toCreate.push(one)
      else waiting.set(one.customer, waitingFor(one, autoProvision))
    }
    if (provision?.orgTypeId)
      fresh.push(...(await createFor(tx, toCreate, { ...provision, orgTypeId: provision.orgTypeId })))

    await Promise.all([
      writeLinks(
        tx,
        fresh.map(({ customer, place, by }) => ({ customer, organizationId: place.organizationId, by })),
      ),
      wakeCustomers(
        tx,
        fresh.map(({ customer }) => customer),
      ),
      wake(
        tx,
        fresh.flatMap(({ by, place }) => (by === 'auto_provision' ? namesOf(place) : [])),
      ),
    ])
    for (const { customer, place, by } of fresh) linked.set(customer, { ...place, by })
  }
  await heedReferences(tx, asked, linked, autoProvision !== null)

  const places = new Map<string, CustomerPlace>(waiting)
  for (const [customer, { organizationId, poolId, tenantId }] of linked)
    places.set(customer, { kind: 'linked', organizationId, poolId, tenantId, accountId: organizationId })
  return places
}

function byCustomer(wanted: readonly LinkWanted[]): Map<string, Asked> {
  const asked = new Map<string, Asked>()
  for (const { customer, reference, name, by } of wanted) {
    const one = asked.get(customer) ?? { customer, references: [], name: customer }
    if (reference !== null) one.references.push({ reference, by })
    if (name && one.name === customer) one.name = name
    asked.set(customer, one)
  }
  return asked
}

function waitingFor({ customer, references }: Asked, autoProvision: string | null): CustomerPlace {
  if (autoProvision !== null)
    return { kind: 'waiting', waitingOn: `org_type:${autoProvision}`, reason: 'unknown_org_type' }
  const [first] = references
  return first
    ? { kind: 'waiting', waitingOn: `organization:${first.reference}`, reason: 'unknown_organization' }
    : { kind: 'waiting', waitingOn: `customer:${customer}`, reason: 'unknown_customer' }
}

function namesOf({ organizationId, organizationKey }: OrganizationPlace): string[] {
  return [
    `organization:${organizationId}`,
    ...(organizationKey === null ? [] : [`organization:${organizationKey}`]),
  ]
}

/** One organization for each customer, or for each reference where several customers name the same one. */
async function createFor(
  tx: Tx,
  asked: readonly Asked[],
  provision: { tenantId: string; orgTypeId: string },
): Promise<{ customer: string; place: OrganizationPlace; by: LinkedBy }[]> {
  if (asked.length === 0) return []
  const byReference = new Map<string, Asked[]>()
  for (const one of asked) {
    const key = one.references[0] ? `named ${one.references[0].reference}` : `customer ${one.customer}`
    byReference.set(key, [...(byReference.get(key) ?? []), one])
  }
  const groups = [...byReference.values()].map((group) => ({
    group,
    key: group[0]!.references[0]?.reference ?? null,
  }))
  const created = await createOrganizations(
    tx,
    groups.map(({ group, key }) => ({ ...provision, name: group[0]!.name, organizationKey: key })),
    reapplyDefaults,
  )
  // A key that another transaction took while this one waited for it: its organization is committed now.
  const others = await findOrganizations(
    tx,
    groups.flatMap(({ key }, at) => (created[at] || key === null ? [] : [key])),
  )
  return groups.flatMap(({ group, key }, at) => {
    const own = created[at]
    const place = own ?? others.get(key!)!
    // The first customer's organization was created for it; the others, and whoever came second, followed its reference.
    return group.map((one, n) => {
      const by = own && n === 0 ? 'auto_provision' : one.references[0]!.by
      return { customer: one.customer, place, by }
    })
  })
}

/**
 * What events say about customers that are linked already. Naming another organization changes nothing and is shown. A key
 * that nobody has, said of an organization that was created before its key was known (a subscription's event often comes
 * before its checkout's), becomes that organization's key: so it ends alike in whichever order the two arrive.
 */
async function heedReferences(
  tx: Tx,
  asked: ReadonlyMap<string, Asked>,
  linked: Map<string, OrganizationPlace & { by: LinkedBy }>,
  provisions: boolean,
): Promise<void> {
  const foreign: { customer: string; reference: string }[] = []
  for (const { customer, references } of asked.values()) {
    const place = linked.get(customer)
    for (const { reference } of references)
      if (place && reference !== place.organizationKey && reference.toLowerCase() !== place.organizationId)
        foreign.push({ customer, reference })
  }
  if (foreign.length === 0) return
  foreign.sort((a, b) => (a.customer < b.customer ? -1 : a.customer > b.customer ? 1 : 0))
  const named = await findOrganizations(
    tx,
    foreign.map(({ reference }) => reference),
  )
  for (const { customer, reference } of foreign) {
    const place = linked.get(customer)!
    const other = named.get(reference)
    if (other && other.organizationId !== place.organizationId) {
      const detail = `linked to organization ${place.organizationId}; an event names ${other.organizationId}; the first is kept`
      await raiseAlarm(tx, 'customer_link_conflict', customer, detail)
    } else if (!other && provisions && place.by === 'auto_provision' && place.organizationKey === null) {
      await Promise.all([
        tx`
          update organization.organizations set organization_key = ${reference}, updated_at = now()
          where organization_id = ${place.organizationId} and organization_key is null
        `,
        wake(tx, [`organization:${reference}`]),
      ])
      const known = { ...place, organizationKey: reference }
      linked.set(customer, known)
      named.set(reference, known)
    }
  }
}
