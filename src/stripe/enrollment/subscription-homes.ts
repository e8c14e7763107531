import type { Tx } from '../../db/types.ts'

/** A subscription that gets its row in billing, under its customer's account. */
export type Home = {
  subscription: string
  customer: string | null
  subscriptionId: string
  tenantId: string
  accountId: string
}

/** Gives subscriptions their rows in billing and notes them in the mapping. The caller holds the locks. */
export async function giveHomes(tx: Tx, homes: readonly Home[]): Promise<void> {
  if (homes.length === 0) return
  await tx`
    with wanted as (
      select * from jsonb_to_recordset(${tx.json(homes as never)})
        as w (subscription text, customer text, "subscriptionId" uuid, "tenantId" uuid, "accountId" uuid)
    ), made as (
      insert into billing.subscriptions (subscription_id, tenant_id, account_id)
      select "subscriptionId", "tenantId", "accountId" from wanted
    )
    update stripe.subscriptions s
    set subscription_id = w."subscriptionId", stripe_customer_id = coalesce(s.stripe_customer_id, w.customer)
    from wanted w
    where s.stripe_subscription_id = w.subscription
  `
}
