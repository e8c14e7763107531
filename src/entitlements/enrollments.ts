import type { Reader } from '../db/types.ts'

/** One place on one ladder, as the API tells it. Keys of the catalog, Stripe's ids where Stripe has one. */
export type Enrollment = {
  organization_id: string
  /** The earliest linked, or the one that was asked for; null for an organization without a customer at Stripe. */
  customer: string | null
  ladder: string
  product: string
  rank: number | null
  status: string
  /** ISO 8601: since when the pool holds this very provision. */
  since: string
  holder: { kind: 'subscription' | 'grant' | 'default'; id: string }
}

export type EnrollmentsWanted = {
  tenantId?: string | undefined
  /** organization_id, or the key by which the operating company knows it. */
  organization?: string | undefined
  customer?: string | undefined
  /** The ladder's key. */
  ladder?: string | undefined
  limit: number
  /** The last place of the page before. */
  after?: { organizationId: string; ladder: string } | null
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * Who stands where now: one row per organization and ladder with a live attachment, ordered by organization and ladder.
 * The join to schema `stripe` is for reading alone: an answer that names our own ids only would be of no use to the
 * product that asks, which knows customers and subscriptions by Stripe's.
 */
export async function listEnrollments(reader: Reader, wanted: EnrollmentsWanted): Promise<Enrollment[]> {
  const { tenantId = null, organization = null, customer = null, ladder = null, after = null, limit } = wanted
  const organizationId = organization && uuid.test(organization) ? organization : null
  const organizationKey = organizationId ? null : organization
  const rows = await reader<
    (Omit<Enrollment, 'organization_id' | 'since' | 'holder'> & {
      organizationId: string
      since: Date
      holderKind: Enrollment['holder']['kind']
      holderId: string
    })[]
  >`
    select p.organization_id, coalesce(${customer}, c.stripe_customer_id) as customer, l.ladder_key as ladder,
           d.product_key as product, t.rank, a.status, a.activated_at as since,
           case when v.subscription_id is not null then 'subscription'
                when g.grant_reason = 'default' then 'default' else 'grant' end as holder_kind,
           coalesce(s.stripe_subscription_id, v.subscription_id::text, v.grant_id::text) as holder_id
      from entitlements.resource_pools p
      join organization.organizations o on o.organization_id = p.organization_id
      join entitlements.pool_provision_ladders a on a.pool_id = p.pool_id and a.ended_at is null
      join entitlements.pool_provisions v on v.provision_id = a.provision_id
      join billing.plan_ladders l on l.plan_ladder_id = a.plan_ladder_id
      join billing.products d on d.product_id = v.product_id
      left join billing.plan_ladder_tiers t on t.plan_ladder_id = a.plan_ladder_id and t.product_id = v.product_id
      left join entitlements.grants g on g.grant_id = v.grant_id
      left join stripe.subscriptions s on s.subscription_id = v.subscription_id
      left join lateral (
        select stripe_customer_id from stripe.customers
         where organization_id = p.organization_id order by linked_at, stripe_customer_id limit 1
      ) c on true
     where p.is_default
       and (${tenantId}::uuid is null or p.tenant_id = ${tenantId}::uuid)
       and (${organizationId}::uuid is null or p.organization_id = ${organizationId}::uuid)
       and (${organizationKey}::text is null or o.organization_key = ${organizationKey})
       and (${customer}::text is null
            or p.organization_id = (select organization_id from stripe.customers where stripe_customer_id = ${customer}))
       and (${ladder}::text is null or l.ladder_key = ${ladder})
       and (${after?.organizationId ?? null}::uuid is null
            or (p.organization_id, l.ladder_key) > (${after?.organizationId ?? null}::uuid, ${after?.ladder ?? null}::text))
     order by p.organization_id, l.ladder_key
     limit ${limit}`
  return rows.map(
    ({
      organizationId,
      customer,
      ladder,
      product,
      rank,
      status,
      since,
      holderKind,
      holderId,
    }): Enrollment => ({
      organization_id: organizationId,
      customer,
      ladder,
      product,
      rank,
      status,
      since: since.toISOString(),
      holder: { kind: holderKind, id: holderId },
    }),
  )
}
