import { holdCatalogAlone } from '../../billing/hold-catalog.ts'
import type { Db, Reader, Tx } from '../../db/types.ts'
import { moveSubscriptions } from '../../entitlements/move-subscriptions.ts'
import type { Actor } from '../../entitlements/moves.ts'
import type { SettledMove } from '../../entitlements/settle-pools.ts'
import { getDefaultPool } from '../../entitlements/tiers.ts'
import { Refused } from '../../errors.ts'
import { getOrganization, type Organization } from '../../organization/organizations.ts'
import { clearAlarm } from '../alarms.ts'
import { lockCustomers, readLinked, writeLinks } from './customer-rows.ts'
import { tellTransfer } from './tell-transfer.ts'

export type TransferAsked = {
  tenantId: string
  /** Whose customers go. */
  fromOrganizationId: string
  toOrganizationId: string
  /** All of them when left out. */
  customers?: readonly string[] | undefined
  reason: string
  actor: Actor
}

export type Transferred = {
  from: Organization
  to: Organization
  customers: string[]
  /** Stripe's ids. */
  subscriptions: string[]
  moves: SettledMove[]
}

/**
 * Moves Stripe customers to another organization of the same tenant, in one transaction: their subscriptions are that
 * organization's account's from now on and claim in its pool; both pools are settled, and the histories of both say so. Grants
 * stay with whom an operator gave them to, and so do the change rows of the time before. Later events of those customers
 * follow the new link, whatever their metadata still says.
 * @throws Refused `organization_unknown` (404; 422 for the other one), `transfer_to_itself`, `customer_not_linked` (422),
 * `nothing_to_transfer` (409)
 */
export async function transferCustomers(db: Db, asked: TransferAsked): Promise<Transferred> {
  const { tenantId, fromOrganizationId, toOrganizationId, reason, actor } = asked
  return db.begin(async (tx) => {
    // Alone: then no worker is under way with a subscription whose account it has read already.
    await holdCatalogAlone(tx)
    const from = await getOrganization(tx, tenantId, fromOrganizationId)
    const to = await otherOrganization(tx, tenantId, toOrganizationId, fromOrganizationId)
    const customers = await customersOf(tx, from, asked.customers)
    const subscriptions = await lockSubscriptionsOf(tx, customers)
    await lockCustomers(tx, customers)
    await writeLinks(
      tx,
      customers.map((customer) => ({ customer, organizationId: toOrganizationId, by: 'operator' as const })),
    )
    const subscriptionIds = subscriptions.map(({ subscriptionId }) => subscriptionId)
    const [fromPool, toPool] = [
      await getDefaultPool(tx, fromOrganizationId),
      await getDefaultPool(tx, toOrganizationId),
    ]
    await tx`
      update billing.subscriptions set account_id = ${toOrganizationId}, updated_at = now()
      where subscription_id = any(${subscriptionIds}::uuid[])`
    const moves = await moveSubscriptions(tx, {
      subscriptionIds,
      fromPoolId: fromPool!.poolId,
      toPoolId: toPool!.poolId,
      actor,
      left: {
        reason: `Transferred to ${to.name}: ${reason}`,
        cause: { kind: 'organization', id: toOrganizationId },
      },
      came: {
        reason: `Transferred from ${from.name}: ${reason}`,
        cause: { kind: 'organization', id: fromOrganizationId },
      },
    })
    await tellTransfer(tx, {
      tenantId,
      fromAccountId: fromOrganizationId,
      toAccountId: toOrganizationId,
      subscriptions,
    })
    for (const customer of customers) await clearAlarm(tx, 'customer_link_conflict', customer)
    return {
      from: await getOrganization(tx, tenantId, fromOrganizationId),
      to: await getOrganization(tx, tenantId, toOrganizationId),
      customers,
      subscriptions: subscriptions.map(({ subscription }) => subscription),
      moves,
    }
  })
}

async function otherOrganization(reader: Reader, tenantId: string, id: string, from: string) {
  if (id === from) {
    throw new Refused(
      'transfer_to_itself',
      'An account is transferred to another organization.',
      'Name the other organization.',
      422,
    )
  }
  try {
    return await getOrganization(reader, tenantId, id)
  } catch (error) {
    // The address was right: it is the body that names nobody.
    if (error instanceof Refused) throw new Refused(error.code, error.message, error.fix, 422)
    throw error
  }
}

async function customersOf(
  tx: Tx,
  from: Organization,
  asked: readonly string[] | undefined,
): Promise<string[]> {
  if (from.customers.length === 0) {
    throw new Refused(
      'nothing_to_transfer',
      'No Stripe customer is linked to this organization.',
      'Link one first, or transfer from the organization that has it.',
    )
  }
  const wanted = [...new Set(asked ?? from.customers)].sort()
  const linked = await readLinked(tx, wanted)
  const foreign = wanted.find((customer) => linked.get(customer)?.organizationId !== from.organizationId)
  if (foreign === undefined) return wanted
  throw new Refused(
    'customer_not_linked',
    `${foreign} is not linked to this organization.`,
    `It has: ${from.customers.join(', ')}.`,
    422,
  )
}

async function lockSubscriptionsOf(
  tx: Tx,
  customers: readonly string[],
): Promise<{ subscription: string; subscriptionId: string }[]> {
  const rows = await tx<{ subscription: string; subscriptionId: string | null }[]>`
    select stripe_subscription_id as subscription, subscription_id from stripe.subscriptions
    where stripe_customer_id = any(${customers as string[]})
    order by stripe_subscription_id for update`
  return rows.flatMap(({ subscription, subscriptionId }) =>
    subscriptionId === null ? [] : [{ subscription, subscriptionId }],
  )
}
