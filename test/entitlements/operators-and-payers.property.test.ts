import { expect, test } from 'vitest'
import { bestClaim, type Claim, decide, type Holder } from '../../src/entitlements/claims.ts'
import {
  brokenPromises,
  nothing,
  obviousPlace,
  type Standing,
  withGrant,
  withSubscription,
} from './obvious-model.ts'

/**
 * What operators, payers and time do to one ladder, each as one step: two subscriptions, two grants, an extension, a force of both
 * kinds, a default that is always there, and the end of each.
 */
type Step =
  | { do: 'tell'; who: string; rank: number; suspended: boolean }
  | { do: 'give'; who: string; rank: number }
  /** Extends whatever holds the place. */
  | { do: 'extend'; who: string }
  /** A subscription is canceled, a grant is revoked or runs out. */
  | { do: 'end'; who: string }
  | { do: 'at_most'; rank: number | null }

type World = { standing: Standing; claims: readonly Claim[]; holder: Holder; clock: number }

const byDefault: Claim = {
  kind: 'default',
  id: 'default',
  productId: 'p0',
  rank: 0,
  suspended: false,
  status: 'active',
  givenAt: 0,
}
const atFirst: World = { standing: nothing, claims: [], holder: byDefault, clock: 0 }

/** The step carried out as the database does it; null where it cannot be taken. */
function take(world: World, step: Step): World | null {
  const clock = world.clock + 1
  const { standing, holder } = world
  let { claims } = world
  let next: Standing
  const without = (id: string) => claims.filter((claim) => claim.id !== id)
  const known = 'who' in step ? claims.find(({ id }) => id === step.who) : undefined
  const claim = (kind: 'subscription' | 'grant', id: string, rank: number, suspended = false): Claim => ({
    ...{ kind, id, rank, suspended, productId: `p${rank}` },
    status: suspended ? 'unpaid' : 'active',
    givenAt: clock,
  })
  if (step.do === 'tell') {
    const { who, rank, suspended } = step
    const goesOn = known && known.rank === rank && !(known.suspended && !suspended)
    const told = claim('subscription', who, rank, suspended)
    claims = [...without(who), { ...told, givenAt: goesOn ? known.givenAt : clock }]
    next = withSubscription(standing, who, { rank, suspended })
  } else if (step.do === 'give') {
    // D20: on the present tier it is refused.
    if (known || holder.productId === `p${step.rank}`) return null
    claims = [...claims, claim('grant', step.who, step.rank)]
    next = withGrant(standing, step.who, step.rank)
  } else if (step.do === 'extend') {
    if (known) return null
    const prior = claims.find(({ id, kind }) => kind === 'grant' && id === holder.id)
    const rank = prior?.rank ?? Number(holder.productId.slice(1))
    claims = [...(prior ? without(prior.id) : claims), claim('grant', step.who, rank)]
    next = withGrant(prior ? withGrant(standing, prior.id, null) : standing, step.who, rank)
  } else if (step.do === 'end') {
    if (!known) return null
    claims = without(step.who)
    next =
      known.kind === 'grant'
        ? withGrant(standing, step.who, null)
        : withSubscription(standing, step.who, null)
  } else {
    if (step.rank === standing.ceiling) return null
    next = { ...standing, ceiling: step.rank }
  }
  return { standing: next, claims, holder: settled(claims, holder, next), clock }
}

const ceilingOf = ({ ceiling }: Standing) =>
  ceiling === null ? null : { rank: ceiling, productId: `p${ceiling}` }

function settled(claims: readonly Claim[], holder: Holder, standing: Standing): Holder {
  // A default that was replaced is closed; after the last claim has left, it is given anew.
  const all = holder.kind === 'default' ? [...claims, byDefault] : claims
  const decision = decide(all, holder, ceilingOf(standing))
  if (decision.kind === 'keep') return holder
  return decision.kind === 'move' ? decision.to : byDefault
}

const tell = (who: string, rank: number, suspended = false): Step => ({ do: 'tell', who, rank, suspended })
const end = (who: string): Step => ({ do: 'end', who })
const everything: Step[] = [
  ...[tell('s1', 1), tell('s1', 2), tell('s1', 2, true), end('s1')],
  ...[tell('s2', 1), tell('s2', 2), end('s2')],
  ...[{ do: 'give', who: 'g1', rank: 1 } as const, end('g1')],
  ...[{ do: 'give', who: 'forced', rank: 2 } as const, end('forced')],
  ...[{ do: 'extend', who: 'extension' } as const, end('extension')],
  ...[0, 1, null].map((rank): Step => ({ do: 'at_most', rank })),
]

test('R45 R46 R47 every sequence of up to five steps keeps every promise and ends on the tier that the slow, obvious model says', () => {
  let tried = 0
  const walk = (world: World, taken: readonly Step[], depth: number): void => {
    for (const step of everything) {
      const after = take(world, step)
      if (!after) continue
      tried++
      const wrong = faults(world, step, after)
      if (wrong.length > 0) throw new Error(`${wrong.join('; ')} after ${JSON.stringify([...taken, step])}`)
      if (depth > 1) walk(after, [...taken, step], depth - 1)
    }
  }
  walk(atFirst, [], 5)
  expect(tried).toBeGreaterThan(100_000)
})

