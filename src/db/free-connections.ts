import type { Db } from './types.ts'

/**
 * Statements and transactions after which all free connections are used once, together. Up to then the search costs two
 * microseconds; without it, it costs 20 more with every 100,000 (decision 0076).
 */
const often = 5_000

/**
 * A pool that stays as fast as it began. postgres.js takes free connections from the front of a list, which it cuts only when
 * the last one is taken, and it searches the whole list at each use: in a process that is never that busy it gets longer, and
 * each statement slower, for as long as the process runs. So once in a while each free connection is given something to do, all
 * in one turn of the event loop, and the list starts anew.
 * @param max connections of the pool at most
 */
export function withShortList(pool: Db, max: number): Db {
  let used = 0
  function count(): void {
    if (++used % often === 0) useAll()
  }
  function useAll(): void {
    for (let n = 0; n < max; n++) {
      // Whoever needs the database finds out by themselves that it is away.
      pool`select 1`.catch(() => {})
    }
  }
  const counted = (...call: Parameters<Db>) => {
    count()
    return pool(...call)
  }
  const begin = (...call: Parameters<Db['begin']>) => {
    count()
    return pool.begin(...call)
  }
  return Object.assign(counted, pool, { begin }) as Db
}
