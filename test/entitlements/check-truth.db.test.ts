import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCatalogFile } from '../../src/billing/catalog-file.ts'
import { liftCeiling, listCeilings } from '../../src/entitlements/ceilings.ts'
import { decideFeature, type FeatureValue, type Holding } from '../../src/entitlements/check-feature.ts'
import { createCheckMemory } from '../../src/entitlements/check-memory.ts'
import { expireDueGrants } from '../../src/entitlements/expire-grants.ts'
import { extendGrant } from '../../src/entitlements/extend-grant.ts'
import { giveFlatGrant } from '../../src/entitlements/flat-grants.ts'
import { forceTransition } from '../../src/entitlements/force-transition.ts'
import { issueGrant } from '../../src/entitlements/issue-grant.ts'
import { revokeGrant } from '../../src/entitlements/revoke-grant.ts'
import { settlePools } from '../../src/entitlements/settle-pools.ts'
import { Refused } from '../../src/errors.ts'
import { applyCatalog } from '../../src/stripe/catalog/apply-catalog.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { anAddon, includes, listeners, pause } from './check-fixture.ts'
import {
  aLadder,
  anOrganization,
  anOrgType,
  aSubscription,
  byEvent,
  type Ladder,
  type Organization,
  putSubscriptionClaims,
} from './fixture.ts'

const statuses = ['active', 'trialing', 'past_due', 'unpaid', 'paused']
const features = ['seats', 'api', 'desks', 'nothing']
const customers = ['cus_0', 'cus_1']
const actor = { type: 'operator' }

let db: TestDatabase
let ladders: Ladder[]
let addon: { productId: string; productKey: string }
let organizations: Organization[]
let subscriptions: string[]

beforeAll(async () => {
  db = await testDatabase({ max: 12 })
  ladders = [await aLadder(db.owner), await aLadder(db.owner, ['basic', 'gold'])]
  for (const [n, tier] of ladders.flatMap(({ tiers }) => tiers).entries())
    await includes(db.owner, tier, { seats: n, api: n % 2 === 0 })
  addon = await anAddon(db.owner, { seats: 5, desks: 1 })
  const orgTypeId = await anOrgType(db.owner, ladders[0]!)
  organizations = [await anOrganization(db.owner, orgTypeId), await anOrganization(db.owner, orgTypeId)]
  subscriptions = []
  for (const [n, organization] of organizations.entries()) {
    subscriptions.push(
      await aSubscription(db.owner, organization),
      await aSubscription(db.owner, organization),
    )
    await db.owner`
      insert into stripe.customers (stripe_customer_id, organization_id, linked_by, linked_at)
      values (${customers[n]!}, ${organization.organizationId}, 'operator', now())`
  }
})
afterAll(() => db.close())

/** One thing that somebody does: a verb, and numbers from which it picks what it is about. */
type Step = { verb: keyof typeof verbs; who: number; what: number; more: number }

const pick = <T>(list: readonly T[], n: number) => list[n % list.length]!
const tierOf = (what: number) => {
  const ladder = pick(ladders, what)
  return { ladder, tier: pick(ladder.tiers, what >> 1) }
}
const end = (more: number) => (more % 3 === 0 ? new Date(Date.now() + 30 + (more % 200)) : null)

async function openGrant({ organizationId }: Organization, what: number): Promise<string | undefined> {
  const rows = await db.owner<{ grantId: string }[]>`
    select grant_id from entitlements.grants
     where organization_id = ${organizationId} and closed_at is null and grant_reason <> 'default' order by granted_at`
  return rows.length === 0 ? undefined : pick(rows, what).grantId
}

const verbs = {
  subscription: async (organization: Organization, { who, what, more }: Step) => {
    const { poolId, tenantId } = organization
    const subscriptionId = subscriptions[(who % 2) * 2 + (more % 2)]!
    const { ladder, tier } = tierOf(what)
    const tiers = more % 5 === 0 ? [] : [{ planLadderId: ladder.planLadderId, productId: tier.productId }]
    const addons = more % 4 === 0 ? [{ productId: addon.productId, quantity: 1 + (what % 3) }] : []
    const claims = { subscriptionId, poolId, tenantId, status: pick(statuses, more >> 2), tiers, addons }
    await db.app.begin(async (tx) => {
      await putSubscriptionClaims(tx, [claims])
      await settlePools(tx, [byEvent(poolId, subscriptionId)])
    })
  },
  issue: (organization: Organization, { what, more }: Step) =>
    db.app.begin((tx) => {
      const product = tierOf(what).tier.productKey
      return issueGrant(tx, { ...organization, product, reason: 'issue', actor, validUntil: end(more) })
    }),
  flat: (organization: Organization, { more }: Step) =>
    db.app.begin((tx) => {
      const given = { product: addon.productKey, quantity: 1 + (more % 2), reason: 'flat', actor }
      return giveFlatGrant(tx, { ...organization, ...given, validUntil: end(more) })
    }),
  revoke: async (organization: Organization, { what }: Step) => {
    const grantId = await openGrant(organization, what)
    if (grantId)
      await db.app.begin((tx) => revokeGrant(tx, { ...organization, grantId, reason: 'revoke', actor }))
  },
  extend: async (organization: Organization, { what, more }: Step) => {
    const grantId = await openGrant(organization, what)
    const extension = { tenantId: organization.tenantId, reason: 'extend', actor, validUntil: end(more) }
    if (grantId) await db.app.begin((tx) => extendGrant(tx, { ...extension, grantId }))
  },
  force: (organization: Organization, { what, more }: Step) =>
    db.app.begin((tx) => {
      const { ladder, tier } = tierOf(what)
      const mode = more % 2 === 0 ? 'at_least' : 'at_most'
      const forced = {
        ladder: ladder.ladderKey,
        product: tier.productKey,
        mode,
        reason: 'force',
        actor,
      } as const
      return forceTransition(tx, { ...organization, ...forced, validUntil: end(more) })
    }),
  lift: async (organization: Organization, { what }: Step) => {
    const ceilings = await listCeilings(db.app, organization)
    if (ceilings.length === 0) return
    const ceilingId = pick(ceilings, what).ceiling_id
    await db.app.begin((tx) => liftCeiling(tx, { ...organization, ceilingId, reason: 'lift', actor }))
  },
  expire: () => expireDueGrants(db.app, new Date()),
  catalog: (_: Organization, { what, more }: Step) => {
    const { productKey } = tierOf(what).tier
    const product = { key: productKey, name: productKey, features: { seats: more % 20, api: more % 2 === 0 } }
    return applyCatalog(db.app, readCatalogFile({ version: 1, products: [product] }))
  },
  transfer: (organization: Organization, { what }: Step) => db.app`
    update stripe.customers set organization_id = ${organization.organizationId} where stripe_customer_id = ${pick(customers, what)}`,
  'kill a listener': async (_: Organization, { what }: Step) => {
    const pids = await listeners(db.app)
    if (pids.length > 0) await db.app`select pg_terminate_backend(${pick(pids, what)})`
  },
} satisfies Record<string, (organization: Organization, step: Step) => Promise<unknown>>

