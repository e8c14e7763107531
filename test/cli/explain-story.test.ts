import { expect, test } from 'vitest'
import { storyOf } from '../../src/cli/explain-story.ts'
import { storyThen } from '../../src/cli/explain-story-then.ts'
import { clockOf, wrapped } from '../../src/cli/explain-words.ts'
import type { Explained, ExplainedThen } from '../../src/stripe/enrollment/explain.ts'

const organization = '1a2b3c4d-0000-4000-8000-000000000001'
const grant = '5e6f7a8b-0000-4000-8000-000000000002'
const created = 'evt_1SQ2aB2eZvKYlo2CqM0xT3bD'
const upgraded = 'evt_1SQ2cD2eZvKYlo2CwWq8aa1F'

const evidence = {
  event: upgraded,
  type: 'customer.subscription.updated',
  source: 'replay',
  created_at: '2026-11-20T09:00:00.000Z',
  received_at: '2026-11-20T12:00:03.000Z',
  seconds_late: 10_803,
  overtaken_by: ['evt_1SQ2zZ2eZvKYlo2C00000000'],
} as const

const history: Explained['ladders'][number]['history'] = [
  {
    sequence: 1,
    type: 'initiate',
    from_rank: null,
    to_rank: 0,
    from_product: null,
    to_product: 'public-tier',
    actor: 'system',
    actor_type: 'system',
    actor_id: null,
    reason: 'new organization',
    cause: { kind: 'organization', id: organization },
    effective_at: '2026-11-01T08:00:00.100Z',
    from_holder: null,
    to_holder: { kind: 'default', id: grant },
    rule: 'Nothing else claimed the place: the default of its type gives it.',
  },
  {
    sequence: 2,
    type: 'upgrade',
    from_rank: 0,
    to_rank: 2,
    from_product: 'public-tier',
    to_product: 'pro',
    actor: 'Stripe',
    actor_type: 'webhook',
    actor_id: 'stripe',
    reason: 'Subscription is active',
    cause: { kind: 'event', id: upgraded, event: { ...evidence, overtaken_by: [...evidence.overtaken_by] } },
    effective_at: '2026-11-20T12:00:04.000Z',
    from_holder: { kind: 'default', id: grant },
    to_holder: { kind: 'subscription', id: 'sub_1SQ2aA2eZvKYlo2CpN7dQ' },
    rule: 'A default counts only while nothing else claims the place.',
  },
]

const undecided = { given_by: null, reason: null, ends_at: null }

const explained: Explained = {
  organization,
  name: 'Rowers of the North',
  customers: ['cus_TNb1kqD8xYz3Lm'],
  at: '2026-11-20T13:00:00.000Z',
  ladders: [
    {
      ladder: 'core',
      product: 'pro',
      rank: 2,
      status: 'active',
      since: '2026-11-20T12:00:04.000Z',
      holder: { kind: 'subscription', id: 'sub_1SQ2aA2eZvKYlo2CpN7dQ' },
      claims: [
        {
          kind: 'subscription',
          id: 'sub_1SQ2aA2eZvKYlo2CpN7dQ',
          product: 'pro',
          rank: 2,
          status: 'active',
          suspended: false,
          since: '2026-11-20T12:00:04.000Z',
          wins: true,
          rule: 'best',
          under_ceiling: false,
          why: 'the best live claim',
          ...undecided,
        },
        {
          kind: 'grant',
          id: grant,
          product: 'standard',
          rank: 1,
          status: 'active',
          suspended: false,
          since: '2026-11-10T08:00:00.000Z',
          wins: false,
          rule: 'lower_rank',
          under_ceiling: false,
          why: 'rank 1 is below rank 2',
          given_by: 'Olga',
          reason: 'Pilot',
          ends_at: '2026-12-01T00:00:00.000Z',
        },
      ],
      due: null,
      next_in_line: { product: 'standard', rank: 1, by: { kind: 'grant', id: grant } },
      brought_by: 2,
      history,
      earlier: 0,
    },
  ],
  subscriptions: [
    {
      id: 'sub_1SQ2aA2eZvKYlo2CpN7dQ',
      customer: 'cus_TNb1kqD8xYz3Lm',
      status: 'active',
      resolved_by: upgraded,
      known_from: { event: { ...evidence, source: 'webhook', seconds_late: 2, overtaken_by: [] } },
      items: [{ item: 'si_1', price: 'price_pro', quantity: 2, product: 'pro' }],
      unresolved: null,
      resolve_at: null,
      cancel_at: '2026-12-20T09:00:00.000Z',
      trial_end: null,
      period_end: '2026-12-20T09:00:00.000Z',
      ended_at: null,
      claims_nothing: null,
    },
  ],
  waiting: (['enrollment', 'subscription-changes'] as const).map((write) => ({
    event: created,
    type: 'customer.subscription.created',
    write,
    state: 'waiting',
    reason: 'unmapped_price',
    on: 'price:price_new',
    detail: null,
    action:
      'Map price_new, or its Stripe product, in the catalog file, then: stepladder catalog apply <file>',
    due_at: null,
    subscription: 'sub_2',
    customer: 'cus_TNb1kqD8xYz3Lm',
    received_at: '2026-11-20T12:30:00.000Z',
  })),
  next: [
    {
      at: '2026-12-20T09:00:00.000Z',
      what: 'cancel_at',
      about: 'sub_1SQ2aA2eZvKYlo2CpN7dQ',
      says: 'it ends, as scheduled',
      moves_to: [{ ladder: 'core', product: 'standard', rank: 1, by: { kind: 'grant', id: grant } }],
    },
  ],
}

