import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { callerOfKey, createApiKey } from '../auth/api-keys.ts'
import type { Db } from '../db/types.ts'

/** The signing secret that local mode makes for itself when none is set, and goes on using: `$STEPLADDER_HOME/webhook-secret`. */
export function localWebhookSecret(home: string): string {
  const kept = readKept(home, 'webhook-secret')
  if (kept?.startsWith('whsec_')) return kept
  const made = `whsec_${randomBytes(24).toString('hex')}`
  keepSecret(home, 'webhook-secret', made)
  return made
}

/**
 * An operator's API key for the person at this machine: `$STEPLADDER_HOME/operator-key`. Made again should it have been
 * revoked, or belong to a database that was since replaced.
 */
export async function localOperatorKey(app: Db, home: string): Promise<string> {
  const kept = readKept(home, 'operator-key')
  if (kept && (await callerOfKey(app, kept))?.role === 'operator') return kept
  const { key } = await createApiKey(app, { role: 'operator', name: 'made by `stepladder start`' })
  keepSecret(home, 'operator-key', key)
  return key
}

function readKept(home: string, name: string): string | null {
  try {
    return readFileSync(join(home, name), 'utf8').trim()
  } catch {
    return null
  }
}

function keepSecret(home: string, name: string, secret: string): void {
  const file = join(home, name)
  writeFileSync(`${file}.new`, `${secret}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
