import { afterAll, beforeAll, expect, test } from 'vitest'
import { whileCatalogHeld } from '../../src/billing/hold-catalog.ts'
import { liftCeiling } from '../../src/entitlements/ceilings.ts'
import { extendGrant } from '../../src/entitlements/extend-grant.ts'
import { giveFlatGrant } from '../../src/entitlements/flat-grants.ts'
import { forceTransition } from '../../src/entitlements/force-transition.ts'
import { issueGrant } from '../../src/entitlements/issue-grant.ts'
import {
  parsePoolSeen,
  readPoolSeen,
  refuseIfChanged,
  writePoolSeen,
} from '../../src/entitlements/pool-seen.ts'
import { revokeGrant } from '../../src/entitlements/revoke-grant.ts'
import { getOrganization } from '../../src/organization/organizations.ts'
import { event, newWorld, PRICES, subscription, type World } from '../support/world.ts'

let world: World
let organizationId: string
let tenantId: string
const actor = { type: 'operator', id: 'key_1', name: 'Ada' }

beforeAll(async () => {
  world = await newWorld()
  await world.deliver(event('customer.subscription.created', subscription(), { created: 1_700_000_000 }))
  const [linked] = await world.owner<{ organizationId: string; tenantId: string }[]>`
    select organization_id, tenant_id from stripe.customers c join organization.organizations o using (organization_id)
    where stripe_customer_id = 'cus_1'`
  ;({ organizationId, tenantId } = linked!)
  await getOrganization(world.app, tenantId, organizationId)
})
afterAll(() => world.close())

/** What somebody is told who looked before `work`, and acts after it; null: nothing stands in the way. */
async function toldAfter(work: () => Promise<unknown>): Promise<string | null> {
  const seen = await readPoolSeen(world.app, organizationId)
  await work()
  return whileCatalogHeld(world.app, (tx) => refuseIfChanged(tx, { tenantId, organizationId, seen })).then(
    () => null,
    (error: Error & { code: string }) => {
      expect(error.code).toBe('changed_meanwhile')
      return error.message.replaceAll(/ at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, '')
    },
  )
}

const asked = () => ({ tenantId, organizationId, actor, reason: 'because' })
const before = 'Nothing was done, since this has changed while you looked: '

test('whatever happens between looking and acting is told to whoever acts second, with who did it', async () => {
  expect(await toldAfter(async () => {})).toBeNull()
  const { app } = world
  let grant = ''
  expect(
    await toldAfter(async () => {
      ;({ grantId: grant } = await whileCatalogHeld(app, (tx) =>
        issueGrant(tx, { ...asked(), product: 'pro' }),
      ))
    }),
  ).toBe(`${before}Ada gave Pro.`)
  expect(
    await toldAfter(async () => {
      ;({ grantId: grant } = await whileCatalogHeld(app, (tx) =>
        extendGrant(tx, { ...asked(), grantId: grant }),
      ))
    }),
  ).toBe(`${before}Ada extended Pro.`)
  expect(
    await toldAfter(() => whileCatalogHeld(app, (tx) => revokeGrant(tx, { ...asked(), grantId: grant }))),
  ).toBe(`${before}Ada revoked the grant of Pro.`)
  expect(
    await toldAfter(() => whileCatalogHeld(app, (tx) => giveFlatGrant(tx, { ...asked(), product: 'seats' }))),
  ).toBe(`${before}Ada gave Extra seats.`)
  let ceilingId = ''
  const force = (product: string) =>
    whileCatalogHeld(app, (tx) =>
      forceTransition(tx, { ...asked(), ladder: 'core', product, mode: 'at_most' }),
    )
  expect(
    await toldAfter(async () => {
      const forced = await force('public-tier')
      if (forced.mode === 'at_most') ceilingId = forced.ceilingId
    }),
  ).toBe(`${before}Ada set Core to Public Tier at most.`)
  expect(
    await toldAfter(() => whileCatalogHeld(app, (tx) => liftCeiling(tx, { ...asked(), ceilingId }))),
  ).toBe(`${before}Ada lifted the ceiling of Public Tier.`)
  const pro = subscription({ items: [['si_1', PRICES.pro]] })
  const upgraded = event('customer.subscription.updated', pro, {
    created: 1_700_000_100,
    previous: { items: subscription().items },
  })
  expect(await toldAfter(() => world.deliver(upgraded))).toMatch(/moved Core from Standard to Pro\.$/)
})

test('of another tenant it is said that there is none, and what a form carries is read back as it was written', async () => {
  const seen = await readPoolSeen(world.app, organizationId)
  expect(parsePoolSeen(writePoolSeen(seen))).toEqual(seen)
  for (const text of [null, '', '1.2', 'x', '1.2.3.4.5.6', "1.2.3.4.'"])
    expect(parsePoolSeen(text)).toBeNull()
  const foreign = { tenantId: '00000000-0000-4000-8000-000000000000', organizationId, seen }
  await expect(whileCatalogHeld(world.app, (tx) => refuseIfChanged(tx, foreign))).rejects.toMatchObject({
    code: 'organization_unknown',
    status: 404,
  })
})