test('the whole story, as a person in Berlin reads it', () => {
  expect(storyOf(explained, 'Europe/Berlin')).toBe(
    `Organization 1a2b3c4d-0000-4000-8000-000000000001 (Rowers of the North), cus_TNb1kqD8xYz3Lm
Times are local (Europe/Berlin), each with its distance to UTC.

On ladder core: pro (rank 2), active, since 2026-11-20 13:00:04+01:00, held by subscription
  sub_1SQ2aA2eZvKYlo2CpN7dQ
  How it came there
    move    upgrade public-tier → pro, by Stripe: Subscription is active
    rule    A default counts only while nothing else claims the place.
    cause   event evt_1SQ2cD2eZvKYlo2CwWq8aa1F (customer.subscription.updated), made
            2026-11-20 10:00:00+01:00, here 2026-11-20 13:00:03+01:00 (3 h late), taken in by
            replay; out of order: evt_1SQ2zZ2eZvKYlo2C00000000, which Stripe dates later, came
            before it
  Claims
    wins    subscription sub_1SQ2aA2eZvKYlo2CpN7dQ claims pro (rank 2): the best live claim
    loses   grant 5e6f7a8b-0000-4000-8000-000000000002 claims standard (rank 1), by Olga, until
            2026-12-01 01:00:00+01:00: rank 1 is below rank 2
  Every move
      1  2026-11-01 09:00:00+01:00  initiate – → public-tier (system, organization
         1a2b3c4d-0000-4000-8000-000000000001)
      2  2026-11-20 13:00:04+01:00  upgrade public-tier → pro (Stripe, event
         evt_1SQ2cD2eZvKYlo2CwWq8aa1F)

Subscription sub_1SQ2aA2eZvKYlo2CpN7dQ: active
  for       price_pro × 2, which means pro
  known by  event evt_1SQ2cD2eZvKYlo2CwWq8aa1F (customer.subscription.updated), made
            2026-11-20 10:00:00+01:00, here 2026-11-20 13:00:03+01:00

Waiting
  evt_1SQ2aB2eZvKYlo2CqM0xT3bD (customer.subscription.created)
    enrollment and subscription-changes: waits on price:price_new (unmapped_price)
    what frees it: Map price_new, or its Stripe product, in the catalog file, then: stepladder
      catalog apply <file>

What comes next, if nothing comes before it
  2026-12-20 10:00:00+01:00  sub_1SQ2aA2eZvKYlo2CpN7dQ: it ends, as scheduled; core then goes to
    standard (rank 1), grant 5e6f7a8b-0000-4000-8000-000000000002`,
  )
})

test('the story of a time that has passed: the place then, the move that brought it, and what nobody had told yet', () => {
  const then: ExplainedThen = {
    organization,
    name: 'Rowers of the North',
    customers: ['cus_TNb1kqD8xYz3Lm'],
    at: '2026-11-20T10:00:00.000Z',
    ladders: [
      {
        ladder: 'core',
        product: 'public-tier',
        rank: 0,
        status: 'active',
        since: '2026-11-01T08:00:00.100Z',
        holder: { kind: 'default', id: grant },
        brought_by: 1,
        history: history.slice(0, 1),
        earlier: 0,
      },
      {
        ladder: 'support',
        product: null,
        rank: null,
        status: null,
        since: null,
        holder: null,
        brought_by: null,
        history: [],
        earlier: 0,
      },
    ],
    known: {
      events: 0,
      last: null,
      not_yet: [{ ...evidence, source: 'webhook', overtaken_by: [] }],
      subscriptions: [],
      decisions: [],
    },
  }
  expect(storyThen(then, 'UTC')).toBe(
    `Organization 1a2b3c4d-0000-4000-8000-000000000001 (Rowers of the North), cus_TNb1kqD8xYz3Lm
Times are local (UTC), each with its distance to UTC.

As of 2026-11-20 10:00:00Z

On ladder core: public-tier (rank 0), active, since 2026-11-01 08:00:00Z, held by default
  5e6f7a8b-0000-4000-8000-000000000002
  How it came there
    move    initiate – → public-tier, by system: new organization
    rule    Nothing else claimed the place: the default of its type gives it.
    cause   organization 1a2b3c4d-0000-4000-8000-000000000001
  Every move until then
      1  2026-11-01 08:00:00Z  initiate – → public-tier (system, organization
         1a2b3c4d-0000-4000-8000-000000000001)

On ladder support: no place yet

What was known then
  no event of its subscriptions had come
  Made at Stripe by then, and here only later
    event evt_1SQ2cD2eZvKYlo2CwWq8aa1F (customer.subscription.updated), made 2026-11-20 09:00:00Z,
      here 2026-11-20 12:00:03Z (3 h late)`,
  )
})

