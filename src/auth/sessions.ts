import { randomBytes } from 'node:crypto'
import type { Reader } from '../db/types.ts'
import { type Caller, hashOf } from './api-keys.ts'

/** How long a browser stays signed in, in seconds. */
export const sessionSeconds = 12 * 60 * 60
/** The same for a member who came by a link. */
export const linkSessionSeconds = 60 * 60

const tokenForm = /^[\w-]{43}$/

export type Session = {
  caller: Caller
  /** What the session's own forms carry, and another site's do not. */
  csrf: string
  /** Its token is an hour old. */
  due: boolean
}

/**
 * Opens a session for somebody who has shown who they are: the browser then carries a token that ends by itself and that
 * signing out ends at once, and what it was shown with stays with its owner.
 */
export async function openSession(sql: Reader, caller: Caller): Promise<string> {
  const { kind, id, tenantId, role, scopes, name, organizationId } = caller
  const token = randomBytes(32).toString('base64url')
  const seconds = kind === 'link' ? linkSessionSeconds : sessionSeconds
  // Of a key's session nothing is written down but the key: what it may do is read there each time.
  const own =
    kind === 'key'
      ? { tenantId: null, role: null, scopes: [], name: '', organizationId: null }
      : { tenantId, role, scopes: [...scopes], name, organizationId }
  await sql`
    insert into auth.sessions
      (api_key_id, member_link_id, subject, tenant_id, role, scopes, name, organization_id, token_hash, expires_at)
    values (
      ${kind === 'key' ? id : null}, ${kind === 'link' ? id : null}, ${kind === 'identity' ? id : null},
      ${own.tenantId}, ${own.role}, ${own.scopes}, ${own.name}, ${own.organizationId}, ${hashOf(token)},
      clock_timestamp() + make_interval(secs => ${seconds})
    )`
  return token
}

/** Whose session a token is; null when it is nobody's, has run out or was ended, or its key was revoked. */
export async function findSession(sql: Reader, token: string): Promise<Session | null> {
  if (!tokenForm.test(token)) return null
  const hash = hashOf(token)
  const [row] = await sql<(Caller & { csrf: string; due: boolean })[]>`
    select case when s.api_key_id is not null then 'key' when s.member_link_id is not null then 'link' else 'identity' end as kind,
           coalesce(s.api_key_id::text, s.member_link_id::text, s.subject) as id,
           coalesce(k.tenant_id, s.tenant_id) as tenant_id, coalesce(k.role, s.role) as role,
           coalesce(k.scopes, s.scopes) as scopes, coalesce(k.name, s.name) as name,
           coalesce(k.organization_id, s.organization_id) as organization_id,
           s.csrf_token as csrf,
           s.token_hash = ${hash} and s.renewed_at < clock_timestamp() - interval '1 hour' as due
    from auth.sessions s left join auth.api_keys k on k.api_key_id = s.api_key_id
    where (s.token_hash = ${hash}
        or s.previous_token_hash = ${hash} and s.renewed_at > clock_timestamp() - interval '1 minute')
      and s.revoked_at is null and s.expires_at > clock_timestamp() and k.revoked_at is null`
  if (!row) return null
  const { csrf, due, ...caller } = row
  return { caller, csrf, due }
}

/**
 * Gives a session another token, so that one that leaked is not good for long. The one before opens for a minute more, since
 * a browser asks for several things at once. Null when another request was first: its answer carries the new token.
 */
export async function renewSession(sql: Reader, token: string): Promise<string | null> {
  const next = randomBytes(32).toString('base64url')
  const [row] = await sql`
    update auth.sessions
    set token_hash = ${hashOf(next)}, previous_token_hash = token_hash, renewed_at = clock_timestamp()
    where token_hash = ${hashOf(token)} and renewed_at < clock_timestamp() - interval '1 hour' and revoked_at is null
    returning session_id`
  return row ? next : null
}

/** Signs out. A token that is nobody's is no error. */
export async function closeSession(sql: Reader, token: string): Promise<void> {
  if (!tokenForm.test(token)) return
  const hash = hashOf(token)
  await sql`
    update auth.sessions set revoked_at = clock_timestamp()
    where (token_hash = ${hash} or previous_token_hash = ${hash}) and revoked_at is null`
}

/** Deletes sessions that ended more than a day ago, so many at most. Two who do so at once take different ones. @returns how many */
export async function deleteEndedSessions(sql: Reader, most: number): Promise<number> {
  const gone = await sql`
    delete from auth.sessions where session_id in (
      select session_id from auth.sessions
      where least(expires_at, revoked_at) < clock_timestamp() - interval '1 day'
      limit ${most} for update skip locked)`
  return gone.count
}
