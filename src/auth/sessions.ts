import { randomBytes } from 'node:crypto'
import type { Reader } from '../db/types.ts'
import { type Caller, callerOfKey, hashOf } from './api-keys.ts'

/** How long a browser stays signed in, in seconds. */
export const sessionSeconds = 12 * 60 * 60

const tokenForm = /^[\w-]{43}$/

/**
 * Exchanges an API key for a session: the browser then carries a token that ends by itself and that signing out ends at
 * once, and the key stays with its owner. Null when the key is nobody's.
 */
export async function openSession(
  sql: Reader,
  key: string,
): Promise<{ token: string; caller: Caller } | null> {
  const caller = await callerOfKey(sql, key)
  if (!caller) return null
  const token = randomBytes(32).toString('base64url')
  await sql`
    insert into auth.sessions (api_key_id, token_hash, expires_at)
    values (${caller.apiKeyId}, ${hashOf(token)}, clock_timestamp() + make_interval(secs => ${sessionSeconds}))`
  return { token, caller }
}

/** Whose session a token is; null when it is nobody's, has run out or was ended, or its key was revoked. */
export async function callerOfSession(sql: Reader, token: string): Promise<Caller | null> {
  if (!tokenForm.test(token)) return null
  const [caller] = await sql<Caller[]>`
    select k.api_key_id, k.tenant_id, k.role, k.scopes, k.name
    from auth.sessions s join auth.api_keys k using (api_key_id)
    where s.token_hash = ${hashOf(token)}
      and s.revoked_at is null and s.expires_at > clock_timestamp() and k.revoked_at is null`
  return caller ?? null
}

/** Signs out. A token that is nobody's is no error. */
export async function closeSession(sql: Reader, token: string): Promise<void> {
  if (!tokenForm.test(token)) return
  await sql`
    update auth.sessions set revoked_at = clock_timestamp()
    where token_hash = ${hashOf(token)} and revoked_at is null`
}
