import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { getLadder, type Ladder, listLadders } from './ladders.ts'
import { refuseTiersInUse } from './tier-in-use.ts'

/**
 * Adds a ladder, without tiers. One that was deleted after it had been used comes back under its key, with its history.
 * The caller holds the catalog alone.
 * @throws Refused `ladder_key_taken` (409)
 */
export async function createLadder(
  tx: Tx,
  asked: { key: string; name: string; description?: string | null | undefined },
): Promise<Ladder> {
  const { key, name, description = null } = asked
  const [there] = await listLadders(tx, { key, limit: 1 })
  if (there) {
    throw new Refused(
      'ladder_key_taken',
      `There is a ladder with the key ${key} already.`,
      'Use that ladder, or choose another key.',
    )
  }
  await tx`
    insert into billing.plan_ladders (ladder_key, name, description) values (${key}, ${name}, ${description})
    on conflict (ladder_key) do update
    set name = excluded.name, description = excluded.description, is_active = true, updated_at = now()
  `
  return getLadder(tx, key)
}

/**
 * Renames a ladder, or describes it anew. The caller holds the catalog alone.
 * @throws Refused `ladder_unknown` (404)
 */
export async function changeLadder(
  tx: Tx,
  key: string,
  asked: { name?: string | undefined; description?: string | null | undefined },
): Promise<Ladder> {
  const held = await getLadder(tx, key)
  const name = asked.name ?? held.name
  const description = asked.description === undefined ? held.description : asked.description
  await tx`
    update billing.plan_ladders set name = ${name}, description = ${description}, updated_at = now()
    where ladder_key = ${key}
  `
  return getLadder(tx, key)
}

/**
 * Deletes a ladder with its tiers (R61). One that was ever used is kept, inactive and without tiers, because its history
 * names it (D13). The caller holds the catalog alone.
 * @throws Refused `ladder_unknown` (404), `ladder_is_default`, `tier_in_use`, `tier_claimed` (409)
 */
export async function deleteLadder(tx: Tx, key: string): Promise<'deleted' | 'deactivated'> {
  const { tiers, defaultOf } = await getLadder(tx, key)
  if (defaultOf.length > 0) {
    throw new Refused(
      'ladder_is_default',
      `Organizations of type ${defaultOf.join(', ')} start on ${key}.`,
      'Give those org types another default ladder, or none, first.',
    )
  }
  refuseTiersInUse(key, tiers)
  await tx`
    delete from billing.plan_ladder_tiers
    where plan_ladder_id = (select plan_ladder_id from billing.plan_ladders where ladder_key = ${key})
  `
  try {
    await tx.savepoint((sp) => sp`delete from billing.plan_ladders where ladder_key = ${key}`)
    return 'deleted'
  } catch (error) {
    // 23503: something refers to it. Whatever refers to ladders, now or in later versions, is asked by this and not by a list here.
    if ((error as { code?: string }).code !== '23503') throw error
  }
  await tx`update billing.plan_ladders set is_active = false, updated_at = now() where ladder_key = ${key}`
  return 'deactivated'
}
