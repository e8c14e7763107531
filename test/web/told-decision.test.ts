import { expect, test } from 'vitest'
import { toldForced, toldGrant, toldMoves } from '../../src/web/told-decision.ts'

const names = {
  productNames: { pro: 'Pro', standard: 'Standard' },
  ladderNames: { core: 'Core', support: 'Support' },
}
const place = { rank: 2, holder: { kind: 'grant' as const, id: 'g' }, because: 'the best live claim' }

test('who gives a grant is told on each ladder whether it has the place or waits, and why', () => {
  const grant = {
    product: 'pro',
    grantReason: 'trial' as const,
    validUntil: new Date('2027-01-31T10:00:00Z'),
    places: [
      { ...place, ladder: 'core', outcome: 'holds' as const, product: 'pro' },
      {
        ...place,
        ladder: 'support',
        outcome: 'held' as const,
        product: 'standard',
        because: 'Gold is paid for',
      },
    ],
  }
  expect(toldGrant(grant, names)).toBe(
    'Pro was given until 2027-01-31 10:00 UTC. It has the place on Core. On Support it is held and waits: Gold is paid for.',
  )
  const lowered = [
    {
      ...place,
      ladder: 'core',
      outcome: 'holds' as const,
      product: 'standard',
      because: 'a ceiling lowers it to Standard',
    },
  ]
  expect(toldGrant({ ...grant, grantReason: 'extension', validUntil: null, places: lowered }, names)).toBe(
    'Pro was extended without an end. On Core a ceiling lowers it to Standard.',
  )
})

test('who sets a ceiling is told what moved, what it replaced, and who pays for more', () => {
  const forced = {
    mode: 'at_most' as const,
    ceilingId: 'c',
    replacedCeilingId: 'b',
    organizationId: 'o',
    poolId: 'p',
    product: 'standard',
    validUntil: null,
    moves: [],
    paidAbove: [
      {
        ceilingId: 'c',
        organizationId: 'o',
        ladder: 'core',
        pays: 'pro',
        stands: 'standard',
        subscription: 'sub_1',
      },
    ],
    expiry: null,
  }
  expect(toldForced(forced, 'core', names)).toBe(
    'Core is Standard at most, without an end. The ceiling before it is gone. No tier moved. Paid for and above it: sub_1 (Pro).',
  )
})

test('moves are told by their ranks', () => {
  const move = (type: 'downgrade' | 'end' | 'initiate', fromRank: number | null, toRank: number | null) =>
    toldMoves([{ type, fromRank, toRank }])
  expect(move('downgrade', 2, 1)).toBe(' The place went from rank 2 to 1 (downgrade).')
  expect(move('end', 2, null)).toBe(' The place was left (end).')
  expect(move('initiate', null, 0)).toBe(' The place is rank 0 now (initiate).')
})