function faults(before: World, step: Step, after: World): string[] {
  const { standing, claims, holder } = after
  const rank = Number(holder.productId.slice(1))
  const wrong = brokenPromises(standing, rank)
  const claim = holder.kind === 'default' ? byDefault : claims.find(({ id }) => id === holder.id)
  if (!claim) return [...wrong, 'the place is held by nothing that claims it']
  const expected = obviousPlace(standing)
  if (rank !== expected.rank || claim.suspended !== expected.suspended)
    wrong.push(`stands on ${rank}, and ${JSON.stringify(expected)} is obvious`)
  if (holder.kind === 'default' && claims.length > 0) wrong.push('a default holds against a claim')
  if (settled(claims, holder, standing) !== holder) wrong.push('deciding again moves')
  if (step.do === 'tell' && before.standing.grants !== standing.grants)
    wrong.push('a webhook changed what an operator gave')
  if ((step.do === 'give' || step.do === 'extend') && as(after, step.who, rank) && holder.id !== step.who)
    wrong.push('an operator’s newest grant did not take over at a tie')
  const former = claims.find(({ id }) => id === before.holder.id)
  const stayed =
    former && former.kind === 'subscription' && as(before, former.id, rank) && as(after, former.id, rank)
  if (stayed && holder.kind === 'subscription' && holder.id !== former.id)
    wrong.push('a payer lost to a payer at a tie')
  return wrong
}

/** Whether a claim is as good as standing on this rank, unsuspended, under the ceiling of that world. */
function as({ claims, standing }: World, who: string, rank: number): boolean {
  const claim = claims.find(({ id }) => id === who)
  const lowered = claim && Math.min(claim.rank, standing.ceiling ?? 9)
  return claim !== undefined && !claim.suspended && lowered === rank
}

test('two orders of independent steps end on the same tier, ceilings among them', () => {
  const streams: Step[][][] = [
    [
      [tell('s1', 2)],
      [tell('s1', 2), tell('s1', 2, true)],
      [tell('s1', 1), tell('s1', 2)],
      [tell('s1', 2), end('s1')],
    ],
    [[], [tell('s2', 1)], [tell('s2', 2), end('s2')]],
    [[], [give('g1', 1)], [give('g1', 2), end('g1')], [give('g1', 1), give('e1', 1, 'g1')]],
    [
      [],
      [{ do: 'at_most', rank: 1 }],
      [
        { do: 'at_most', rank: 0 },
        { do: 'at_most', rank: null },
      ],
    ],
  ]
  let orders = 0
  for (const chosen of product(streams)) {
    const ends = new Set<string>()
    interleave(atFirst, chosen, (world) => {
      orders++
      const { holder, standing, claims } = world
      const best = bestClaim(claims.length > 0 ? claims : [byDefault], holder, ceilingOf(standing))!
      ends.add(JSON.stringify({ rank: Number(holder.productId.slice(1)), suspended: best.suspended }))
    })
    const final = chosen.reduce((standing, steps) => steps.reduce(told, standing), nothing)
    expect([...ends], JSON.stringify(chosen)).toEqual([JSON.stringify(obviousPlace(final))])
  }
  expect(orders).toBeGreaterThan(1_000)
})

/** An operator's grant without the refusal of the present tier, which depends on what the operator sees; or the extension of one. */
type Given = { do: 'give'; who: string; rank: number; extending?: string }
function give(who: string, rank: number, extending?: string): Step {
  return { do: 'give', who, rank, ...(extending && { extending }) } as Step
}

function told(standing: Standing, step: Step): Standing {
  if (step.do === 'tell') return withSubscription(standing, step.who, step)
  if (step.do === 'at_most') return { ...standing, ceiling: step.rank }
  if (step.do === 'end') return withGrant(withSubscription(standing, step.who, null), step.who, null)
  const { who, rank, extending } = step as Given
  const rest = extending ? withGrant(standing, extending, null) : standing
  return withGrant(rest, who, rank)
}

function interleave(world: World, streams: readonly Step[][], done: (world: World) => void) {
  if (streams.every((stream) => stream.length === 0)) return done(world)
  for (const [index, [next, ...rest]] of streams.entries()) {
    if (next) interleave(takeFreely(world, next), streams.with(index, rest), done)
  }
}

function takeFreely(world: World, step: Step): World {
  if (step.do !== 'give') return take(world, step) ?? world
  const { who, rank, extending } = step as Given
  const clock = world.clock + 1
  const given: Claim = { ...byDefault, kind: 'grant', id: who, rank, productId: `p${rank}`, givenAt: clock }
  const claims = [...world.claims.filter(({ id }) => id !== extending), given]
  const standing = told(world.standing, step)
  return { standing, claims, holder: settled(claims, world.holder, standing), clock }
}

function* product(streams: Step[][][]): Generator<Step[][]> {
  const [first, ...rest] = streams
  if (!first) return yield []
  for (const choice of first) for (const others of product(rest)) yield [choice, ...others]
}
