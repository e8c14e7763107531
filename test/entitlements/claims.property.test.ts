import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Claim, decide, type Holder } from '../../src/entitlements/claims.ts'

const anyClaim = fc.record({
  kind: fc.constantFrom<Claim['kind']>('subscription', 'grant', 'default'),
  rank: fc.integer({ min: 0, max: 2 }),
  suspended: fc.boolean(),
  givenAt: fc.integer({ min: 0, max: 4 }),
})
const anyClaims = fc.array(anyClaim, { maxLength: 6 }).map((claims) =>
  claims.map(
    (claim, index): Claim => ({
      ...claim,
      id: `c${index}`,
      productId: `p${claim.rank}`,
      suspended: claim.kind === 'subscription' && claim.suspended,
      status: 'active',
    }),
  ),
)
const anyHolder = fc.option(
  fc.record({
    kind: fc.constantFrom<Claim['kind']>('subscription', 'grant', 'default'),
    id: fc.integer({ min: 0, max: 6 }).map((n) => `c${n}`),
    productId: fc.integer({ min: 0, max: 2 }).map((n) => `p${n}`),
  }),
)
const anyCeiling = fc.option(fc.integer({ min: 0, max: 2 }).map((rank) => ({ rank, productId: `p${rank}` })))

test('deciding again after a decision was carried out changes nothing', () => {
  fc.assert(
    fc.property(anyClaims, anyHolder, anyCeiling, (claims, holder, ceiling) => {
      const after = carriedOut(holder, decide(claims, holder, ceiling))
      expect(decide(claims, after, ceiling)).toEqual({ kind: 'keep' })
    }),
    { numRuns: 5_000 },
  )
})

test('the order in which claims are read makes no difference', () => {
  fc.assert(
    fc.property(anyClaims, anyHolder, (claims, holder) => {
      expect(decide([...claims].reverse(), holder)).toEqual(decide(claims, holder))
    }),
  )
})

/** What can happen on one ladder: a subscription is told anew, an operator gives or closes. */
type Happening =
  | { about: string; kind: 'subscription' | 'grant'; rank: number; suspended: boolean }
  | { about: string; kind: 'gone' }

const told = (about: string, rank: number, suspended = false): Happening => ({
  about,
  kind: about.startsWith('s') ? 'subscription' : 'grant',
  rank,
  suspended,
})
const gone = (about: string): Happening => ({ about, kind: 'gone' })

const everything: Happening[] = [
  ...[told('s1', 1), told('s1', 2), told('s1', 2, true), gone('s1')],
  ...[told('s2', 1), told('s2', 2), told('s2', 2, true), gone('s2')],
  ...[told('g1', 1), told('g1', 2), gone('g1')],
  ...[told('g2', 2), gone('g2')],
]

type World = { claims: Map<string, Claim>; holder: Holder | null; clock: number }
const atFirst = (): World => {
  const start: Claim = {
    kind: 'default',
    id: 'd',
    productId: 'p0',
    rank: 0,
    suspended: false,
    status: 'active',
    givenAt: 0,
  }
  return { claims: new Map([['d', start]]), holder: start, clock: 0 }
}

/** As the database keeps it: a grant is given once; a subscription's claim begins anew with its product or its return. */
function happen(world: World, it: Happening): World {
  const claims = new Map(world.claims)
  const clock = world.clock + 1
  const before = claims.get(it.about)
  if (it.kind === 'gone') claims.delete(it.about)
  else if (it.kind === 'subscription' || !before) {
    const { about: id, kind, rank, suspended } = it
    const goesOn = before && before.rank === rank && !(before.suspended && !suspended)
    const givenAt = goesOn ? before.givenAt : clock
    claims.set(id, { kind, id, rank, suspended, productId: `p${rank}`, status: 'active', givenAt })
  }
  let holder = carriedOut(world.holder, decide([...claims.values()], world.holder))
  // Its default was closed when it lost the place, and is given anew when the last claim is gone.
  if (holder?.kind !== 'default') claims.delete('d')
  if (!holder) {
    claims.set('d', atFirst().claims.get('d')!)
    holder = claims.get('d')!
  }
  return { claims, holder, clock }
}

test('every sequence of up to five happenings on two subscriptions and two grants obeys the sentences of the rule', () => {
  let tried = 0
  function walk(world: World, depth: number) {
    for (const it of everything) {
      if (it.kind === 'gone' && !world.claims.has(it.about)) continue
      const after = happen(world, it)
      tried++
      obeys(world, it, after)
      if (depth > 1) walk(after, depth - 1)
    }
  }
  walk(atFirst(), 5)
  expect(tried).toBeGreaterThan(100_000)
})

