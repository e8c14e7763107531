import { expect, test } from 'vitest'
import type { Explained } from '../../src/stripe/enrollment/explain.ts'
import { memberStanding } from '../../src/web/member-standing.ts'

type Told = Parameters<typeof memberStanding>[0]

const names = { productNames: { pro: 'Pro', standard: 'Standard' }, ladderNames: { core: 'Core' } }

function told(more: {
  status?: string
  next?: Partial<Explained['next'][number]>[]
  subscription?: Partial<Explained['subscriptions'][number]>
}): Told {
  const place = {
    ladder: 'core',
    product: 'pro',
    rank: 2,
    status: more.status ?? 'active',
    holder: { kind: 'subscription', id: 'sub_1' },
  }
  return {
    name: 'Acme',
    ladders: [place, { ...place, ladder: 'left', product: null }],
    subscriptions: [
      {
        id: 'sub_1',
        status: 'active',
        trial_end: null,
        period_end: '2030-02-01T00:00:00Z',
        ...more.subscription,
      },
    ],
    next: more.next ?? [],
  } as unknown as Told
}

const placeOf = (...args: Parameters<typeof told>) => memberStanding(told(...args), [], names).places

test('a tier that is paid for renews at its period’s end; a ladder that was left is not shown', () => {
  expect(placeOf({})).toEqual([
    {
      ladder: 'Core',
      tier: 'Pro',
      trouble: null,
      until: { at: new Date('2030-02-01'), what: 'renewal' },
      after: null,
    },
  ])
})

test('a trial says when it ends', () => {
  const subscription = { status: 'trialing', trial_end: '2030-01-05T00:00:00Z' }
  expect(placeOf({ subscription })[0]!.until).toEqual({ at: new Date('2030-01-05'), what: 'trial_end' })
})

test('what is known to move the place says when, and to which tier: another, the same, or none', () => {
  const at = '2030-01-10T00:00:00Z'
  const afterMove = (product: string | null) =>
    placeOf({ next: [{ at, moves_to: [{ ladder: 'core', product, rank: 0, by: null }] }] })[0]!
  expect(afterMove('standard')).toMatchObject({ until: { at: new Date(at), what: 'end' }, after: 'Standard' })
  expect(afterMove('pro').after).toBeNull()
  expect(afterMove(null).after).toBe('')
})

test('what moves at a time that nobody knows, or on another ladder, is not said of this one', () => {
  const next = [
    { at: null, moves_to: [{ ladder: 'core', product: 'standard', rank: 1, by: null }] },
    { at: '2029-01-01T00:00:00Z', moves_to: [{ ladder: 'support', product: 'standard', rank: 1, by: null }] },
  ]
  expect(placeOf({ next })[0]).toMatchObject({ until: { what: 'renewal' }, after: null })
})

test('a late payment is said, and one that suspends is said otherwise', () => {
  const troubleOf = (status: string) => placeOf({ status })[0]!.trouble
  expect(['active', 'trialing', 'past_due', 'unpaid', 'paused'].map(troubleOf)).toEqual([
    null,
    null,
    'due',
    'suspended',
    'suspended',
  ])
})

test('what all of it includes is decided as check decides it, and what is suspended includes nothing', () => {
  const seats = { product: 'standard', ladder: null, quantity: 2, suspended: false, features: { seats: 5 } }
  const pro = {
    product: 'pro',
    ladder: 'core',
    quantity: 1,
    suspended: false,
    features: { seats: 50, sso: true, beta: false },
  }
  const standing = memberStanding(told({}), [pro, seats], names)
  expect(standing.includes).toEqual([
    { feature: 'Seats', limit: 60 },
    { feature: 'Sso', limit: null },
  ])
  expect(standing.beside).toEqual([{ product: 'Standard', quantity: 2 }])
  expect(memberStanding(told({}), [{ ...pro, suspended: true }], names).includes).toEqual([])
})
