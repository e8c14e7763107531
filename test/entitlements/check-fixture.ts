import type { Reader } from '../../src/db/types.ts'
import type { FeatureValue } from '../../src/entitlements/check-feature.ts'
import type { Asked } from '../../src/entitlements/check-holdings.ts'
import { aProduct, type Organization } from './fixture.ts'

/** What a product includes, as applying a catalog would write it. */
export async function includes(
  sql: Reader,
  { productId, productKey }: { productId: string; productKey: string },
  features: Record<string, FeatureValue>,
): Promise<void> {
  await sql`
    with made as (
      insert into entitlements.entitlement_sets (set_key, product_id) values (${productKey}, ${productId})
      on conflict (set_key) do update set set_key = excluded.set_key returning entitlement_set_id
    )
    insert into entitlements.entitlement_set_features (entitlement_set_id, feature_key, value)
    select entitlement_set_id, key, value from made, jsonb_each(${sql.json(features)})
    on conflict (entitlement_set_id, feature_key) do update set value = excluded.value`
}

export async function anAddon(sql: Reader, features: Record<string, FeatureValue>) {
  const product = await aProduct(sql, 'addon')
  await includes(sql, product, features)
  return product
}

export function about({ tenantId, organizationId }: Organization): Asked {
  return { tenantId, by: 'organization', name: organizationId }
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  milliseconds = 5_000,
): Promise<void> {
  const end = performance.now() + milliseconds
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`It did not come within ${milliseconds} ms.`)
    await pause(5)
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** The server's processes that listen for a pool: their process ids. */
export async function listeners(sql: Reader): Promise<number[]> {
  const rows = await sql<{ pid: number }[]>`
    select pid from pg_stat_activity where datname = current_database() and application_name like '%listening'`
  return rows.map(({ pid }) => pid)
}
