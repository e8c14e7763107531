import { createHash, hash, randomBytes } from 'node:crypto'
import type { Db, Reader } from '../db/types.ts'
import { Refused, UsageError } from '../errors.ts'

export const roles = ['operator', 'plan_approver', 'viewer', 'member'] as const
export type Role = (typeof roles)[number]

/** Who asks, once a key or a session has told it. */
export type Caller = {
  apiKeyId: string
  tenantId: string
  role: Role
  scopes: readonly string[]
  /** What the key's maker called it; '' where nothing. */
  name: string
}

export type ApiKeyRow = {
  id: string
  /** The part that may be shown: `sl_` and eight characters. */
  prefix: string
  name: string
  role: Role
  tenant: string
  createdAt: Date
  lastUsedAt: Date | null
  revokedAt: Date | null
}

/** Lower case and without look-alikes 0, 1 and 8: read aloud and typed without a mistake. 32 letters, so 5 bits each. */
const letters = 'abcdefghijklmnopqrstuvwxyz234567'
const keyForm = /^sl_[a-z2-7]{8}_[a-z2-7]{32}$/

/**
 * Makes a key. Its text is in the answer and nowhere else: what stays is its SHA-256, which is enough for a secret of
 * 160 random bits (nothing to guess, so nothing to slow down).
 * @param key.tenant the tenant's key or id; `default` when left out
 * @throws UsageError for a role that does not exist; Refused `tenant_unknown`.
 */
export async function createApiKey(
  sql: Reader,
  key: { role: string; tenant?: string; name?: string },
): Promise<{ id: string; key: string }> {
  const role = roles.find((known) => known === key.role)
  if (!role) {
    throw new UsageError('role_unknown', 'That role does not exist.', `Choose one of ${roles.join(', ')}.`)
  }
  const text = `sl_${randomLetters(8)}_${randomLetters(32)}`
  const tenant = key.tenant ?? 'default'
  const [row] = await sql<{ apiKeyId: string }[]>`
    insert into auth.api_keys (tenant_id, name, role, key_prefix, key_hash)
    select t.tenant_id, ${key.name ?? ''}, ${role}, ${text.slice(0, 11)}, ${hashOf(text)}
    from organization.tenants t
    where t.tenant_key = ${tenant} or t.tenant_id::text = ${tenant}
    returning api_key_id`
  if (!row) {
    throw new Refused('tenant_unknown', 'There is no such tenant.', 'Leave --tenant out for `default`.', 404)
  }
  return { id: row.apiKeyId, key: text }
}

/** Every key, newest first; the keys themselves cannot be shown again. */
export async function listApiKeys(sql: Reader): Promise<ApiKeyRow[]> {
  return sql<ApiKeyRow[]>`
    select k.api_key_id as id, k.key_prefix as prefix, k.name, k.role, t.tenant_key as tenant,
           k.created_at, k.last_used_at, k.revoked_at
    from auth.api_keys k join organization.tenants t using (tenant_id)
    order by k.created_at desc, k.api_key_id`
}

/**
 * Revokes a key and with it every session that was opened with it. Again: `already`.
 * @throws Refused `key_unknown`.
 */
export async function revokeApiKey(sql: Reader, id: string): Promise<'revoked' | 'already'> {
  const [row] = await sql<{ before: Date | null }[]>`
    with before as (
      select api_key_id, revoked_at from auth.api_keys where api_key_id::text = ${id.toLowerCase()} for update
    )
    update auth.api_keys k set revoked_at = coalesce(k.revoked_at, clock_timestamp())
    from before where k.api_key_id = before.api_key_id
    returning before.revoked_at as before`
  if (!row) {
    throw new Refused(
      'key_unknown',
      'There is no key with that id.',
      'See the ids: stepladder keys list',
      404,
    )
  }
  return row.before ? 'already' : 'revoked'
}

/** Whose key a text is; null when it is nobody's or was revoked. Reads the database: see `createKeyCheck` for requests. */
export async function callerOfKey(sql: Reader, text: string): Promise<Caller | null> {
  if (!keyForm.test(text)) return null
  const [row] = await sql<(Caller & { stale: boolean })[]>`
    select api_key_id, tenant_id, role, scopes, name,
           last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute' as stale
    from auth.api_keys where key_hash = ${hashOf(text)} and revoked_at is null`
  if (!row) return null
  const { stale, ...caller } = row
  if (stale) {
    // The condition again: of many requests in one moment, one writes.
    await sql`
      update auth.api_keys set last_used_at = clock_timestamp()
      where api_key_id = ${caller.apiKeyId}
        and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')`
  }
  return caller
}

/** How long a key that was found is believed without asking again: what a revocation may lag, in milliseconds. */
const believedFor = 5_000
const mostRemembered = 1_000

export type KeyCheck = {
  /** Whose key a text is; null when it is nobody's or was revoked. */
  (text: string): Promise<Caller | null>
  /** The same from memory alone and at once; null also for a key that is not remembered. */
  known: (text: string) => Caller | null
}

/**
 * `callerOfKey` with a short memory for keys that were found, so that a busy caller costs one look-up every 5 s.
 * A key that was not found is asked for each time: remembering those would let strangers fill the memory.
 */
export function createKeyCheck(db: Db, now: () => number = Date.now): KeyCheck {
  const remembered = new Map<string, { caller: Caller; until: number }>()
  // The key's hash and not the key, so that a heap dump tells no secrets.
  const hashText = (text: string) => hash('sha256', text, 'base64')
  const find = (keyHash: string) => {
    const entry = remembered.get(keyHash)
    return entry && entry.until > now() ? entry.caller : null
  }
  const check = async (text: string) => {
    if (!keyForm.test(text)) return null
    const keyHash = hashText(text)
    const known = find(keyHash)
    if (known) return known
    remembered.delete(keyHash)
    const caller = await callerOfKey(db, text)
    if (!caller) return null
    if (remembered.size >= mostRemembered) remembered.delete(remembered.keys().next().value!)
    remembered.set(keyHash, { caller, until: now() + believedFor })
    return caller
  }
  return Object.assign(check, { known: (text: string) => (keyForm.test(text) ? find(hashText(text)) : null) })
}

/** The SHA-256 of a key or a session's token: the only form in which either is kept. */
export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function randomLetters(count: number): string {
  return Array.from(randomBytes(count), (byte) => letters[byte & 31]).join('')
}
