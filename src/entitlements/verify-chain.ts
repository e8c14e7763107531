import type { Reader } from '../db/types.ts'

export type ViolationKind =
  | 'hash'
  | 'sequence'
  | 'link'
  | 'step'
  | 'place'
  | 'cause_twice'
  | 'copy'
  | 'two_live'

export type Violation = {
  kind: ViolationKind
  pool_id: string
  ladder: string
  /** The history row concerned, where it is one. */
  sequence: number | null
  /** A plain sentence. */
  detail: string
}

type Found = {
  kind: ViolationKind
  poolId: string
  ladder: string
  sequence: number | null
  detail: string
}

/**
 * Checks the audit chain and the invariants of enrollment against each other, reading only. Independent of the code that
 * writes: hashes are computed again by the database, and what stands is compared with what history says.
 * `checked` is the number of history rows looked at.
 */
export async function verifyAudit(reader: Reader): Promise<{ checked: number; violations: Violation[] }> {
  const [counted, ...found] = await Promise.all([
    reader<{ checked: number }[]>`select count(*) as checked from entitlements.pool_provision_transitions`,
    brokenChain(reader),
    placesUnlikeHistory(reader),
    causesTwice(reader),
    copiesUnlikeProvisions(reader),
    severalLive(reader),
  ])
  const violations = found
    .flat()
    .map(({ poolId, ...rest }) => ({ ...rest, pool_id: poolId }))
    .sort((a, b) => (`${a.pool_id} ${a.ladder}` < `${b.pool_id} ${b.ladder}` ? -1 : 1))
  return { checked: counted[0]!.checked, violations }
}

/** Each row's own hash, the count, the link to the row before, and that each move begins where the last one ended. */
async function brokenChain(reader: Reader): Promise<Found[]> {
  return reader<Found[]>`
    with chain as (
      select m as entry, m.pool_id, m.plan_ladder_id, m.sequence, m.hash, m.previous_hash, m.effective_at,
             m.from_provision_id, m.to_provision_id, m.transition_type, m.from_rank, m.to_rank,
             lag(m.sequence) over w as before_sequence, lag(m.hash) over w as before_hash,
             lag(m.to_provision_id) over w as before_provision, lag(m.effective_at) over w as before_effective
        from entitlements.pool_provision_transitions m
      window w as (partition by m.pool_id, m.plan_ladder_id order by m.sequence)
    )
    select f.kind, c.pool_id, l.ladder_key as ladder, c.sequence, f.detail
      from chain c
      join billing.plan_ladders l on l.plan_ladder_id = c.plan_ladder_id
      cross join lateral (values
        ('hash', c.hash is distinct from entitlements.transition_hash(c.entry),
         format('history row %s was altered: its hash does not follow from its columns', c.sequence)),
        ('sequence', c.sequence <> coalesce(c.before_sequence, 0) + 1,
         format('history jumps from row %s to row %s', coalesce(c.before_sequence, 0), c.sequence)),
        ('link', c.previous_hash is distinct from c.before_hash,
         format('history row %s does not carry the hash of the row before it', c.sequence)),
        ('step', c.from_provision_id is distinct from c.before_provision,
         format('history row %s does not begin where the row before it ended', c.sequence)),
        ('step', c.effective_at < c.before_effective,
         format('history row %s took effect before the row before it', c.sequence)),
        ('step', c.transition_type is distinct from (case
           when c.from_provision_id is null then 'initiate' when c.to_provision_id is null then 'end'
           when c.from_rank is null or c.to_rank > c.from_rank then 'upgrade'
           when c.to_rank < c.from_rank then 'downgrade' else 'extend' end),
         format('history row %s is called %s, which its ranks do not say', c.sequence, c.transition_type))
      ) as f (kind, broken, detail)
     where f.broken`
}

/** The chain played to its end must be the live attachment, and every live attachment must have a chain. */
async function placesUnlikeHistory(reader: Reader): Promise<Found[]> {
  return reader<Found[]>`
    with told as (
      select distinct on (pool_id, plan_ladder_id) pool_id, plan_ladder_id, sequence, to_provision_id
        from entitlements.pool_provision_transitions order by pool_id, plan_ladder_id, sequence desc
    ), stands as (
      select pool_id, plan_ladder_id, provision_id from entitlements.pool_provision_ladders where ended_at is null
    )
    select 'place' as kind, pool_id, l.ladder_key as ladder, told.sequence,
           case when told.pool_id is null then 'a pool stands on this ladder, and history does not know it'
                when stands.provision_id is null then 'history ends with a provision that is not attached any more'
                when told.to_provision_id is null then 'history ends with leaving the ladder, and the pool stands on it'
                else 'the pool stands on another provision than the last of its history' end as detail
      from told full join stands using (pool_id, plan_ladder_id)
      join billing.plan_ladders l using (plan_ladder_id)
     where told.to_provision_id is distinct from stands.provision_id`
}

/** D25: one cause moves a pool once on a ladder; the default re-applied after its end is a move of its own. */
async function causesTwice(reader: Reader): Promise<Found[]> {
  return reader<Found[]>`
    select 'cause_twice' as kind, m.pool_id, l.ladder_key as ladder, max(m.sequence) as sequence,
           format('%s %s moved the pool %s times', m.cause_kind, m.cause_id, count(*)) as detail
      from entitlements.pool_provision_transitions m
      join billing.plan_ladders l using (plan_ladder_id)
      left join entitlements.pool_provisions v on v.provision_id = m.to_provision_id
      left join entitlements.grants g on g.grant_id = v.grant_id
     where m.cause_kind in ('event', 'fetch') and m.cause_id is not null
       and not (m.transition_type = 'initiate' and m.actor_type = 'system' and g.grant_reason = 'default')
     group by m.pool_id, m.plan_ladder_id, l.ladder_key, m.cause_kind, m.cause_id
    having count(*) > 1`
}

/** R14: what an attachment says of pool, status and times is its provision's. */
async function copiesUnlikeProvisions(reader: Reader): Promise<Found[]> {
  return reader<Found[]>`
    select 'copy' as kind, v.pool_id, l.ladder_key as ladder, null::bigint as sequence,
           format('attachment of provision %s is not a copy of it', v.provision_id) as detail
      from entitlements.pool_provision_ladders a
      join entitlements.pool_provisions v on v.provision_id = a.provision_id
      join billing.plan_ladders l using (plan_ladder_id)
     where (a.pool_id, a.status, a.activated_at, a.ended_at) is distinct from (v.pool_id, v.status, v.activated_at, v.ended_at)`
}

/** R17, from the provisions and not from the table whose constraint forbids it. */
async function severalLive(reader: Reader): Promise<Found[]> {
  return reader<Found[]>`
    select 'two_live' as kind, v.pool_id, l.ladder_key as ladder, null::bigint as sequence,
           format('%s provisions are live on one ladder', count(*)) as detail
      from entitlements.pool_provision_ladders a
      join entitlements.pool_provisions v on v.provision_id = a.provision_id
      join billing.plan_ladders l using (plan_ladder_id)
     where v.ended_at is null
     group by v.pool_id, l.ladder_key
    having count(*) > 1`
}
