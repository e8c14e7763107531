import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { liftCeiling } from '../../src/entitlements/ceilings.ts'
import { expireDueGrants, expireGrant } from '../../src/entitlements/expire-grants.ts'
import { extendGrant } from '../../src/entitlements/extend-grant.ts'
import { forceTransition } from '../../src/entitlements/force-transition.ts'
import { issueGrant } from '../../src/entitlements/issue-grant.ts'
import { listGrants } from '../../src/entitlements/list-grants.ts'
import { revokeGrant } from '../../src/entitlements/revoke-grant.ts'
import { verifyAudit } from '../../src/entitlements/verify-chain.ts'
import { Refused } from '../../src/errors.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  aLadder,
  anOrgType,
  aSubscription,
  founded,
  type Ladder,
  type Organization,
  place,
  told,
} from './fixture.ts'
import {
  brokenPromises,
  nothing,
  obviousPlace,
  type Standing,
  withGrant,
  withSubscription,
} from './obvious-model.ts'

let db: TestDatabase
let ladder: Ladder
let orgType: string
beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.app)
  orgType = await anOrgType(db.app, ladder)
})
afterAll(async () => {
  expect((await verifyAudit(db.app)).violations).toEqual([])
  await db.close()
})

const actor = { type: 'operator', name: 'Ada' }
const reason = 'They asked'
const later = () => new Date(Date.now() + 3_600_000)
const afterAllEnds = () => new Date(Date.now() + 7_200_000)

type Step =
  | { do: 'tell'; who: 0 | 1; rank: 0 | 1 | 2 | null; status: string }
  | { do: 'issue' | 'at_least' | 'at_most'; rank: number; ends: boolean }
  | { do: 'extend'; which: number | null; ends: boolean }
  | { do: 'revoke' | 'expire'; which: number }
  | { do: 'lift' | 'sweep' }

/** An organization in the database, and what the obvious model says of it. */
type World = {
  org: Organization
  subscriptions: string[]
  standing: Standing
  /** Grants that end by themselves. */
  ends: Set<string>
  ceilingId: string | null
  ceilingEnds: boolean
}

async function world(): Promise<World> {
  const org = await founded(db.app, orgType)
  const subscriptions = [await aSubscription(db.app, org), await aSubscription(db.app, org)]
  return { org, subscriptions, standing: nothing, ends: new Set(), ceilingId: null, ceilingEnds: false }
}

const key = (rank: number) => ladder.tiers[rank]!.productKey

/** Carries one step out by the real verb, foretells what the verb answers, and writes the facts down. */
async function take(world: World, step: Step): Promise<void> {
  const { org, subscriptions, standing, ends } = world
  const grants = [...standing.grants.keys()]
  const before = await place(db.app, org, ladder)
  switch (step.do) {
    case 'tell': {
      const subscription = subscriptions[step.who]!
      const { rank, status } = step
      await told(db.app, org, subscription, ladder, rank, rank === null ? 'canceled' : status)
      const suspended = status === 'unpaid' || status === 'paused'
      world.standing = withSubscription(standing, subscription, rank === null ? null : { rank, suspended })
      return
    }
    case 'issue':
    case 'at_least': {
      const asked = {
        ...org,
        product: key(step.rank),
        reason,
        actor,
        ...(step.ends && { validUntil: later() }),
      }
      const forced = { ...asked, ladder: ladder.ladderKey, mode: 'at_least' } as const
      const given = await db.app
        .begin(async (tx) => (step.do === 'issue' ? issueGrant(tx, asked) : forceTransition(tx, forced)))
        .catch(refusal)
      if (step.do === 'at_least' && step.rank > (standing.ceiling ?? 9))
        return void expect(given).toBe('ceiling_below')
      if (before?.rank === step.rank) return void expect(given).toBe('already_on_tier')
      const { grantId } = given as { grantId: string }
      if (step.ends) ends.add(grantId)
      world.standing = withGrant(standing, grantId, step.rank)
      return
    }
    case 'extend': {
      const of = step.which === null ? null : grants[step.which % Math.max(1, grants.length)]
      if (of === undefined) return
      const asked = {
        ...org,
        reason,
        actor,
        ...(of && { grantId: of }),
        ...(step.ends && { validUntil: later() }),
      }
      const { grantId, extendsGrantId } = await db.app.begin((tx) => extendGrant(tx, asked))
      const prior = of ?? before!.holder
      const rank = standing.grants.get(prior) ?? before!.rank
      expect(extendsGrantId).toBe(subscriptions.includes(prior) ? null : prior)
      if (step.ends) ends.add(grantId)
      world.standing = withGrant(withGrant(standing, prior, null), grantId, rank)
      return
    }
    case 'revoke': {
      const grantId = grants[step.which % Math.max(1, grants.length)]
      if (!grantId) return
      await db.app.begin((tx) => revokeGrant(tx, { ...org, grantId, reason, actor }))
      world.standing = withGrant(standing, grantId, null)
      return
    }
    case 'expire': {
      // Of any grant there ever was: the old job of one that was extended, too (R48).
      const known = [...new Set([...grants, ...ends])]
      const grantId = known[step.which % Math.max(1, known.length)]
      if (!grantId) return
      const { kind } = await expireGrant(db.app, grantId, afterAllEnds())
      expect(kind).toBe(!standing.grants.has(grantId) ? 'already' : ends.has(grantId) ? 'expired' : 'not_due')
      if (kind === 'expired') world.standing = withGrant(standing, grantId, null)
      return
    }
    case 'at_most': {
      const asked = {
        ...org,
        ladder: ladder.ladderKey,
        product: key(step.rank),
        mode: 'at_most',
        reason,
        actor,
      } as const
      const set = await db.app.begin((tx) =>
        forceTransition(tx, { ...asked, ...(step.ends && { validUntil: later() }) }),
      )
      if (set.mode !== 'at_most') throw new Error('at most was asked')
      expect(set.replacedCeilingId).toBe(world.ceilingId)
      world.ceilingEnds = step.ends
      world.ceilingId = set.ceilingId
      world.standing = { ...standing, ceiling: step.rank }
      return
    }
    case 'lift': {
      const { ceilingId } = world
      if (!ceilingId) return
      await db.app.begin((tx) => liftCeiling(tx, { ...org, ceilingId, reason, actor }))
      Object.assign(world, { ceilingId: null, standing: { ...standing, ceiling: null } })
      return
    }
    case 'sweep': {
      expect((await expireDueGrants(db.app, afterAllEnds())).failed).toEqual([])
      for (const id of grants) if (ends.has(id)) world.standing = withGrant(world.standing, id, null)
      if (world.ceilingId && world.ceilingEnds) {
        Object.assign(world, { ceilingId: null, standing: { ...world.standing, ceiling: null } })
      }
    }
  }
}

