import type { Db } from './types.ts'

/**
 * Does work that is done in one process at a time, over all that share this database. The lock is a connection's, and not a row:
 * a process that dies, however hard, leaves none behind.
 * @param name what is done, the same for all who do it
 * @returns what the work came to; `busy`: somebody else is at it, and nothing was done
 */
export async function alone<T>(db: Db, name: string, work: () => Promise<T>): Promise<T | 'busy'> {
  const key = `stepladder.${name}`
  const connection = await db.reserve()
  try {
    const [lock] = await connection<{ held: boolean }[]>`
      select pg_try_advisory_lock(hashtextextended(${key}, 0)) as held`
    if (!lock!.held) return 'busy'
    try {
      return await work()
    } finally {
      await connection`select pg_advisory_unlock(hashtextextended(${key}, 0))`
    }
  } finally {
    connection.release()
  }
}
