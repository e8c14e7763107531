import type { Reader, Tx } from '../db/types.ts'

/** A kind of organization, and the ladder on whose rank 0 a new one of that kind starts; null: on none (R35). */
export type OrgType = { key: string; name: string; defaultLadder: string | null }

/** Every org type, by key. */
export async function readOrgTypes(reader: Reader): Promise<OrgType[]> {
  return reader<OrgType[]>`
    select y.org_type_key as key, y.name, l.ladder_key as default_ladder
    from organization.org_types y
    left join billing.plan_ladders l on l.plan_ladder_id = y.default_plan_ladder_id
    order by y.org_type_key collate "C"
  `
}

/** How many organizations of a tenant are of each type, by the type's key; a type without any is left out. */
export async function countByOrgType(reader: Reader, tenantId: string): Promise<Map<string, number>> {
  const rows = await reader<{ key: string; count: number }[]>`
    select y.org_type_key as key, count(*)::integer as count
    from organization.organizations o join organization.org_types y using (org_type_id)
    where o.tenant_id = ${tenantId}
    group by y.org_type_key
  `
  return new Map(rows.map(({ key, count }) => [key, count]))
}

/**
 * Writes org types, new or changed. Another default counts for organizations created from now on and for whoever leaves a
 * ladder later; it moves nobody by itself (R39).
 */
export async function putOrgTypes(tx: Tx, orgTypes: readonly OrgType[]): Promise<void> {
  if (orgTypes.length === 0) return
  const rows = orgTypes.map(({ key, name, defaultLadder }) => ({ key, name, default_ladder: defaultLadder }))
  await tx`
    insert into organization.org_types as y (org_type_key, name, default_plan_ladder_id)
    select w.key, w.name, l.plan_ladder_id
    from jsonb_to_recordset(${tx.json(rows)}) as w (key text, name text, default_ladder text)
    left join billing.plan_ladders l on l.ladder_key = w.default_ladder
    order by w.key
    on conflict (org_type_key) do update
    set name = excluded.name, default_plan_ladder_id = excluded.default_plan_ladder_id, updated_at = now()
  `
}
