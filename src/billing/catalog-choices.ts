import type { Reader } from '../db/types.ts'

/** What stands in the catalog under its names: what people choose from, and how keys are called. */
export type CatalogChoices = {
  /** The active ones, by key. */
  ladders: LadderChoice[]
  /** The published ones that are no plan and have a type, by key. */
  flat: { key: string; name: string }[]
  /** Every product and ladder that ever was, by key. */
  productNames: Record<string, string>
  ladderNames: Record<string, string>
}

export type LadderChoice = {
  key: string
  name: string
  /** Those that are published, from the lowest rank up. */
  tiers: { product: string; name: string; rank: number }[]
}

export async function readCatalogChoices(reader: Reader): Promise<CatalogChoices> {
  const [choices] = await reader<CatalogChoices[]>`
    select
      coalesce((
        select jsonb_agg(jsonb_build_object('key', l.ladder_key, 'name', l.name, 'tiers', coalesce((
                 select jsonb_agg(jsonb_build_object('product', p.product_key, 'name', p.name, 'rank', t.rank) order by t.rank)
                   from billing.plan_ladder_tiers t join billing.products p using (product_id)
                  where t.plan_ladder_id = l.plan_ladder_id and p.lifecycle_status = 'published'), '[]'))
               order by l.ladder_key)
          from billing.plan_ladders l where l.is_active), '[]') as ladders,
      coalesce((
        select jsonb_agg(jsonb_build_object('key', p.product_key, 'name', p.name) order by p.product_key)
          from billing.products p join billing.product_kinds k using (product_id)
         where p.lifecycle_status = 'published' and k.product_kind <> 'plan'), '[]') as flat,
      coalesce((select jsonb_object_agg(product_key, name) from billing.products), '{}') as product_names,
      coalesce((select jsonb_object_agg(ladder_key, name) from billing.plan_ladders), '{}') as ladder_names`
  return choices!
}