/** What the database says, asked in other words than the memory asks it, and decided by the pure rule. */
async function truth(): Promise<Record<string, unknown>> {
  const rows = await db.owner<(Holding & { organizationId: string; customers: string[] })[]>`
    select o.organization_id, p.product_key as product, l.ladder_key as ladder, v.quantity,
           v.status = any(array['unpaid', 'paused']) as suspended,
           array(select c.stripe_customer_id from stripe.customers c where c.organization_id = o.organization_id) as customers,
           jsonb_object_agg(f.feature_key, f.value) as features
      from organization.organizations o
      join entitlements.resource_pools r using (organization_id)
      join entitlements.pool_provisions v using (pool_id)
      join billing.products p using (product_id)
      join entitlements.entitlement_sets s using (product_id)
      join entitlements.entitlement_set_features f on f.entitlement_set_id = s.entitlement_set_id
      left join entitlements.pool_provision_ladders a using (provision_id)
      left join billing.plan_ladders l using (plan_ladder_id)
      left join entitlements.grants g using (grant_id)
     where v.ended_at is null and (l.ladder_key is not null or coalesce(g.valid_until, 'infinity') > clock_timestamp())
     group by o.organization_id, v.provision_id, p.product_key, l.ladder_key`
  const owners = await db.owner<{ customer: string; organizationId: string }[]>`
    select stripe_customer_id as customer, organization_id from stripe.customers`
  const named = [
    ...organizations.map(({ organizationId }) => [organizationId, organizationId] as const),
    ...owners.map(({ customer, organizationId }) => [customer, organizationId] as const),
  ]
  return Object.fromEntries(
    named.flatMap(([name, organizationId]) => {
      const held = rows.filter((row) => row.organizationId === organizationId) as (Holding & {
        features: Record<string, FeatureValue>
      })[]
      return features.map((feature) => [`${name} ${feature}`, decideFeature(held, feature)])
    }),
  )
}

test('whatever is done and whoever listens, after a second at most each process answers as the database does', async () => {
  const memories = [createCheckMemory(db.app), createCheckMemory(db.app)]
  const told = async () => {
    const { tenantId } = organizations[0]!
    const names = [
      ...organizations.map(({ organizationId: name }) => ({ tenantId, by: 'organization', name }) as const),
      ...customers.map((name) => ({ tenantId, by: 'customer', name }) as const),
    ]
    return Promise.all(
      memories.map(async (memory) => {
        const answers = names.flatMap((asked) =>
          features.map(async (feature) => {
            const { as_of: _, ...answer } = (await memory.check(asked, feature))!
            return [`${asked.name} ${feature}`, answer] as const
          }),
        )
        return Object.fromEntries(await Promise.all(answers))
      }),
    )
  }
  const done = new Map<string, number>()
  const step = fc.record<Step>({
    verb: fc.constantFrom(...(Object.keys(verbs) as (keyof typeof verbs)[])),
    who: fc.nat(1),
    what: fc.nat(1000),
    more: fc.nat(1000),
  })
  const round = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
    const asking = told()
    for (const one of steps) {
      const outcome = await verbs[one.verb](pick(organizations, one.who), one).then(
        () => 'done',
        (error: unknown) => {
          if (error instanceof Refused) return 'refused'
          throw error
        },
      )
      done.set(`${one.verb} ${outcome}`, (done.get(`${one.verb} ${outcome}`) ?? 0) + 1)
      await told()
    }
    const changed = performance.now()
    await asking
    for (;;) {
      const [answers, before] = [await told(), await truth()]
      const right = answers.every(
        (answer) => JSON.stringify(sorted(answer)) === JSON.stringify(sorted(before)),
      )
      if (right) break
      if (performance.now() - changed > 1_000)
        for (const answer of answers) expect(answer).toEqual(await truth())
      await pause(5)
    }
  })
  try {
    await fc.assert(round, { numRuns: 60, endOnFailure: true })
    for (const verb of Object.keys(verbs)) expect([...done.keys()]).toContain(`${verb} done`)
  } finally {
    await Promise.all(memories.map((memory) => memory.close()))
  }
})

function sorted(answers: Record<string, unknown>): unknown {
  return Object.entries(answers).sort(([a], [b]) => (a < b ? -1 : 1))
}
