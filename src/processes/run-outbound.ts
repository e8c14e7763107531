import type { Config } from '../config.ts'
import { alone } from '../db/alone.ts'
import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import { deliverDue } from '../outbound/deliver.ts'
import { raiseAlarm } from '../stripe/alarms.ts'

/** The name of the delivering task on the queue of upkeep. */
export const outboundTask = 'outbound'

/**
 * One pass over what other systems are to be told. One process at a time, or the moves of a pool could overtake each other; where
 * another is at it, nothing is done.
 */
export async function runOutbound(
  { db, config, log }: { db: Db; config: Partial<Pick<Config, 'outboundPrivateAddresses'>>; log: Log },
  signal: AbortSignal,
): Promise<void> {
  await alone(db, 'outbound.deliver', () =>
    deliverDue(db, {
      allowed: config.outboundPrivateAddresses ?? 'none',
      now: () => new Date(),
      signal,
      async disabled({ endpointId, tenantId: tenant, why }) {
        await raiseAlarm(db, 'webhook_endpoint_disabled', endpointId, `Nothing taken for three days: ${why}`)
        log.warn(
          { part: 'outbound', tenant },
          'A webhook endpoint took nothing for three days: it is disabled',
        )
      },
      async parked({ endpointId, tenantId: tenant, why }) {
        await raiseAlarm(db, 'webhook_delivery_parked', endpointId, `Refused for three days: ${why}`)
        log.warn(
          { part: 'outbound', tenant },
          'A message was refused for three days by a webhook endpoint that takes others: it is parked',
        )
      },
    }),
  )
}