test('of a long history the newest moves stand there, with how many came before and where those are', () => {
  const [core] = explained.ladders
  const long = { ...core!, history: history.slice(-1), earlier: 1 }
  const story = storyOf({ ...explained, ladders: [long] }, 'UTC')
  expect(story).toContain(
    '  The newest move; 1 earlier: --at shows those until a time, the panel all\n      2  ',
  )
  expect(story).not.toContain('      1  ')
})

test('whoever belongs to nobody stands nowhere; nothing waits and nothing is known to come', () => {
  const nobody = {
    ...explained,
    organization: null,
    name: null,
    ladders: [],
    subscriptions: [],
    waiting: [],
    next: [],
  }
  expect(storyOf(nobody, 'UTC')).toBe(
    `cus_TNb1kqD8xYz3Lm: linked to no organization yet, so it stands on no ladder.
Times are local (UTC), each with its distance to UTC.

Nothing is waiting.

Nothing is known to come next.`,
  )
})

test('a place that is about to go, a ceiling, a hole and what has no time are said too, on a hundred columns', () => {
  const [core] = explained.ladders
  const [subscription] = explained.subscriptions
  const story = storyOf(
    {
      ...explained,
      ladders: [
        {
          ...core!,
          due: { product: 'public-tier', rank: 0, by: { kind: 'default', id: null } },
          ceiling: {
            id: grant,
            product: 'standard',
            rank: 1,
            given_by: 'Olga',
            reason: 'Misuse, told by the customer itself in a letter of the ninth of November',
            ends_at: '2026-12-01T00:00:00.000Z',
            if_lifted: { product: 'pro', rank: 2, by: null },
          },
        },
        {
          ...core!,
          ladder: 'support',
          product: null,
          rank: null,
          holder: null,
          brought_by: null,
          claims: [],
        },
      ],
      subscriptions: [
        {
          ...subscription!,
          unresolved: 'does_not_join',
          resolve_at: '2026-11-20T13:05:00.000Z',
          claims_nothing: 'not settled: does not join',
        },
        {
          ...subscription!,
          id: 'sub_over',
          ended_at: '2026-11-20T12:00:00.000Z',
          claims_nothing: 'it has ended',
        },
      ],
      waiting: [
        {
          ...explained.waiting[0]!,
          state: 'parked',
          reason: 'failed',
          on: null,
          detail: '40001: no',
          action: 'Mend.',
        },
        { ...explained.waiting[1]!, state: 'received', reason: null, on: null, action: 'Nothing.' },
      ],
      next: [
        { at: null, what: 'not_known', about: 'sub_sched_1', says: 'it may announce more', moves_to: [] },
      ],
    },
    'America/New_York',
  )
  for (const part of [
    'It is about to go to public-tier (rank 0), the default',
    'At most standard (rank 1), by Olga, until 2026-11-30 19:00:00-05:00: Misuse,',
    'On ladder support: nowhere',
    'not settled: does not join; looked at again 2026-11-20 08:05:00-05:00',
    'Subscription sub_over: active, ended 2026-11-20 07:00:00-05:00',
    'claims no tier: it has ended',
    'enrollment: parked, failed: 40001: no',
    'subscription-changes: received, and not taken up yet',
    'at a time not known here  sub_sched_1: it may announce more',
  ])
    expect(story).toContain(part)
  expect(story).not.toContain('claims no tier: not settled')
  for (const line of story.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100)
})

test('a time is local with its distance to UTC, across the change of the clocks, and is never broken', () => {
  const berlin = clockOf('Europe/Berlin')
  expect(berlin('2026-07-01T22:30:00.000Z')).toBe('2026-07-02 00:30:00+02:00')
  expect(berlin('2026-12-31T23:30:00.000Z')).toBe('2027-01-01 00:30:00+01:00')
  expect(clockOf('UTC')('2026-07-01T22:30:00.000Z')).toBe('2026-07-01 22:30:00Z')
  const line = wrapped(`${'word '.repeat(17)}2026-07-01 22:30:00Z end`, 0, 2)
  expect(line.split('\n')[1]).toBe('  2026-07-01 22:30:00Z end')
})
