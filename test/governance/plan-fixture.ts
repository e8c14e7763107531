import { randomUUID } from 'node:crypto'
import type { Db, Reader } from '../../src/db/types.ts'
import { renewalDefense } from '../../src/governance/plan-types/renewal-defense.ts'
import { getPlan } from '../../src/governance/repository/get-plan.ts'
import { createPlan } from '../../src/governance/repository/put-plan.ts'
import type {
  PlanActor,
  PlanKey,
  PlanStatus,
  RevenuePlan,
} from '../../src/governance/revenue-plan/revenue-plan.ts'
import { stepV1Of } from '../../src/governance/revenue-plan/revenue-plan-v1.ts'
import { draftOf } from '../../src/governance/verbs/draft-of.ts'
import { anOrganization, anOrgType } from '../entitlements/fixture.ts'

/** Milliseconds since 1970 stand for themselves: every test has its own clock. */
export const noon = new Date('2027-03-01T12:00:00.000Z')
export const later = (minutes: number) => new Date(noon.getTime() + minutes * 60_000)
export const days = (n: number) => later(n * 24 * 60)

export const olga: PlanActor = { type: 'operator', id: 'key-of-olga', name: 'Olga' }

export type Account = { tenantId: string; accountId: string }

/** An organization of the default tenant, as an account. */
export async function anAccount(owner: Reader): Promise<Account> {
  const { tenantId, organizationId } = await anOrganization(owner, await anOrgType(owner, null))
  return { tenantId, accountId: organizationId }
}

/** The same of another operating company. */
export async function aForeignAccount(owner: Reader): Promise<Account> {
  const { accountId } = await anAccount(owner)
  const key = `t-${randomUUID()}`
  const [tenant] = await owner<{ tenantId: string }[]>`
    insert into organization.tenants (tenant_key, name) values (${key}, ${key}) returning tenant_id`
  await owner`update organization.organizations set tenant_id = ${tenant!.tenantId} where organization_id = ${accountId}`
  await owner`update billing.accounts set tenant_id = ${tenant!.tenantId} where account_id = ${accountId}`
  return { tenantId: tenant!.tenantId, accountId }
}

/** A plan that stands nowhere: for what is pure. */
export function planFor(account: Account, more: Partial<RevenuePlan> = {}): RevenuePlan {
  return { ...draftOf({ ...account, planType: renewalDefense }, noon), ...more }
}

export function somePlan(more: Partial<RevenuePlan> = {}): RevenuePlan {
  return planFor({ tenantId: randomUUID(), accountId: randomUUID() }, more)
}

/** A draft as a proposal leaves it, with its ledger. */
export async function aDraft(
  app: Db,
  account: Account,
  more: Partial<RevenuePlan> = {},
): Promise<RevenuePlan> {
  const plan = planFor(account, more)
  const made = await app.begin((tx) => createPlan(tx, plan, { at: noon, actor: olga }))
  if (made.kind !== 'created') throw new Error(JSON.stringify(made))
  return made.plan
}

/** A row in any status, which no verb makes (D7: only a test may). It has no ledger. */
export async function seededPlan(
  app: Reader,
  account: Account,
  planStatus: PlanStatus,
  more: Partial<RevenuePlan> = {},
): Promise<RevenuePlan> {
  const plan = planFor(account, { planId: `e2e-ledger-${randomUUID()}`, ...more })
  const when = (status: PlanStatus) => (planStatus === status ? noon : null)
  await app`
    insert into governance.revenue_plans
      (tenant_id, plan_id, plan_type, account_id, objective, plan_status, steps, expires_at, created_at, updated_at,
       approved_at, approved_by, completed_at, completion_reason, aborted_at, expired_at)
    values (${plan.tenantId}, ${plan.planId}, ${plan.planType}, ${plan.accountId}, ${plan.objective}, ${planStatus},
      ${app.json(plan.steps.map(stepV1Of) as never)}, ${plan.expiresAt}, ${noon}, ${plan.updatedAt},
      ${planStatus === 'DRAFT' ? null : noon}, 'somebody', ${when('COMPLETED')},
      ${planStatus === 'COMPLETED' ? 'objective_met' : null}, ${when('ABORTED')}, ${when('EXPIRED')})`
  return (await getPlan(app, plan))!
}

/** A plan's ledger as its types, the first first. */
export async function toldOf(sql: Reader, { tenantId, planId }: Pick<PlanKey, 'tenantId' | 'planId'>) {
  const rows = await sql<{ eventType: string }[]>`
    select event_type from governance.plan_ledger where tenant_id = ${tenantId} and plan_id = ${planId}
    order by recorded_at, sequence`
  return rows.map(({ eventType }) => eventType)
}
