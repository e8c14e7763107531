import { holdCatalog } from '../billing/hold-catalog.ts'
import type { Db, Reader, Tx } from '../db/types.ts'
import { lockPools } from './lock-pools.ts'
import { mayBeId } from './locked-pool.ts'
import { closeGrants } from './revoke-grant.ts'
import { type SettledMove, type SettleRequest, settlePools } from './settle-pools.ts'

/** What became of one grant whose expiry was rung for. */
export type GrantExpired = {
  /** `not_due`: its end is ahead, or it has none. `already`: it was closed before, by an extension for example (R48). */
  kind: 'expired' | 'already' | 'not_due' | 'unknown'
  moves: SettledMove[]
}

/** The moment by which ends are judged: the claims are read by the same clock, and a process's own may be off. */
export async function databaseClock(reader: Reader): Promise<Date> {
  const [clock] = await reader<{ now: Date }[]>`select clock_timestamp() as now`
  return clock!.now
}

/**
 * Ends one grant if its end has come by `now` (R45): the place passes to the best claim that is left, else it ends and
 * the default is re-applied; only if this grant held it. Keyed to this grant alone, so that what was set for a grant that was
 * extended since changes nothing (R48). Run twice, it does it once.
 */
export async function expireGrant(db: Db, grantId: string, now: Date): Promise<GrantExpired> {
  return db.begin(async (tx) => {
    await holdCatalog(tx)
    const [grant] = mayBeId(grantId)
      ? await tx<{ poolId: string }[]>`select pool_id from entitlements.grants where grant_id = ${grantId}`
      : []
    if (!grant) return { kind: 'unknown', moves: [] }
    await lockPools(tx, [grant.poolId])
    const [state] = await tx<{ closed: boolean; due: boolean }[]>`
      select closed_at is not null as closed, coalesce(valid_until <= ${now}, false) as due
        from entitlements.grants where grant_id = ${grantId}`
    if (state!.closed) return { kind: 'already', moves: [] }
    if (!state!.due) return { kind: 'not_due', moves: [] }
    return { kind: 'expired', moves: (await endAll(tx, [{ kind: 'grant', id: grantId }])).moves }
  })
}

export type DueExpired = {
  /** false: another process does it at this moment. */
  swept: boolean
  grants: number
  ceilings: number
  /** Places that moved by it. */
  moves: number
  /** Grants and ceilings that could not be ended, with the error: the next pass tries again, and they hold up nobody. */
  failed: { kind: 'grant' | 'ceiling'; id: string; error: unknown }[]
}

type Due = { kind: 'grant' | 'ceiling'; id: string; dueAt: string }

/**
 * One pass over everything whose end has come by `now`: grants, plans and add-ons alike, and ceilings. It reads Postgres alone and
 * needs no memory of any queue. In batches of so many, each a transaction of its own; one that fails is taken one by one.
 */
export async function expireDueGrants(db: Db, now: Date, batch = 200): Promise<DueExpired> {
  const done: DueExpired = { swept: true, grants: 0, ceilings: 0, moves: 0, failed: [] }
  let after: Due = { kind: 'ceiling', id: '00000000-0000-0000-0000-000000000000', dueAt: '-infinity' }
  for (;;) {
    const due = await dueAfter(db, now, after, batch)
    if (due.length === 0) return done
    try {
      const ended = await db.begin(async (tx) => {
        await holdCatalog(tx)
        return alone(tx, () => endAll(tx, due))
      })
      if (!ended) return { ...done, swept: false }
      count(ended)
    } catch (error) {
      if (due.length === 1) done.failed.push({ kind: due[0]!.kind, id: due[0]!.id, error })
      else for (const one of due) await byItself(one)
    }
    after = due.at(-1)!
    if (due.length < batch) return done
  }

  async function byItself(one: Due): Promise<void> {
    try {
      const ended = await db.begin(async (tx) => {
        await holdCatalog(tx)
        return endAll(tx, [one])
      })
      count(ended)
    } catch (error) {
      done.failed.push({ kind: one.kind, id: one.id, error })
    }
  }
  function count(ended: Ended) {
    done.grants += ended.grants
    done.ceilings += ended.ceilings
    done.moves += ended.moves.length
  }
}

type Ended = { grants: number; ceilings: number; moves: SettledMove[] }

/** Closes what is still open of all this, under its pools' locks, and settles the pools. That its end has come was seen before. */
async function endAll(tx: Tx, due: readonly Omit<Due, 'dueAt'>[]): Promise<Ended> {
  const idsOf = (kind: Due['kind']) => due.filter((one) => one.kind === kind).map(({ id }) => id)
  const [grants, ceilings] = [idsOf('grant'), idsOf('ceiling')]
  const found = await tx<{ id: string; poolId: string; name: string }[]>`
    select grant_id as id, pool_id, grant_reason || ' grant' as name from entitlements.grants where grant_id = any(${grants}::uuid[])
    union all
    select ceiling_id, pool_id, 'ceiling' from entitlements.ceilings where ceiling_id = any(${ceilings}::uuid[])`
  await lockPools(tx, [...new Set(found.map(({ poolId }) => poolId))])
  const closed = await closeGrants(tx, grants, 'expired')
  const lifted = await tx<{ id: string }[]>`
    update entitlements.ceilings
    set lifted_at = greatest(clock_timestamp(), set_at), lifted_how = 'expired', lifted_reason = 'It ran out', lifted_by_type = 'system'
    where ceiling_id = any(${ceilings}::uuid[]) and lifted_at is null
    returning ceiling_id as id`
  const ended = new Set([...closed, ...lifted.map(({ id }) => id)])
  const requests = found
    .filter(({ id }) => ended.has(id))
    .map(({ id, poolId, name }): SettleRequest => {
      const kind = name === 'ceiling' ? ('ceiling' as const) : ('grant' as const)
      const reason = `The ${name} ran out`
      return { poolId, about: id, actor: { type: 'system' }, reason, cause: { kind, id } }
    })
  const moves = await settlePools(tx, requests)
  return { grants: closed.length, ceilings: lifted.length, moves }
}

/** Several processes sweep: one at a time is enough. Null when another has it. */
async function alone<T>(tx: Tx, work: () => Promise<T>): Promise<T | null> {
  const [lock] = await tx<{ held: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended('stepladder.expire', 0)) as held`
  return lock!.held ? work() : null
}

/** A page of what is due, in the order of its end. The time is carried as text: a Date would lose its microseconds. */
async function dueAfter(reader: Reader, now: Date, after: Due, most: number): Promise<Due[]> {
  return reader<Due[]>`
    select kind, id, valid_until::text as due_at from (
      (select 'grant' as kind, grant_id as id, valid_until from entitlements.grants
        where closed_at is null and valid_until <= ${now} and (valid_until, 'grant', grant_id) > (${after.dueAt}::text::timestamptz, ${after.kind}, ${after.id}::uuid)
        order by valid_until, grant_id limit ${most})
      union all
      (select 'ceiling', ceiling_id, valid_until from entitlements.ceilings
        where lifted_at is null and valid_until <= ${now} and (valid_until, 'ceiling', ceiling_id) > (${after.dueAt}::text::timestamptz, ${after.kind}, ${after.id}::uuid)
        order by valid_until, ceiling_id limit ${most})
    ) due
    order by valid_until, kind, id limit ${most}`
}
