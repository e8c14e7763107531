import type { Reader, Tx } from '../db/types.ts'
import type { HeldLadder, HeldProduct } from './held-catalog.ts'

type ProductRow = Omit<HeldProduct, 'stripeProducts' | 'stripePrices'>

/**
 * Every product with what it includes, by key. What a product includes is the entitlement set that Transition would give:
 * the first made for it. Stripe's ids are not billing's affair; whoever knows them adds them.
 */
export async function readProducts(reader: Reader): Promise<ProductRow[]> {
  return reader<ProductRow[]>`
    select p.product_key as key, p.name, p.product_type as type, p.lifecycle_status as status,
           coalesce(f.features, '{}') as features
    from billing.products p
    left join lateral (
      select jsonb_object_agg(f.feature_key, f.value order by f.feature_key) as features
      from entitlements.entitlement_set_features f
      where f.entitlement_set_id = (
        select entitlement_set_id from entitlements.entitlement_sets s
        where s.product_id = p.product_id order by created_at, set_key limit 1
      )
    ) f on true
    order by p.product_key collate "C"
  `
}

/** Every active ladder with its tiers from the lowest rank up. */
export async function readLadders(reader: Reader): Promise<HeldLadder[]> {
  return reader<HeldLadder[]>`
    select l.ladder_key as key, l.name, l.description, coalesce(t.tiers, '[]') as tiers
    from billing.plan_ladders l
    left join lateral (
      select jsonb_agg(jsonb_build_object('product', p.product_key, 'rank', t.rank) order by t.rank) as tiers
      from billing.plan_ladder_tiers t join billing.products p using (product_id)
      where t.plan_ladder_id = l.plan_ladder_id
    ) t on true
    where l.is_active
    order by l.ladder_key collate "C"
  `
}

/** Writes products, new or changed, and makes what each includes exactly its `features`. */
export async function putProducts(tx: Tx, products: readonly ProductRow[]): Promise<void> {
  if (products.length === 0) return
  const rows = tx.json(
    products.map(({ key, name, type, status, features }) => ({ key, name, type, status, features })),
  )
  await tx`
    insert into billing.products as p (product_key, name, product_type, lifecycle_status)
    select key, name, type, status
    from jsonb_to_recordset(${rows}) as w (key text, name text, type text, status text)
    order by key
    on conflict (product_key) do update
    set name = excluded.name, product_type = excluded.product_type, lifecycle_status = excluded.lifecycle_status,
        updated_at = now()
  `
  await tx`
    insert into entitlements.entitlement_sets (set_key, product_id)
    select p.product_key, p.product_id
    from jsonb_to_recordset(${rows}) as w (key text)
    join billing.products p on p.product_key = w.key
    where not exists (select from entitlements.entitlement_sets s where s.product_id = p.product_id)
  `
  await tx`
    with included as (
      select s.entitlement_set_id, w.features
      from jsonb_to_recordset(${rows}) as w (key text, features jsonb)
      join billing.products p on p.product_key = w.key
      cross join lateral (
        select entitlement_set_id from entitlements.entitlement_sets
        where product_id = p.product_id order by created_at, set_key limit 1
      ) s
    ), gone as (
      delete from entitlements.entitlement_set_features f using included i
      where f.entitlement_set_id = i.entitlement_set_id and not i.features ? f.feature_key
    )
    insert into entitlements.entitlement_set_features (entitlement_set_id, feature_key, value)
    select i.entitlement_set_id, f.key, f.value from included i cross join lateral jsonb_each(i.features) f
    on conflict (entitlement_set_id, feature_key) do update set value = excluded.value
  `
}

/**
 * Writes ladders, new or changed, and the ranks of their tiers; a tier that is not among them stays. All are
 * written in one statement, at whose end their ranks have to be unique: so two tiers can change places (D15).
 */
export async function putLadders(tx: Tx, ladders: readonly HeldLadder[]): Promise<void> {
  if (ladders.length === 0) return
  const rows = tx.json(ladders.map(({ key, name, description }) => ({ key, name, description })))
  const tiers = tx.json(
    ladders.flatMap(({ key, tiers }) => tiers.map(({ product, rank }) => ({ ladder: key, product, rank }))),
  )
  await tx`
    insert into billing.plan_ladders as l (ladder_key, name, description)
    select key, name, description from jsonb_to_recordset(${rows}) as w (key text, name text, description text)
    order by key
    on conflict (ladder_key) do update
    set name = excluded.name, description = excluded.description, is_active = true, updated_at = now()
  `
  await tx`
    insert into billing.plan_ladder_tiers as t (plan_ladder_id, product_id, rank)
    select l.plan_ladder_id, p.product_id, w.rank
    from jsonb_to_recordset(${tiers}) as w (ladder text, product text, rank integer)
    join billing.plan_ladders l on l.ladder_key = w.ladder
    join billing.products p on p.product_key = w.product
    order by l.ladder_key, w.rank
    on conflict (plan_ladder_id, product_id) do update set rank = excluded.rank, updated_at = now()
    where t.rank <> excluded.rank
  `
}
