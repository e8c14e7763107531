import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planStatuses } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { type Cleared, endOf, verdictOf } from '../../../src/governance/signals/decide-plan.ts'

const fed = fc.array(
  fc.record({
    subscriptionId: fc.constantFrom('a', 'b', 'c'),
    clearedBy: fc.constantFrom<Cleared[]>(
      'risk_cleared',
      'superseded',
      'subscription_deleted',
      'account_transferred',
    ),
  }),
  { minLength: 1 },
)

test('what has become of an account does not depend on the order in which its signals are looked at, nor on how often', () => {
  fc.assert(
    fc.property(fed, fc.integer(), (signals, seed) => {
      const told = verdictOf(signals)
      const shuffled = [...signals, ...signals].sort((a, b) => hash(a, seed) - hash(b, seed))
      expect(verdictOf(shuffled)).toBe(told)
    }),
  )
})

test('a subscription that has ended saves no account', () => {
  fc.assert(
    fc.property(fed, (signals) => {
      const ended = signals.map((it) => ({ ...it, clearedBy: 'subscription_deleted' as const }))
      expect(verdictOf([...signals, ...ended])).toBe('lost')
    }),
  )
})

test('a draft is never ended by a signal, and only what was active can have met its objective', () => {
  const open = planStatuses.filter((status) => !['COMPLETED', 'ABORTED', 'EXPIRED'].includes(status))
  fc.assert(
    fc.property(
      fc.constantFrom('won' as const, 'lost' as const, 'transferred' as const),
      fc.constantFrom(...open),
      fc.date({ noInvalidDate: true }),
      fc.date({ noInvalidDate: true }),
      (verdict, planStatus, expiresAt, at) => {
        const end = endOf(verdict, { planStatus, expiresAt }, at)
        expect(end.kind === 'flag').toBe(planStatus === 'DRAFT')
        if (end.kind === 'complete' || end.kind === 'expire') expect(planStatus).toBe('ACTIVE')
      },
    ),
  )
})

function hash(it: object, seed: number): number {
  return [...JSON.stringify(it), String(seed)].reduce(
    (sum, c) => (sum * 31 + c.charCodeAt(0)) % 1009,
    seed % 97,
  )
}
