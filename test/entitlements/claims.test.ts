import { describe, expect, test } from 'vitest'
import { type Claim, decide } from '../../src/entitlements/claims.ts'

const base = { status: 'active', suspended: false, givenAt: 10 }
const sub = (id: string, rank: number, more: Partial<Claim> = {}): Claim => ({
  ...base,
  kind: 'subscription',
  id,
  rank,
  productId: `p${rank}`,
  ...more,
})
const grant = (id: string, rank: number, more: Partial<Claim> = {}): Claim => ({
  ...sub(id, rank),
  kind: 'grant',
  ...more,
})
const byDefault: Claim = { ...sub('d', 0), kind: 'default' }
const unpaid = { suspended: true, status: 'unpaid' }

describe('the place belongs to the best live claim', () => {
  test('the higher rank wins, whoever claims it', () => {
    expect(decide([sub('s', 1), grant('g', 2)], sub('s', 1))).toEqual({ kind: 'move', to: grant('g', 2) })
    expect(decide([sub('s', 2), grant('g', 1)], grant('g', 1))).toEqual({ kind: 'move', to: sub('s', 2) })
  })

  test('a suspended subscription never shuts out one that pays, and keeps its tier while nobody else claims', () => {
    const late = sub('late', 2, unpaid)
    expect(decide([late, sub('paid', 1)], late)).toEqual({ kind: 'move', to: sub('paid', 1) })
    expect(decide([late], late)).toEqual({ kind: 'keep' })
    expect(decide([late, byDefault], late)).toEqual({ kind: 'keep' })
  })

  test('a default counts only when no other claim lives', () => {
    expect(decide([byDefault], byDefault)).toEqual({ kind: 'keep' })
    expect(decide([byDefault, sub('s', 0)], byDefault)).toEqual({ kind: 'move', to: sub('s', 0) })
  })

  test('the last claim gone, the place is left; a place that nobody holds cannot be left', () => {
    expect(decide([], sub('s', 1))).toEqual({ kind: 'leave' })
    expect(decide([], null)).toEqual({ kind: 'keep' })
  })

  test('a subscription that moves to another price moves with it, up and down', () => {
    expect(decide([sub('s', 2)], sub('s', 1))).toEqual({ kind: 'move', to: sub('s', 2) })
    expect(decide([sub('s', 1)], sub('s', 2))).toEqual({ kind: 'move', to: sub('s', 1) })
  })
})

describe('at a tie', () => {
  const s1 = sub('s1', 1, { givenAt: 10 })
  const s2 = sub('s2', 1, { givenAt: 20 })

  test('the present holder stays', () => {
    expect(decide([s1, s2], s1)).toEqual({ kind: 'keep' })
    expect(decide([s1, s2], s2)).toEqual({ kind: 'keep' })
  })

  test('D19 a subscription takes over from a grant, and the grant does not take the place back', () => {
    const trial = grant('g', 1, { givenAt: 15 })
    expect(decide([trial, s2], trial)).toEqual({ kind: 'move', to: s2 })
    expect(decide([trial, s2], s2)).toEqual({ kind: 'keep' })
  })

  test('an operator’s newest grant takes over, from subscriptions and older grants, and keeps the place', () => {
    const older = grant('g1', 1, { givenAt: 30 })
    const newer = grant('g2', 1, { givenAt: 40 })
    expect(decide([s1, s2, older, newer], s1)).toEqual({ kind: 'move', to: newer })
    expect(decide([s1, s2, older, newer], older)).toEqual({ kind: 'move', to: newer })
    expect(decide([s1, s2, older, newer], newer)).toEqual({ kind: 'keep' })
  })

  test('an older grant does not take over from the subscription that took over from it', () => {
    expect(decide([s2, grant('g', 1, { givenAt: 15 })], s2)).toEqual({ kind: 'keep' })
  })
})

describe('a ceiling', () => {
  const ceiling = { rank: 1, productId: 'p1' }

  test('lowers a payer’s place to its tier, and leaves what is below it alone', () => {
    const payer = sub('s', 3)
    expect(decide([payer], payer, ceiling)).toEqual({
      kind: 'move',
      to: { ...payer, rank: 1, productId: 'p1' },
    })
    expect(decide([payer], { ...payer, productId: 'p1' }, ceiling)).toEqual({ kind: 'keep' })
    expect(decide([sub('s', 0)], sub('s', 0), ceiling)).toEqual({ kind: 'keep' })
  })
})
