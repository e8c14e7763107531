import type { Reader } from '../../db/types.ts'
import { mayBeId } from '../../entitlements/locked-pool.ts'
import { Refused } from '../../errors.ts'

/** What an id that a person asked about stands for. */
export type Subject = {
  /** Null: a customer or subscription that belongs to nobody yet. */
  organizationId: string | null
  /** Every Stripe customer concerned: all of the organization's, where it is known. */
  customers: string[]
  /** What was asked for itself: a subscription whose customer no event told is known by nothing else. */
  subscriptions: string[]
}

/**
 * Finds what an id means: a subscription or customer of Stripe's, an organization's id, or its key within the default
 * tenant. Null: nothing is known under it, in the inbox neither.
 */
async function findSubject(reader: Reader, id: string): Promise<Subject | null> {
  const [subscription] = await reader<{ customer: string | null }[]>`
    select coalesce(
      (select stripe_customer_id from stripe.subscriptions where stripe_subscription_id = ${id}),
      (select stripe_customer_id from stripe.events
        where stripe_subscription_id = ${id} and trail_kind is not null and stripe_customer_id is not null limit 1)
    ) as customer
    where exists (select from stripe.subscriptions where stripe_subscription_id = ${id})
       or exists (select from stripe.events where stripe_subscription_id = ${id} and trail_kind is not null)`
  const subscriptions = subscription ? [id] : []
  const customer = subscription ? subscription.customer : id
  const [found] = await reader<{ organizationId: string | null; knownCustomer: boolean }[]>`
    select
      coalesce(
        (select organization_id from stripe.customers where stripe_customer_id = ${customer}),
        (select organization_id from organization.organizations where organization_id = ${mayBeId(id) ? id : null}::uuid),
        (select organization_id from organization.organizations
          where organization_key = ${id}
            and tenant_id = (select tenant_id from organization.tenants where tenant_key = 'default'))
      ) as organization_id,
      exists (select from stripe.customers where stripe_customer_id = ${customer})
        or exists (select from stripe.events where stripe_customer_id = ${customer}) as known_customer`
  const { organizationId, knownCustomer } = found!
  if (organizationId === null) {
    if (!subscription && !knownCustomer) return null
    return { organizationId, customers: customer !== null && knownCustomer ? [customer] : [], subscriptions }
  }
  return { ...(await subjectOfOrganization(reader, organizationId)), subscriptions }
}

/** An organization that is known to exist, with its customers, the earliest linked first. */
export async function subjectOfOrganization(reader: Reader, organizationId: string): Promise<Subject> {
  const linked = await reader<{ customer: string }[]>`
    select stripe_customer_id as customer from stripe.customers
    where organization_id = ${organizationId} order by linked_at, stripe_customer_id`
  return { organizationId, customers: linked.map((row) => row.customer), subscriptions: [] }
}

/**
 * What an id means, or else why nothing can be said of it.
 * @throws Refused `not_known` (404), `wrong_kind_of_id` (404) for an id of something that stands on no ladder
 */
export async function knownSubject(reader: Reader, id: string): Promise<Subject> {
  const subject = await findSubject(reader, id)
  if (subject) return subject
  const kind = kindOfId(id)
  if (kind === 'secret') {
    throw new Refused(
      'wrong_kind_of_id',
      'That is a secret and no id: it was not looked for.',
      'Roll it if anybody may have seen it; `explain` takes an organization, a customer or a subscription.',
      404,
    )
  }
  if (kind !== null) throw otherKind(id, kind, await belongsTo(reader, id))
  if (/^(cus|sub)_/.test(id)) {
    throw new Refused(
      'not_known',
      `Nothing is known of ${id}: no event in the inbox names it.`,
      'Look at the spelling, and at which database this is. If Stripe has it: stepladder reconcile --repair',
      404,
    )
  }
  const decided = await decisionOf(reader, id)
  if (decided) throw otherKind(id, decided.kind, decided.organizationId)
  throw new Refused(
    'not_known',
    `Nothing is known of ${id}: no organization has that id or key, and no event in the inbox names it.`,
    'Look at the spelling, and at which database this is; `stepladder verify` says how many events it holds.',
    404,
  )
}

function otherKind(id: string, kind: string, belongs: string | null): Refused {
  return new Refused(
    'wrong_kind_of_id',
    `${id} is ${kind}: \`explain\` takes an organization, a customer (cus_…) or a subscription (sub_…).`,
    belongs === null
      ? 'Name the organization, customer or subscription that it belongs to; none is known here.'
      : `It belongs to ${belongs}: stepladder explain ${belongs}`,
    404,
  )
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^(sk|rk|pk|whsec|sl)_/, 'secret'],
  [/^(evt|raw)_/, 'an event'],
  [/^fetch_/, 'an answer of Stripe’s API'],
  [/^sub_sched_/, 'a subscription schedule'],
  [/^si_/, 'an item of a subscription'],
  [/^(price|plan)_/, 'a price'],
  [/^prod_/, 'a product'],
  [/^in_/, 'an invoice'],
  [/^cs_/, 'a checkout'],
  [/^(pi|ch|py)_/, 'a payment'],
  [/^pm_/, 'a payment method'],
  [/^acct_/, 'an account at Stripe'],
]

/** What kind of thing an id names by its beginning; null where it may be one that `explain` takes. */
function kindOfId(id: string): string | null {
  return kinds.find(([begins]) => begins.test(id))?.[1] ?? null
}

/** The subscription or customer that an event, a fetch or an object of Stripe's was about, as far as the inbox tells. */
async function belongsTo(reader: Reader, id: string): Promise<string | null> {
  const fetched = id.replace(/^fetch_/, '')
  const [about] = await reader<{ id: string | null }[]>`
    select coalesce(case when trail_kind is not null then stripe_subscription_id end, stripe_customer_id) as id
    from stripe.events where event_id = ${id}
    union all
    select stripe_subscription_id from stripe.fetches where fetch_id = ${mayBeId(fetched) ? fetched : null}::uuid
    limit 1`
  return about?.id ?? null
}

/** An operator's decision that has this id, and whose it is. */
async function decisionOf(
  reader: Reader,
  id: string,
): Promise<{ kind: string; organizationId: string } | null> {
  if (!mayBeId(id)) return null
  const [decided] = await reader<{ kind: string; organizationId: string }[]>`
    select 'a grant' as kind, organization_id from entitlements.grants where grant_id = ${id}::uuid
    union all select 'a ceiling', organization_id from entitlements.ceilings where ceiling_id = ${id}::uuid
    union all select 'a pool', organization_id from entitlements.resource_pools where pool_id = ${id}::uuid
    limit 1`
  return decided ?? null
}
