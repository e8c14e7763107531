import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placeTiers } from '../../src/billing/place-tiers.ts'

const products = ['a', 'b', 'c', 'd', 'e', 'f']
const heldTiers = fc
  .tuple(
    fc.subarray(products),
    fc.uniqueArray(fc.integer({ min: -3, max: 8 }), { minLength: 6, maxLength: 6 }),
  )
  .map(([held, ranks]) => held.map((product, n) => ({ product, rank: ranks[n]! })))
const listedTiers = fc
  .shuffledSubarray(products)
  .map((listed) => listed.map((product, rank) => ({ product, rank })))

test('R4: whatever a file lists, ranks stay unique, listed tiers get what they ask for, nothing is removed, and no other order changes', () => {
  let placed = 0
  fc.assert(
    fc.property(heldTiers, listedTiers, (held, listed) => {
      const { tiers, problems } = placeTiers(held, listed)
      if (problems.length > 0) return
      placed += 1
      const rank = new Map(tiers.map((tier) => [tier.product, tier.rank]))
      expect(new Set(tiers.map((tier) => tier.rank)).size).toBe(tiers.length)
      expect(tiers).toHaveLength(new Set([...held, ...listed].map(({ product }) => product)).size)
      for (const tier of listed) expect(rank.get(tier.product)).toBe(tier.rank)
      const isListed = new Set(listed.map(({ product }) => product))
      for (const one of held)
        for (const other of held)
          if (one.rank < other.rank && !(isListed.has(one.product) && isListed.has(other.product)))
            expect(rank.get(one.product)!).toBeLessThan(rank.get(other.product)!)
      // Applied again, it changes nothing.
      expect(placeTiers(tiers, listed)).toEqual({ tiers, problems: [] })
    }),
    { numRuns: 5000 },
  )
  expect(placed).toBeGreaterThan(1000)
})

test('a tier that lay below all listed ones steps down under them, and the file’s first is rank 0', () => {
  const { tiers } = placeTiers(
    [
      { product: 'public-tier', rank: 0 },
      { product: 'pro', rank: 1 },
    ],
    [
      { product: 'free', rank: 0 },
      { product: 'pro', rank: 1 },
    ],
  )
  expect(tiers).toEqual([
    { product: 'public-tier', rank: -1 },
    { product: 'free', rank: 0 },
    { product: 'pro', rank: 1 },
  ])
})

test('a tier between others that the file leaves out has no place to guess: it is asked for by name', () => {
  const held = ['free', 'basic', 'pro'].map((product, rank) => ({ product, rank }))
  const listed = ['free', 'pro'].map((product, rank) => ({ product, rank }))
  expect(placeTiers(held, listed).problems).toEqual([
    'basic stands on this ladder at rank 1 and is not in the list, where pro takes that rank; list it where it belongs',
  ])
})

test('a tier above the listed ones keeps its rank while nobody asks for it', () => {
  const held = ['free', 'basic', 'pro'].map((product, rank) => ({ product, rank }))
  expect(placeTiers(held, held.slice(0, 2))).toEqual({ tiers: held, problems: [] })
})
