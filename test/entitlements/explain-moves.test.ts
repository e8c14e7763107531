import { expect, test } from 'vitest'
import {
  type HolderExplained,
  type MoveExplained,
  placesAt,
  ruleOf,
} from '../../src/entitlements/explain-moves.ts'

const free: HolderExplained = { kind: 'default', id: 'grant-0' }
const sub: HolderExplained = { kind: 'subscription', id: 'sub_1' }
const sub2: HolderExplained = { kind: 'subscription', id: 'sub_2' }
const grant: HolderExplained = { kind: 'grant', id: 'grant-1' }

function move(sequence: number, minute: number, more: Partial<MoveExplained>): MoveExplained {
  return {
    ladder: 'core',
    sequence,
    type: 'upgrade',
    from_rank: null,
    to_rank: null,
    from_product: null,
    to_product: null,
    actor: 'Stripe',
    actor_type: 'webhook',
    actor_id: null,
    reason: '',
    cause: { kind: 'event', id: `evt_${sequence}` },
    effective_at: `2026-11-20T10:0${minute}:00.500Z`,
    from_holder: null,
    to_holder: null,
    rule: '',
    ...more,
  }
}

const moves = [
  move(1, 1, { type: 'initiate', to_rank: 0, to_product: 'free', to_holder: free }),
  move(2, 2, { to_rank: 2, to_product: 'pro', from_holder: free, to_holder: sub }),
  move(1, 3, { ladder: 'support', type: 'initiate', to_rank: 0, to_product: 'gold', to_holder: sub }),
  move(3, 4, { type: 'end', from_holder: sub }),
  move(4, 4, { type: 'initiate', to_rank: 0, to_product: 'free', to_holder: free }),
  move(2, 5, { ladder: 'support', type: 'end', from_holder: sub }),
]
const at = (time: string) => placesAt(moves, new Date(`2026-11-20T${time}Z`))
const products = (time: string) =>
  at(time).map(({ ladder, product, move }) => [ladder, product, move?.sequence ?? null])

test('before the first move there is no place yet, on any ladder that is ever reached', () => {
  expect(products('10:00:00')).toEqual([
    ['core', null, null],
    ['support', null, null],
  ])
})

test('between moves the last one before stands, and a move counts from its very moment', () => {
  expect(products('10:02:00.499')).toEqual([
    ['core', 'free', 1],
    ['support', null, null],
  ])
  expect(products('10:02:00.500')).toEqual([
    ['core', 'pro', 2],
    ['support', null, null],
  ])
  expect(at('10:03:30')[0]).toMatchObject({ rank: 2, since: '2026-11-20T10:02:00.500Z', holder: sub })
})

test('of two moves at one moment the later row stands; a ladder that was left has no place and says by which move', () => {
  expect(products('10:06:00')).toEqual([
    ['core', 'free', 4],
    ['support', null, 2],
  ])
  expect(at('10:06:00')[1]).toMatchObject({ since: null, holder: null, move: { type: 'end' } })
  expect(placesAt([], new Date())).toEqual([])
})

test.each<[string, Partial<MoveExplained>]>([
  ['The last claim on this ladder was gone.', { type: 'end', from_holder: sub }],
  [
    'Nothing else claimed the place: the default of its type gives it.',
    { type: 'initiate', to_holder: free, cause: { kind: 'organization', id: 'o' } },
  ],
  [
    'A default counts only while nothing else claims the place.',
    { from_holder: free, to_holder: sub, from_rank: 0, to_rank: 1 },
  ],
  [
    'A ceiling lowers whoever claims more.',
    {
      type: 'downgrade',
      from_holder: sub,
      to_holder: sub,
      from_rank: 2,
      to_rank: 1,
      cause: { kind: 'ceiling', id: 'c' },
    },
  ],
  [
    'A ceiling was gone: the best live claim has the place again.',
    { from_holder: sub, to_holder: sub, from_rank: 1, to_rank: 2, cause: { kind: 'ceiling', id: 'c' } },
  ],
  ['The claim that has the place was raised.', { from_holder: sub, to_holder: sub }],
  [
    'The claim that has the place was lowered, and no other is better.',
    { type: 'downgrade', from_holder: sub, to_holder: sub },
  ],
  [
    'The better claim was gone, lower or suspended: the best one left has it.',
    { type: 'downgrade', from_holder: grant, to_holder: sub },
  ],
  [
    'The best live claim has the place: not suspended first, then by rank.',
    { from_holder: sub, to_holder: grant },
  ],
  [
    'At the same rank an operator’s newest grant takes over.',
    { type: 'extend', from_holder: sub, to_holder: grant },
  ],
  [
    'At the same rank a subscription takes over from a grant.',
    { type: 'extend', from_holder: grant, to_holder: sub },
  ],
  [
    'The claim before was gone or weaker: another claims the same rank.',
    { type: 'extend', from_holder: sub, to_holder: sub2 },
  ],
])('the rule of a move: %s', (rule, more) => {
  expect(ruleOf(move(1, 1, more))).toBe(rule)
})
