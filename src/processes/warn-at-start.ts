import type { Config } from '../config.ts'
import type { Reader } from '../db/types.ts'
import type { Log } from '../log.ts'
import type { QueueBackend } from '../queue/backend.ts'

/**
 * What a worker says at its start and runs in spite of: whatever the queues' backend finds wrong with itself, and an org type
 * that is named for new customers and is in no catalog yet; they wait until it is.
 * @throws Unavailable when the queues' backend does not answer.
 */
export async function warnAtStart(parts: {
  db: Reader
  backend: QueueBackend
  config: Pick<Config, 'autoProvision'>
  log: Log
}): Promise<void> {
  const { db, backend, config, log } = parts
  for (const warning of await backend.check()) log.warn({ backend: backend.kind }, warning)
  const { autoProvision } = config
  if (autoProvision === null) return
  const [known] = await db`select from organization.org_types where org_type_key = ${autoProvision}`
  if (known) return
  log.warn(
    { waitingOn: `org_type:${autoProvision}` },
    `AUTO_PROVISION names the org type ${autoProvision}, which is not in the catalog: new customers wait until it is`,
  )
}
