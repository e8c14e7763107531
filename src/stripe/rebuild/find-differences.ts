import type { Tx } from '../../db/types.ts'

/** What is compared: these pools and subscriptions (Stripe's ids), or everything. */
export type Scope = { pools: readonly string[]; subscriptions: readonly string[] } | null

/**
 * Compares the shadow with what stands and writes down where they differ (`rebuild.differences`), anew for this scope.
 * The shadow has to have been rebuilt from the same snapshot where the answer is to be final. Answers how many there are.
 */
export async function findDifferences(tx: Tx, scope: Scope): Promise<number> {
  const all = scope === null
  const [pools, subscriptions] = [(scope?.pools ?? []) as string[], (scope?.subscriptions ?? []) as string[]]
  await tx`
    delete from rebuild.differences
    where ${all} or pool_id = any(${pools}::uuid[]) or subscription = any(${subscriptions})`
  const asked = { all, pools, subscriptions, ids: await billingIds(tx, subscriptions) }
  const found = [
    await differentPlaces(tx, asked),
    await differentClaims(tx, asked),
    await differentAddons(tx, asked),
    await differentChanges(tx, asked),
    await notHeld(tx, asked),
  ]
  return found.reduce((sum, count) => sum + count, 0)
}

type Asked = { all: boolean; pools: string[]; subscriptions: string[]; ids: string[] }

