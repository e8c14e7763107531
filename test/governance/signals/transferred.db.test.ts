import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PlanStatus } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { transferCustomers } from '../../../src/stripe/customers/transfer-customers.ts'
import { toldOf } from '../plan-fixture.ts'
import { created, newSignalWorld, type SignalWorld, T, updated } from './signal-world.ts'

let world: SignalWorld
beforeEach(async () => {
  world = await newSignalWorld()
})
afterEach(() => world.close())

test.each<[PlanStatus[], object]>([
  [[], { planStatus: 'DRAFT', flaggedFor: 'account_transferred' }],
  [['APPROVED'], { planStatus: 'ABORTED' }],
  [['APPROVED', 'ACTIVE'], { planStatus: 'ABORTED' }],
  [['APPROVED', 'ACTIVE', 'PAUSED'], { planStatus: 'ABORTED' }],
])(
  'an account moves to another owner: %j, and the new owner has a draft of its own (R106)',
  async (ways, becomes) => {
    await world.deliver(created({}), created({ id: 'sub_2', customer: 'cus_2' }))
    await world.deliver(updated({ status: 'active' }, { status: 'past_due' }, T + 100))
    await world.take()
    const before = await world.moved(...ways)
    const [other] = await world.app<{ id: string }[]>`
    select organization_id as id from stripe.customers where stripe_customer_id = 'cus_2'`
    await transferCustomers(world.app, {
      tenantId: before.tenantId,
      fromOrganizationId: before.accountId,
      toOrganizationId: other!.id,
      reason: 'Sold',
      actor: { type: 'operator', id: 'key', name: 'Olga' },
    })
    await world.take()
    const plans = await world.plans('cus_1')
    const [old] = await world.app<{ planId: string; planStatus: string; flaggedFor: string | null }[]>`
    select plan_id, plan_status, flagged_for from governance.revenue_plans where account_id = ${before.accountId}`
    expect(old).toMatchObject({ planId: before.planId, ...becomes })
    if (ways.length > 0) {
      expect((await toldOf(world.app, before)).at(-1)).toBe('PLAN_ABORTED')
      const [why] = await world.app`
      select data ->> 'reason' as reason from governance.plan_ledger where event_type = 'PLAN_ABORTED'`
      expect(why).toEqual({ reason: 'account_transferred' })
    }
    expect(plans).toMatchObject([{ accountId: other!.id, planStatus: 'DRAFT', flaggedFor: null }])
    expect(await world.signals()).toEqual(['past_due', 'past_due account_transferred'])
    expect(await world.outcomes()).toEqual([])
  },
)
