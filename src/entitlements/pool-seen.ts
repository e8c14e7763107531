import type { Reader, Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { lockedPool } from './locked-pool.ts'

/** What had happened to an organization when somebody looked, as counts that only grow. Equal: nothing has happened since. */
export type PoolSeen = { moves: number; given: number; ended: number; set: number; lifted: number }

/** Read it together with what is shown, at one moment. Of moves, operators' grants and ceilings; none for an organization that is not known. */
export async function readPoolSeen(reader: Reader, organizationId: string): Promise<PoolSeen> {
  const [seen] = await reader<PoolSeen[]>`
    select (select count(*) from entitlements.resource_pools p join entitlements.pool_provision_transitions m using (pool_id)
             where p.organization_id = ${organizationId})::int as moves,
           count(*)::int as given, count(closed_at)::int as ended,
           (select count(*) from entitlements.ceilings where organization_id = ${organizationId})::int as set,
           (select count(lifted_at) from entitlements.ceilings where organization_id = ${organizationId})::int as lifted
      from entitlements.grants where organization_id = ${organizationId} and grant_reason <> 'default'`
  return seen!
}

const form = /^\d{1,9}(\.\d{1,9}){4}$/

/** As a form carries it. */
export function writePoolSeen({ moves, given, ended, set, lifted }: PoolSeen): string {
  return [moves, given, ended, set, lifted].join('.')
}

/** Null for what `writePoolSeen` did not write. */
export function parsePoolSeen(text: string | null): PoolSeen | null {
  if (text === null || !form.test(text)) return null
  const [moves, given, ended, set, lifted] = text.split('.').map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return { moves, given, ended, set, lifted }
}

/**
 * Of two who act on one organization at once, the second is told what happened instead of deciding about what is not there any
 * more. Under the pool's lock, which every decision and every move takes, so nothing can come between this and what follows.
 * @throws Refused `organization_unknown` (404), `changed_meanwhile` (409), which says who did what
 */
export async function refuseIfChanged(
  tx: Tx,
  { tenantId, organizationId, seen }: { tenantId: string; organizationId: string; seen: PoolSeen },
): Promise<void> {
  await lockedPool(tx, tenantId, organizationId)
  if (writePoolSeen(await readPoolSeen(tx, organizationId)) === writePoolSeen(seen)) return
  const happened = await happenedSince(tx, organizationId, seen)
  const told = happened.slice(-3).map(({ says, at }) => `${says} at ${timeOf(at)}`)
  throw new Refused(
    'changed_meanwhile',
    `Nothing was done, since this has changed while you looked: ${told.join('; ') || 'look at it again'}.`,
    'Look at it as it stands now, and decide again.',
  )
}

type Happening = { at: Date; says: string }

/** What the counts do not know yet, in order. Moves that an operator's decision caused are told by that decision. */
function happenedSince(reader: Reader, organizationId: string, seen: PoolSeen): Promise<Happening[]> {
  return reader<Happening[]>`
    with given as (
      select g.granted_at as at, coalesce(g.actor_name, g.actor_type) || case when g.grant_reason = 'extension' then ' extended ' else ' gave ' end
             || p.name as says
        from entitlements.grants g join billing.products p using (product_id)
       where g.organization_id = ${organizationId} and g.grant_reason <> 'default'
       order by g.granted_at, g.grant_id offset ${seen.given}
    ), ended as (
      select g.closed_at as at, case g.closed_reason when 'expired' then 'the grant of ' || p.name || ' ran out'
               else coalesce(m.actor || ' revoked the grant of ' || p.name, 'the grant of ' || p.name || ' was revoked') end as says
        from (select * from entitlements.grants
               where organization_id = ${organizationId} and grant_reason <> 'default' and closed_at is not null
               order by closed_at, grant_id offset ${seen.ended}) g
        join billing.products p using (product_id)
        left join lateral (
          select coalesce(actor_name, actor_type) as actor from entitlements.pool_provision_transitions
           where pool_id = g.pool_id and cause_id = g.grant_id::text and actor_type = 'operator' and effective_at >= g.closed_at
           order by effective_at limit 1) m on true
       where g.closed_reason <> 'extended'
    ), set as (
      select c.set_at as at, coalesce(c.actor_name, c.actor_type) || ' set ' || l.name || ' to ' || p.name || ' at most' as says
        from entitlements.ceilings c join billing.plan_ladders l using (plan_ladder_id) join billing.products p using (product_id)
       where c.organization_id = ${organizationId}
       order by c.set_at, c.ceiling_id offset ${seen.set}
    ), lifted as (
      select c.lifted_at as at, case c.lifted_how when 'expired' then 'the ceiling of ' || p.name || ' ran out'
               else coalesce(c.lifted_by_name, c.lifted_by_type) || ' lifted the ceiling of ' || p.name end as says
        from (select * from entitlements.ceilings where organization_id = ${organizationId} and lifted_at is not null
               order by lifted_at, ceiling_id offset ${seen.lifted}) c
        join billing.products p using (product_id)
       where c.lifted_how <> 'replaced'
    ), moved as (
      select m.effective_at as at, coalesce(m.actor_name, m.actor_type) || ' moved ' || l.name
               || coalesce(' from ' || f.name, '') || coalesce(' to ' || t.name, ' to no tier') as says
        from (select m.* from entitlements.resource_pools p join entitlements.pool_provision_transitions m using (pool_id)
               where p.organization_id = ${organizationId}
               order by m.effective_at, m.plan_ladder_id, m.sequence offset ${seen.moves}) m
        join billing.plan_ladders l using (plan_ladder_id)
        left join billing.products f on f.product_id = m.from_product_id
        left join billing.products t on t.product_id = m.to_product_id
       where m.cause_kind not in ('grant', 'ceiling')
    )
    select at, says from given union all select at, says from ended union all select at, says from set
    union all select at, says from lifted union all select at, says from moved
    order by at`
}

function timeOf(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