async function billingIds(tx: Tx, subscriptions: string[]): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    select subscription_id as id from stripe.subscriptions
    where stripe_subscription_id = any(${subscriptions}) and subscription_id is not null`
  return rows.map(({ id }) => id)
}

async function differentPlaces(tx: Tx, { all, pools }: Asked): Promise<number> {
  const { count } = await tx`
    with differing as materialized (
      select
        coalesce(r.pool_id, s.pool_id) as pool_id, coalesce(r.plan_ladder_id, s.plan_ladder_id) as plan_ladder_id,
        s.product_id as s_product, s.status as s_status, s.kind as s_kind, s.id as s_id,
        r.product_id as r_product, r.status as r_status, r.holder_kind as r_kind, r.holder_id as r_id
      from (select * from rebuild.places where ${all} or pool_id = any(${pools}::uuid[])) r
      full join (
        select a.pool_id, a.plan_ladder_id, v.product_id, a.status,
          case when v.subscription_id is not null then 'subscription' when g.grant_reason = 'default' then 'default' else 'grant' end as kind,
          coalesce(v.subscription_id, v.grant_id) as id
        from entitlements.pool_provision_ladders a
        join entitlements.pool_provisions v using (provision_id)
        left join entitlements.grants g on g.grant_id = v.grant_id
        where a.ended_at is null and (${all} or a.pool_id = any(${pools}::uuid[]))
      ) s on s.pool_id = r.pool_id and s.plan_ladder_id = r.plan_ladder_id
      where (r.product_id, r.status, r.holder_kind, r.holder_id) is distinct from (s.product_id, s.status, s.kind, s.id)
    )
    insert into rebuild.differences (what, pool_id, subject, stands, rebuilt)
    select 'place', d.pool_id, l.ladder_key,
      case when d.s_id is not null then format('%s (rank %s), %s, held by %s %s',
        sp.product_key, coalesce(st.rank::text, 'none'), d.s_status,
        case d.s_kind when 'default' then 'the default grant' else d.s_kind end, coalesce(ss.stripe_subscription_id, d.s_id::text)) end,
      case when d.r_id is not null then format('%s (rank %s), %s, held by %s %s',
        rp.product_key, coalesce(rt.rank::text, 'none'), d.r_status,
        case d.r_kind when 'default' then 'the default grant' else d.r_kind end, coalesce(rs.stripe_subscription_id, d.r_id::text)) end
    from differing d
    join billing.plan_ladders l on l.plan_ladder_id = d.plan_ladder_id
    left join billing.products sp on sp.product_id = d.s_product
    left join billing.plan_ladder_tiers st on st.plan_ladder_id = d.plan_ladder_id and st.product_id = d.s_product
    left join stripe.subscriptions ss on ss.subscription_id = d.s_id
    left join billing.products rp on rp.product_id = d.r_product
    left join billing.plan_ladder_tiers rt on rt.plan_ladder_id = d.plan_ladder_id and rt.product_id = d.r_product
    left join stripe.subscriptions rs on rs.subscription_id = d.r_id`
  return count
}

async function differentClaims(tx: Tx, { all, pools, subscriptions, ids }: Asked): Promise<number> {
  const { count } = await tx`
    insert into rebuild.differences (what, pool_id, subscription, subject, stands, rebuilt)
    select 'claim', coalesce(r.pool_id, s.pool_id), coalesce(r.subscription, s.subscription), l.ladder_key,
      sp.product_key || ', ' || s.status || case when s.pool_id <> r.pool_id then ', in pool ' || s.pool_id else '' end,
      rp.product_key || ', ' || r.status || case when s.pool_id <> r.pool_id then ', in pool ' || r.pool_id else '' end
    from (
      select * from rebuild.claims where ${all} or subscription = any(${subscriptions}) or pool_id = any(${pools}::uuid[])
    ) r
    full join (
      select coalesce(m.stripe_subscription_id, c.subscription_id::text) as subscription, c.plan_ladder_id, c.pool_id, c.product_id, c.status
      from entitlements.subscription_claims c left join stripe.subscriptions m using (subscription_id)
      where ${all} or c.subscription_id = any(${ids}::uuid[]) or c.pool_id = any(${pools}::uuid[])
    ) s on s.subscription = r.subscription and s.plan_ladder_id = r.plan_ladder_id
    join billing.plan_ladders l on l.plan_ladder_id = coalesce(r.plan_ladder_id, s.plan_ladder_id)
    left join billing.products sp on sp.product_id = s.product_id
    left join billing.products rp on rp.product_id = r.product_id
    where (r.product_id, r.status, r.pool_id) is distinct from (s.product_id, s.status, s.pool_id)`
  return count
}

async function differentAddons(tx: Tx, { all, pools, subscriptions, ids }: Asked): Promise<number> {
  const { count } = await tx`
    insert into rebuild.differences (what, pool_id, subscription, subject, stands, rebuilt)
    select 'addon', coalesce(r.pool_id, s.pool_id), coalesce(r.subscription, s.subscription), p.product_key,
      s.quantity || ', ' || s.status || case when s.pool_id <> r.pool_id then ', in pool ' || s.pool_id else '' end,
      r.quantity || ', ' || r.status || case when s.pool_id <> r.pool_id then ', in pool ' || r.pool_id else '' end
    from (
      select * from rebuild.addons where ${all} or subscription = any(${subscriptions}) or pool_id = any(${pools}::uuid[])
    ) r
    full join (
      select coalesce(m.stripe_subscription_id, v.subscription_id::text) as subscription, v.product_id, v.pool_id, v.quantity, v.status
      from entitlements.pool_provisions v left join stripe.subscriptions m using (subscription_id)
      where v.subscription_id is not null and v.ended_at is null
        and (${all} or v.subscription_id = any(${ids}::uuid[]) or v.pool_id = any(${pools}::uuid[]))
        and not exists (select from entitlements.pool_provision_ladders a where a.provision_id = v.provision_id)
    ) s on s.subscription = r.subscription and s.product_id = r.product_id
    join billing.products p on p.product_id = coalesce(r.product_id, s.product_id)
    where (r.quantity, r.status, r.pool_id) is distinct from (s.quantity, s.status, s.pool_id)`
  return count
}

async function differentChanges(tx: Tx, { all, subscriptions, ids }: Asked): Promise<number> {
  const { count } = await tx`
    insert into rebuild.differences (what, pool_id, subscription, subject, stands, rebuilt)
    select 'change', o.pool_id, coalesce(r.subscription, m.stripe_subscription_id, s.subscription_id::text),
      concat_ws(' ', coalesce(r.event_id, s.event_id), coalesce(r.change_kind, s.change_kind), nullif(coalesce(r.item, s.item), '')),
      case when s.event_id is not null then concat_ws(', ', format('from %s to %s', coalesce(s.from_value::text, '–'), coalesce(s.to_value::text, '–')),
        s.from_amount || ' → ' || s.to_amount || ' ' || s.currency, 'duplicate of ' || s.duplicate_of) end,
      case when r.event_id is not null then concat_ws(', ', format('from %s to %s', coalesce(r.from_value::text, '–'), coalesce(r.to_value::text, '–')),
        r.from_amount || ' → ' || r.to_amount || ' ' || r.currency, 'duplicate of ' || r.duplicate_of) end
    from (select * from rebuild.changes where ${all} or subscription = any(${subscriptions})) r
    full join (
      select * from billing.subscription_changes
      where source = 'event' and (${all} or subscription_id = any(${ids}::uuid[]))
    ) s on s.event_id = r.event_id and s.change_kind = r.change_kind and s.item = r.item
    left join stripe.subscriptions m on m.subscription_id = s.subscription_id
    left join rebuild.subscriptions o on o.subscription = coalesce(r.subscription, m.stripe_subscription_id)
    where (
        r.subscription_id, r.from_value, r.to_value, r.from_amount, r.to_amount, r.currency, r.recurring_interval, r.interval_count,
        r.occurred_at, r.duplicate_of
      ) is distinct from (
        s.subscription_id, s.from_value, s.to_value, s.from_amount, s.to_amount, s.currency, s.recurring_interval, s.interval_count,
        s.occurred_at, s.duplicate_of
      )`
  return count
}

/** Of what the record leaves open only that is compared: that it is held, and not settled by what is no record. */
async function notHeld(tx: Tx, { all, pools, subscriptions }: Asked): Promise<number> {
  const { count } = await tx`
    insert into rebuild.differences (what, pool_id, subscription, subject, stands, rebuilt)
    select 'held', r.pool_id, r.subscription, '', format('settled by %s', coalesce(s.resolved_by, 'nothing')), format('held: %s', r.held_reason)
    from rebuild.subscriptions r
    join stripe.subscriptions s on s.stripe_subscription_id = r.subscription
    where r.outcome = 'held' and s.unresolved is null
      and (${all} or r.subscription = any(${subscriptions}) or r.pool_id = any(${pools}::uuid[]))
      and not exists (
        select from stripe.events e join stripe.event_writes w using (event_id)
        where e.stripe_subscription_id = r.subscription and e.trail_kind is not null
          and w.write = 'enrollment' and w.state = 'waiting')`
  return count
}
