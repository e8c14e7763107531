import { randomUUID } from 'node:crypto'
import type { Db, Tx } from '../../src/db/types.ts'
import { transitionPlan } from '../../src/governance/lifecycle/transition-plan.ts'
import { renewalDefense } from '../../src/governance/plan-types/renewal-defense.ts'
import { createPlan } from '../../src/governance/repository/put-plan.ts'
import {
  keyOf,
  type PlanActor,
  type PlanKey,
  type PlanStatus,
} from '../../src/governance/revenue-plan/revenue-plan.ts'
import { draftOf } from '../../src/governance/verbs/draft-of.ts'

const actor: PlanActor = { type: 'operator', name: 'e2e:governance' }

/**
 * A paused plan on an account of its own, so that no other is active beside it. Only a test makes one in this way (D7); its ledger tells
 * the same story as that of any other. Its steps wait for a person who never comes: resumed, nothing is done for it.
 * @param name unique, such as e2e-ledger-1767225600000
 */
export async function seedPausedPlan(db: Db, tenantId: string, name: string): Promise<PlanKey> {
  return (await db.begin(async (tx) => {
    const accountId = await anAccount(tx, tenantId, name)
    const at = new Date()
    const draft = draftOf({ tenantId, accountId, planType: renewalDefense, planId: name }, at)
    const steps = draft.steps.map((step) => ({ ...step, status: 'PENDING_APPROVAL' as const }))
    const trigger = { kind: 'operator', reason: 'The end-to-end suite of revenue plans.' }
    const made = await createPlan(tx, { ...draft, steps }, { at, actor, trigger })
    if (made.kind !== 'created') throw new Error(`The plan could not be seeded: ${JSON.stringify(made)}`)
    const key = keyOf(made.plan)
    for (const to of ['APPROVED', 'ACTIVE', 'PAUSED'] satisfies PlanStatus[]) {
      const moved = await transitionPlan(tx, { ...key, to, at, actor, reason: 'seeded' })
      if (moved.kind !== 'done') throw new Error(`The plan could not be seeded: ${JSON.stringify(moved)}`)
    }
    return key
  })) as PlanKey
}

/** Leaves nothing but the ledger, the outcomes, and what the validators said. */
export async function clearSeededPlan(db: Db, { tenantId, accountId, planId }: PlanKey): Promise<void> {
  await db.begin(async (tx) => {
    await tx`delete from governance.revenue_plans where tenant_id = ${tenantId} and plan_id = ${planId}`
    await tx`delete from billing.accounts where tenant_id = ${tenantId} and account_id = ${accountId}`
    await tx`delete from organization.organizations where tenant_id = ${tenantId} and organization_id = ${accountId}`
    await tx`delete from organization.org_types where org_type_key = ${planId}`
  })
}

/** An organization that holds nothing, of a type that gives nothing. */
async function anAccount(tx: Tx, tenantId: string, name: string): Promise<string> {
  const accountId = randomUUID()
  await tx`
    with made as (
      insert into organization.org_types (org_type_key, name) values (${name}, ${name}) returning org_type_id
    )
    insert into organization.organizations (organization_id, tenant_id, org_type_id, organization_key, name)
    select ${accountId}, ${tenantId}, org_type_id, ${name}, ${name} from made`
  await tx`insert into billing.accounts (account_id, tenant_id) values (${accountId}, ${tenantId})`
  return accountId
}