function refusal(error: unknown): string {
  if (error instanceof Refused) return error.code
  throw error
}

async function check({ org, standing, subscriptions }: World): Promise<void> {
  const stands = (await place(db.app, org, ladder))!
  expect(brokenPromises(standing, stands.rank)).toEqual([])
  const { rank, suspended } = obviousPlace(standing)
  expect({ rank: stands.rank, suspended: ['unpaid', 'paused'].includes(stands.status) }).toEqual({
    rank,
    suspended,
  })
  const known = [...standing.grants.keys(), ...standing.subscriptions.keys()]
  if (known.length > 0) expect(known).toContain(stands.holder)
  else expect(subscriptions).not.toContain(stands.holder)
  const live = (await listGrants(db.app, org)).filter((it) => it.grant_reason !== 'default')
  expect(live.map((it) => it.grant_id).sort()).toEqual([...standing.grants.keys()].sort())
}

const anyRank = fc.constantFrom(0, 1, 2)
const which = fc.nat({ max: 5 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('tell' as const),
      who: fc.constantFrom(0 as const, 1 as const),
      rank: fc.constantFrom<0 | 1 | 2 | null>(0, 1, 2, 1, 2, null),
      status: fc.constantFrom('active', 'active', 'trialing', 'past_due', 'unpaid', 'paused'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('issue' as const, 'issue' as const, 'at_least' as const, 'at_most' as const),
      rank: anyRank,
      ends: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('extend' as const), which: fc.option(which), ends: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('revoke' as const, 'expire' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lift' as const, 'sweep' as const) }) },
)

test('R31 R43 R45 R46 R47 R48 payers, operators and time in any order: the database stands where the obvious model says, after every step', async () => {
  let steps = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 12 }), async (sequence) => {
      const one = await world()
      for (const step of sequence) {
        await take(one, step)
        await check(one)
        steps++
      }
    }),
    { numRuns: 300 },
  )
  expect(steps).toBeGreaterThan(1_500)
})

test('two orders of independent steps end on the same tier', async () => {
  const streams: Step[][] = [
    [
      { do: 'tell', who: 0, rank: 1, status: 'active' },
      { do: 'tell', who: 0, rank: 2, status: 'unpaid' },
    ],
    [
      { do: 'tell', who: 1, rank: 2, status: 'active' },
      { do: 'tell', who: 1, rank: null, status: 'active' },
    ],
    [
      { do: 'at_most', rank: 0, ends: false },
      { do: 'at_most', rank: 1, ends: true },
    ],
    [{ do: 'issue', rank: 1, ends: true }],
  ]
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([0, 0, 1, 1, 2, 2, 3], { minLength: 7 }), async (order) => {
      const one = await world()
      const left = streams.map((stream) => [...stream])
      for (const index of order) await take(one, left[index]!.shift()!)
      // Where the grant was refused, the organization stood on its tier: another order of what the operator saw, not of what happened.
      if (one.standing.grants.size > 0)
        expect(await place(db.app, one.org, ladder)).toMatchObject({ rank: 1, status: 'active' })
    }),
    { numRuns: 60 },
  )
})
