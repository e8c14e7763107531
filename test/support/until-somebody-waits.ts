import { expect } from 'vitest'
import type { Db } from '../../src/db/types.ts'

/** Until a connection of this database waits for what another one holds. `owner` sees them all. */
export async function untilSomebodyWaits(owner: Db): Promise<void> {
  const waiting = async () => {
    const [row] = await owner<{ n: number }[]>`
      select count(*)::int as n from pg_locks l join pg_stat_activity a using (pid)
      where a.datname = current_database() and not l.granted`
    return row!.n
  }
  await expect.poll(waiting, { timeout: 30_000 }).toBeGreaterThan(0)
}
