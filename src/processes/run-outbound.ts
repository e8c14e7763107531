import type { Config } from '../config.ts'
import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import { deliverDue } from '../outbound/deliver.ts'
import { raiseAlarm } from '../stripe/alarms.ts'

/** The name of the delivering task on the queue of upkeep. */
export const outboundTask = 'outbound'

/**
 * One pass over what other systems are to be told. One process at a time, or the moves of a pool could overtake each other: the lock is
 * the connection's, and goes with it should the process die.
 */
export async function runOutbound(
  { db, config, log }: { db: Db; config: Partial<Pick<Config, 'outboundPrivateAddresses'>>; log: Log },
  signal: AbortSignal,
): Promise<void> {
  const connection = await db.reserve()
  try {
    const [lock] = await connection<{ held: boolean }[]>`
      select pg_try_advisory_lock(hashtextextended('stepladder.outbound.deliver', 0)) as held`
    if (!lock!.held) return
    try {
      await deliverDue(db, {
        allowed: config.outboundPrivateAddresses ?? 'none',
        now: () => new Date(),
        signal,
        async disabled({ endpointId, tenantId: tenant, why }) {
          await raiseAlarm(
            db,
            'webhook_endpoint_disabled',
            endpointId,
            `Nothing taken for three days: ${why}`,
          )
          log.warn(
            { part: 'outbound', tenant },
            'A webhook endpoint took nothing for three days: it is disabled',
          )
        },
      })
    } finally {
      await connection`select pg_advisory_unlock(hashtextextended('stepladder.outbound.deliver', 0))`
    }
  } finally {
    connection.release()
  }
}
