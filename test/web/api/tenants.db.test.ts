import { afterAll, beforeAll, expect, test } from 'vitest'
import { routesAndRoles } from '../../../src/web/routes-and-roles.ts'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
let ids: Record<string, string>
const nobody = '6f9619ff-8b86-4011-b42d-00cf4fc964ff'

beforeAll(async () => {
  world = await apiWorld()
  const id = await world.organization({ organization_key: 'ours' })
  await world.ask('POST', `/organizations/${id}/customers`, { customer: 'cus_ours' })
  const grant = await world.ask('POST', `/organizations/${id}/grants`, { product: 'pro', reason: 'x' })
  const ceiling = await world.ask('POST', `/organizations/${id}/transitions`, {
    ladder: 'core',
    product: 'standard',
    mode: 'at_most',
    reason: 'x',
  })
  ids = { id, grant: grant.body.grant_id as string, ceiling: ceiling.body.ceiling_id as string }
})
afterAll(() => world.close())

/** What each writing route takes, so that nothing but the tenant can be the reason for the answer. */
const bodies: Record<string, object> = {
  '/organizations/:id/customers': { customer: 'cus_new' },
  '/organizations/:id/transfer': { to: nobody, reason: 'x' },
  '/organizations/:id/member-links': { valid_for_minutes: 5 },
  '/organizations/:id/grants': { product: 'both', reason: 'x' },
  '/organizations/:id/grants/:grant/revoke': { reason: 'x' },
  '/organizations/:id/grants/:grant/extend': { reason: 'x' },
  '/organizations/:id/extend': { reason: 'x' },
  '/organizations/:id/transitions': { ladder: 'core', product: 'both', mode: 'at_least', reason: 'x' },
  '/organizations/:id/ceilings/:ceiling/lift': { reason: 'x' },
  '/organizations/:id/flat-grants': { product: 'seats', reason: 'x' },
  '/organizations/:id/flat-grants/:grant/revoke': { reason: 'x' },
}

const ofOrganizations = Object.keys(routesAndRoles)
  .map((route) => route.split(' ') as [string, string])
  .filter(([, path]) => path.startsWith('/api/v1/organizations/:id'))
  .map(([method, path]) => [method, path.slice('/api/v1'.length)] as const)

const rows = [
  'organization.organizations',
  'entitlements.grants',
  'entitlements.ceilings',
  'entitlements.pool_provision_transitions',
  'stripe.customers',
  'auth.member_links',
  'auth.operator_actions',
]
const everything = () =>
  Promise.all(rows.map((table) => world.owner`select * from ${world.owner(table)} order by 1`))

test('there is a route for everything that can be asked about an organization', () => {
  expect(ofOrganizations.length).toBeGreaterThan(14)
  for (const [method, path] of ofOrganizations) if (method !== 'GET') expect(bodies).toHaveProperty([path])
})

test.each(ofOrganizations)(
  '%s %s: another tenant’s is answered exactly as what is not there',
  async (method, path) => {
    const before = await everything()
    const body = method === 'GET' ? undefined : bodies[path]
    const at = (values: Record<string, string>) => path.replace(/:(\w+)/g, (_, name: string) => values[name]!)
    const absent = { id: nobody, grant: nobody, ceiling: nobody }
    const [theirs, none, malformed] = [
      await world.askAsOther(method, at(ids), body),
      await world.askAsOther(method, at(absent), body),
      await world.askAsOther(method, at({ ...absent, id: 'no-id' }), body),
    ]
    const blind = ({ status, body }: typeof theirs) => {
      const text = JSON.stringify(body)
      for (const value of [...Object.values(ids), nobody])
        if (text.includes(value)) return { status, text: text.replaceAll(value, 'ID') }
      return { status, text }
    }
    expect(theirs.status).toBe(404)
    expect(blind(theirs)).toEqual(blind(none))
    expect([malformed.status, malformed.body.code]).toEqual([404, none.body.code])
    expect(await everything()).toEqual(before)
  },
)

test('lists hold nothing of another tenant, whatever is asked for', async () => {
  for (const path of [
    '/organizations',
    '/organizations?organization_key=ours',
    '/organizations?customer=cus_ours',
    '/enrollments',
    `/enrollments?organization=${ids.id}`,
    '/enrollments?customer=cus_ours',
  ])
    expect(await world.askAsOther('GET', path)).toEqual({
      status: 200,
      body: { items: [], next_cursor: null },
    })
})

test('a cursor of another tenant’s list opens nothing', async () => {
  await world.organization()
  const { body } = await world.ask('GET', '/organizations?limit=1')
  expect(body.next_cursor).not.toBeNull()
  const theirs = await world.askAsOther('GET', `/organizations?cursor=${body.next_cursor}`)
  expect(theirs.body.items).toEqual([])
})