/** Whether what was just told is a claim that begins now, and not one that goes on. */
function begins(before: World, it: Happening, after: World): boolean {
  return after.claims.get(it.about)?.givenAt === after.clock && before.clock < after.clock
}

/** The rule's sentences, checked one by one and not by the way the decision is made. */
function obeys(before: World, it: Happening, after: World) {
  const claims = [...after.claims.values()]
  const holder = after.claims.get(after.holder!.id)
  if (!holder || holder.productId !== after.holder!.productId) throw wrong('the holder is no live claim', it)
  const others = claims.filter((claim) => claim.kind !== 'default')
  if (others.length > 0 && holder.kind === 'default') throw wrong('a default holds against a claim', it)
  for (const claim of others) {
    if (!claim.suspended && holder.suspended) throw wrong('a suspended subscription shuts out a claim', it)
    if (claim.suspended === holder.suspended && claim.rank > holder.rank)
      throw wrong('a lower claim holds', it)
  }
  const told = after.claims.get(it.about)
  const asGood = told && told.suspended === holder.suspended && told.rank === holder.rank
  if (asGood && begins(before, it, after) && holder.id !== told.id) {
    if (told.kind === 'grant') throw wrong('an operator’s newest grant did not take over', it)
    if (holder.kind === 'grant') throw wrong('a subscription did not take over from a grant', it)
  }
  const former = after.claims.get(before.holder!.id)
  const tie =
    former && former.id !== holder.id && former.suspended === holder.suspended && former.rank === holder.rank
  if (
    tie &&
    former.productId === before.holder!.productId &&
    before.claims.get(former.id)?.suspended === former.suspended
  ) {
    if (holder.id !== it.about) throw wrong('a holder lost a tie to a claim that was not just made', it)
    if (former.kind === 'subscription' && holder.kind === 'subscription')
      throw wrong('a payer lost to a payer', it)
  }
}

function wrong(what: string, it: Happening): Error {
  return new Error(`${what}, after ${JSON.stringify(it)}`)
}

test('two orders of independent happenings end on the same tier, and it is the one that a slow obvious model says', () => {
  const streams: Happening[][][] = [
    [
      [],
      [told('s1', 1)],
      [told('s1', 2)],
      [told('s1', 2), told('s1', 2, true)],
      [told('s1', 2), gone('s1')],
      [told('s1', 2, true), told('s1', 1)],
    ],
    [[], [told('s2', 1)], [told('s2', 2), told('s2', 1)], [told('s2', 1), gone('s2')]],
    [[], [told('g1', 1)], [told('g1', 2)], [told('g1', 2), gone('g1')]],
    [[], [told('g2', 2)], [told('g2', 2), gone('g2')]],
  ]
  for (const chosen of product(streams)) {
    const expected = obvious(chosen)
    const seen = new Set<string>()
    interleave(atFirst(), chosen, (world) => {
      const holder = world.claims.get(world.holder!.id)!
      seen.add(`${holder.rank} ${holder.suspended}`)
    })
    expect([...seen], JSON.stringify(chosen)).toEqual([expected])
  }
})

/** Only what stands last counts: the best of it, else the default. */
function obvious(streams: readonly Happening[][]): string {
  const standing = streams
    .map((stream) => stream.at(-1))
    .filter((it) => it !== undefined && it.kind !== 'gone')
    .map((it) => it as Extract<Happening, { rank: number }>)
  const paying = standing.filter(({ suspended }) => !suspended)
  if (paying.length > 0) return `${Math.max(...paying.map(({ rank }) => rank))} false`
  if (standing.length > 0) return `${Math.max(...standing.map(({ rank }) => rank))} true`
  return '0 false'
}

function interleave(world: World, streams: readonly Happening[][], done: (world: World) => void) {
  if (streams.every((stream) => stream.length === 0)) return done(world)
  for (const [index, [next, ...rest]] of streams.entries()) {
    if (next) interleave(happen(world, next), streams.with(index, rest), done)
  }
}

function* product(streams: Happening[][][]): Generator<Happening[][]> {
  const [first, ...rest] = streams
  if (!first) return yield []
  for (const choice of first) for (const others of product(rest)) yield [choice, ...others]
}

function carriedOut(holder: Holder | null, decision: ReturnType<typeof decide>): Holder | null {
  if (decision.kind === 'keep') return holder
  return decision.kind === 'move' ? decision.to : null
}
