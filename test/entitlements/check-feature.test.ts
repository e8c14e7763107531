import { describe, expect, test } from 'vitest'
import {
  decideFeature,
  decideFeatures,
  type FeatureAnswer,
  type FeatureValue,
  type Holding,
} from '../../src/entitlements/check-feature.ts'

function tier(product: string, features: Record<string, FeatureValue>, more: Partial<Holding> = {}): Holding {
  return { product, ladder: 'core', quantity: 1, suspended: false, features, ...more }
}

function addon(
  product: string,
  quantity: number,
  features: Record<string, FeatureValue>,
  more: Partial<Holding> = {},
): Holding {
  return { product, ladder: null, quantity, suspended: false, features, ...more }
}

describe('what is held decides', () => {
  const pro = tier('pro', { api: true, seats: 10, sso: false, projects: 'unlimited', support: 'email' })
  const gold = tier('gold', { seats: 25, support: 'phone' }, { ladder: 'support' })

  test('a feature of the tier is allowed because of the tier, and a plain one has no limit', () => {
    expect(decideFeature([pro], 'api')).toEqual({ allowed: true, limit: null, because: 'tier:pro' })
  })

  test('what no tier names, or one names as false or as nought, is not included', () => {
    const none = { allowed: false, limit: null, because: 'not_included' }
    expect(decideFeature([pro], 'teleport')).toEqual(none)
    expect(decideFeature([pro], 'sso')).toEqual(none)
    expect(decideFeature([], 'api')).toEqual(none)
    expect(decideFeature([tier('free', { seats: 0 })], 'seats')).toEqual({ ...none, limit: 0 })
  })

  test('a limit is the highest of the ladders’ plus each add-on times its quantity', () => {
    const seats = addon('extra-seats', 3, { seats: 5 })
    expect(decideFeature([pro, gold], 'seats')).toEqual({ allowed: true, limit: 25, because: 'tier:gold' })
    expect(decideFeature([pro, seats], 'seats')).toEqual({ allowed: true, limit: 25, because: 'tier:pro' })
    expect(decideFeature([seats, pro, gold, seats], 'seats')).toMatchObject({ limit: 55 })
    expect(decideFeature([seats], 'seats')).toEqual({
      allowed: true,
      limit: 15,
      because: 'addon:extra-seats',
    })
    expect(decideFeature([tier('free', { seats: 0 }), seats], 'seats').because).toBe('addon:extra-seats')
  })

  test('a product on two ladders gives its limit once', () => {
    const features = { seats: 10 }
    const both = [tier('both', features), tier('both', features, { ladder: 'support' })]
    expect(decideFeature(both, 'seats')).toEqual({ allowed: true, limit: 10, because: 'tier:both' })
  })

  test('unlimited is a value, and nothing is above it', () => {
    const more = addon('extra-projects', 2, { projects: 5 })
    expect(decideFeature([pro, more], 'projects')).toEqual({
      allowed: true,
      limit: 'unlimited',
      because: 'tier:pro',
    })
    const all = addon('all-you-can-eat', 1, { seats: 'unlimited' })
    expect(decideFeature([pro, all], 'seats')).toEqual({
      allowed: true,
      limit: 'unlimited',
      because: 'addon:all-you-can-eat',
    })
  })

  test('a level is passed on as the catalog writes it', () => {
    expect(decideFeature([gold, pro], 'support')).toEqual({
      allowed: true,
      limit: 'email',
      because: 'tier:pro',
    })
  })

  test('a suspended tier gives nothing and says so; what else is held stands by itself', () => {
    const unpaid = { ...pro, suspended: true }
    expect(decideFeature([unpaid], 'api')).toEqual({ allowed: false, limit: null, because: 'suspended' })
    expect(decideFeature([unpaid], 'teleport').because).toBe('not_included')
    expect(decideFeature([unpaid], 'sso').because).toBe('not_included')
    expect(decideFeature([unpaid, gold], 'seats')).toEqual({ allowed: true, limit: 25, because: 'tier:gold' })
    expect(decideFeature([unpaid, tier('free', { api: false })], 'api').because).toBe('suspended')
    const seats = addon('extra-seats', 1, { seats: 5 }, { suspended: true })
    expect(decideFeature([unpaid, seats], 'seats')).toMatchObject({ allowed: false, because: 'suspended' })
  })

  test('a feature that is called like something every object has is no feature', () => {
    for (const name of ['constructor', 'toString', '__proto__'])
      expect(decideFeature([pro], name).because).toBe('not_included')
    expect(decideFeature([tier('odd', { constructor: true })], 'constructor').allowed).toBe(true)
    expect([...decideFeatures([pro, gold]).keys()].sort()).toEqual([
      'api',
      'projects',
      'seats',
      'sso',
      'support',
    ])
  })
})

