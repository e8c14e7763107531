import { createHash, hash, randomBytes } from 'node:crypto'
import type { Db, Reader } from '../db/types.ts'
import { Refused, UsageError } from '../errors.ts'

export const roles = ['operator', 'plan_approver', 'viewer', 'member'] as const
export type Role = (typeof roles)[number]

/** What may be granted beside a role: to approve what is of high risk (D26). */
export const scopes = ['high-risk-approval'] as const

/** Who asks, once a key, a token or a session has told it. */
export type Caller = {
  /** What tells that it is they: an API key, the identity provider, or a link that they were given. */
  kind: 'key' | 'identity' | 'link'
  /** The key's id, the identity provider's subject, or the link's id. */
  id: string
  tenantId: string
  role: Role
  scopes: readonly string[]
  /** What the key's maker called it, or the identity provider the person; '' where nothing. */
  name: string
  /** The one organization that a member sees; null for everybody else, and for a member who was given none. */
  organizationId: string | null
}

export type ApiKeyRow = {
  id: string
  /** The part that may be shown: `sl_` and eight characters. */
  prefix: string
  name: string
  role: Role
  scopes: string[]
  tenant: string
  /** A member's. */
  organization: string | null
  createdAt: Date
  lastUsedAt: Date | null
  revokedAt: Date | null
}

export type NewApiKey = {
  role: string
  tenant?: string
  name?: string
  scopes?: readonly string[]
  organization?: string
}

/** Lower case and without look-alikes 0, 1 and 8: read aloud and typed without a mistake. 32 letters, so 5 bits each. */
const letters = 'abcdefghijklmnopqrstuvwxyz234567'
const keyForm = /^sl_[a-z2-7]{8}_[a-z2-7]{32}$/

/**
 * Makes a key. Its text is in the answer and nowhere else: what stays is its SHA-256, which is enough for a secret of
 * 160 random bits (nothing to guess, so nothing to slow down).
 * @param key.tenant the tenant's key or id; `default` when left out
 * @param key.organization what a member's key is for: the organization's id or key
 * @throws UsageError `role_unknown`, `scope_unknown`, `organization_misplaced`; Refused `tenant_unknown`, `organization_unknown`.
 */
export async function createApiKey(sql: Reader, key: NewApiKey): Promise<{ id: string; key: string }> {
  const role = roles.find((known) => known === key.role)
  if (!role) {
    throw new UsageError('role_unknown', 'That role does not exist.', `Choose one of ${roles.join(', ')}.`)
  }
  const odd = key.scopes?.find((scope) => !(scopes as readonly string[]).includes(scope))
  if (odd !== undefined) {
    throw new UsageError('scope_unknown', 'That scope does not exist.', `Choose one of ${scopes.join(', ')}.`)
  }
  if (key.organization !== undefined && role !== 'member') {
    throw new UsageError(
      'organization_misplaced',
      'Only a member’s key is for one organization.',
      'Leave the organization out, or make the key a member’s.',
    )
  }
  const text = `sl_${randomLetters(8)}_${randomLetters(32)}`
  const tenant = key.tenant ?? 'default'
  const [row] = await sql<{ apiKeyId: string }[]>`
    insert into auth.api_keys (tenant_id, organization_id, name, role, scopes, key_prefix, key_hash)
    select t.tenant_id, o.organization_id, ${key.name ?? ''}, ${role}, ${[...new Set(key.scopes)]},
           ${text.slice(0, 11)}, ${hashOf(text)}
    from organization.tenants t
    left join organization.organizations o
      on o.tenant_id = t.tenant_id and ${key.organization ?? null}::text in (o.organization_key, o.organization_id::text)
    where (t.tenant_key = ${tenant} or t.tenant_id::text = ${tenant})
      and (${key.organization === undefined} or o.organization_id is not null)
    returning api_key_id`
  if (row) return { id: row.apiKeyId, key: text }
  if (await findTenant(sql, tenant)) {
    throw new Refused(
      'organization_unknown',
      'There is no such organization in that tenant.',
      'Give its id, or the key that it was made with.',
      404,
    )
  }
  throw new Refused('tenant_unknown', 'There is no such tenant.', 'Leave --tenant out for `default`.', 404)
}

/** The id of the tenant with this key or id; null when there is none. */
export async function findTenant(sql: Reader, tenant: string): Promise<string | null> {
  const [row] = await sql<{ tenantId: string }[]>`
    select tenant_id from organization.tenants where tenant_key = ${tenant} or tenant_id::text = ${tenant}`
  return row?.tenantId ?? null
}

/** Every key, or every one of a tenant, newest first; the keys themselves cannot be shown again. */
export async function listApiKeys(sql: Reader, tenantId: string | null = null): Promise<ApiKeyRow[]> {
  return sql<ApiKeyRow[]>`
    select k.api_key_id as id, k.key_prefix as prefix, k.name, k.role, k.scopes, t.tenant_key as tenant,
           k.organization_id as organization, k.created_at, k.last_used_at, k.revoked_at
    from auth.api_keys k join organization.tenants t using (tenant_id)
    where ${tenantId}::uuid is null or k.tenant_id = ${tenantId}::uuid
    order by k.created_at desc, k.api_key_id`
}

/**
 * Revokes a key, of that tenant where one is named, and with it every session that was opened with it. Again: `already`.
 * @throws Refused `key_unknown`.
 */
export async function revokeApiKey(
  sql: Reader,
  id: string,
  tenantId: string | null = null,
): Promise<'revoked' | 'already'> {
  const [row] = await sql<{ before: Date | null }[]>`
    with before as (
      select api_key_id, revoked_at from auth.api_keys
      where api_key_id::text = ${id.toLowerCase()} and (${tenantId}::uuid is null or tenant_id = ${tenantId}::uuid)
      for update
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
    select 'key' as kind, api_key_id as id, tenant_id, role, scopes, name, organization_id,
           last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute' as stale
    from auth.api_keys where key_hash = ${hashOf(text)} and revoked_at is null`
  if (!row) return null
  const { stale, ...caller } = row
  if (stale) {
    // The condition again: of many requests in one moment, one writes.
    await sql`
      update auth.api_keys set last_used_at = clock_timestamp()
      where api_key_id = ${caller.id}
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
  return Object.assign(check, {
    known: (text: string) => (keyForm.test(text) ? find(hashText(text)) : null),
  })
}

/** The SHA-256 of a key or a session's token: the only form in which either is kept. */
export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function randomLetters(count: number): string {
  return Array.from(randomBytes(count), (byte) => letters[byte & 31]).join('')
}
