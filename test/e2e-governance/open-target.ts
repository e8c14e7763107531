import { callerOfKey, createApiKey, revokeApiKey } from '../../src/auth/api-keys.ts'
import { readRunFile } from '../../src/cli/run-file.ts'
import type { Config } from '../../src/config.ts'
import { applicationUrl, checkServer, connect } from '../../src/db/connect.ts'
import type { Db } from '../../src/db/types.ts'
import { Refused, UsageError } from '../../src/errors.ts'
import type { ChosenTarget } from './chosen-target.ts'

/** What the suite works with: HTTP for what it is about, and the database for what no address offers. */
export type Target = {
  url: string
  apiKey: string
  /** Plans are seeded and cleared away there: nothing over HTTP makes a paused plan, or deletes one (D7). */
  db: Db
  tenantId: string
  release: () => Promise<void>
}

/**
 * @throws UsageError `database_missing`; Unavailable where it does not answer; Refused `target_differs` when the key is unknown there:
 * another deployment's database, or no key
 */
export async function openTarget(
  chosen: ChosenTarget,
  config: Pick<Config, 'databaseUrl' | 'home'>,
): Promise<Target> {
  const databaseUrl = config.databaseUrl ?? (await readRunFile(config.home))?.database_url
  if (!databaseUrl) {
    throw new UsageError(
      'database_missing',
      'The database of that deployment is not known, and a paused plan can be seeded nowhere else.',
      'Set DATABASE_URL to it, or STEPLADDER_HOME to the home of a Stepladder that runs on this machine.',
    )
  }
  const db = connect(await applicationUrl(databaseUrl), { max: 2, applicationName: 'e2e:governance' })
  try {
    await checkServer(db, 'DATABASE_URL')
    const own = chosen.kind === 'local' ? await passingKey(db) : null
    const apiKey = chosen.kind === 'named' ? chosen.apiKey : own!.key
    const caller = await callerOfKey(db, apiKey)
    if (!caller) {
      throw new Refused(
        'target_differs',
        'STEPLADDER_API_KEY is no key in that database: it is another deployment’s, or was revoked.',
        'Let STEPLADDER_URL, STEPLADDER_API_KEY and DATABASE_URL name one deployment.',
      )
    }
    const release = async () => {
      if (own) await revokeApiKey(db, own.id)
      await db.end({ timeout: 2 })
    }
    return { url: chosen.url, apiKey, db, tenantId: caller.tenantId, release }
  } catch (error) {
    await db.end({ timeout: 2 })
    throw error
  }
}

/** On one's own machine a plan approver's key is made for this run, and revoked after it. */
function passingKey(db: Db) {
  return createApiKey(db, { role: 'plan_approver', name: 'made for one run of e2e:governance' })
}