/** The same, said slowly: over the values that count, from the one that gives most down. */
function slowly(holdings: readonly Holding[]): Omit<FeatureAnswer, 'because'> & { kind: string } {
  const over = (list: readonly Holding[]) => {
    const values = list.map(({ features }) => features.f).filter((value) => value !== undefined)
    if (values.includes('unlimited')) return { allowed: true, limit: 'unlimited' }
    const levels = list.filter(({ features }) => features.f === 'gold' || features.f === 'silver')
    if (levels.length > 0) {
      const [a, b, none] = ['a', 'b', null].map((ladder) => levels.find((level) => level.ladder === ladder))
      return { allowed: true, limit: (a ?? b ?? none)!.features.f as string }
    }
    if (values.includes(true)) return { allowed: true, limit: null }
    const numbers = list.filter(({ features }) => typeof features.f === 'number')
    if (numbers.length === 0) return { allowed: false, limit: null }
    let highest = 0
    let added = 0
    for (const { ladder, quantity, features } of numbers) {
      if (ladder) highest = Math.max(highest, features.f as number)
      else for (let one = 0; one < quantity; one++) added += features.f as number
    }
    return { allowed: highest + added > 0, limit: highest + added }
  }
  const live = over(holdings.filter(({ suspended }) => !suspended))
  if (live.allowed) return { ...live, kind: 'given' }
  const owed = over(holdings.filter(({ suspended }) => suspended)).allowed
  return { ...live, kind: owed ? 'suspended' : 'not_included' }
}

test('every mix of up to three things held is answered as the slow, obvious rule answers, in any order', () => {
  const values: (FeatureValue | undefined)[] = [
    undefined,
    false,
    true,
    0,
    2,
    5,
    'unlimited',
    'gold',
    'silver',
  ]
  const one = values.flatMap((value, n) =>
    [true, false].flatMap((suspended) => {
      const features: Record<string, FeatureValue> = value === undefined ? { g: true } : { f: value }
      // No two levels of one ladder: there is one place on it.
      return [
        { product: `a${n}`, ladder: 'a', quantity: 1, suspended, features },
        { product: `b${n}`, ladder: 'b', quantity: 1, suspended, features },
        { product: `x${n}`, ladder: null, quantity: 1, suspended, features },
        { product: `y${n}`, ladder: null, quantity: 3, suspended, features },
      ]
    }),
  )
  const sameLevel = (list: Holding[]) =>
    new Set(
      list.filter(({ features }) => /gold|silver/.test(String(features.f))).map((it) => String(it.ladder)),
    ).size < list.filter(({ features }) => /gold|silver/.test(String(features.f))).length
  let looked = 0
  const look = (list: Holding[]) => {
    if (sameLevel(list)) return
    looked += 1
    const { because, ...told } = decideFeature(list, 'f')
    const { kind, ...expected } = slowly(list)
    const source = list.find(
      (it) => !it.suspended && because === `${it.ladder ? 'tier' : 'addon'}:${it.product}`,
    )
    if (
      told.allowed !== expected.allowed ||
      told.limit !== expected.limit ||
      (kind === 'given' ? !source?.features.f : because !== kind)
    )
      expect({ list, told, because }).toEqual({ list, told: expected, because: kind })
    const turned = decideFeature([...list].reverse(), 'f')
    if (turned.because !== because || turned.limit !== told.limit)
      expect(turned).toEqual({ ...told, because })
  }
  one.forEach((a, i) => {
    look([a])
    one.slice(i).forEach((b, j) => {
      look([a, b])
      for (const c of one.slice(i + j)) look([a, b, c])
    })
  })
  expect(looked).toBeGreaterThan(50_000)
})
