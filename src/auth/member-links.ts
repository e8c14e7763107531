import { randomBytes } from 'node:crypto'
import type { Reader } from '../db/types.ts'
import { type Caller, hashOf } from './api-keys.ts'

/** Minutes that a link opens for, when nobody says otherwise, and at most. */
export const linkMinutes = { usual: 15, most: 24 * 60 }

const tokenForm = /^[\w-]{43}$/

/**
 * Makes a link with which whoever holds it sees one organization's own page. Its token is in the answer and nowhere else.
 * The caller has seen to it that the organization is of that tenant.
 */
export async function createMemberLink(
  sql: Reader,
  link: { tenantId: string; organizationId: string; minutes: number; createdBy: string },
): Promise<{ token: string; expiresAt: Date }> {
  const token = randomBytes(32).toString('base64url')
  const [row] = await sql<{ expiresAt: Date }[]>`
    insert into auth.member_links (tenant_id, organization_id, token_hash, created_by, expires_at)
    values (${link.tenantId}, ${link.organizationId}, ${hashOf(token)}, ${link.createdBy},
            clock_timestamp() + make_interval(mins => ${link.minutes}))
    returning expires_at`
  return { token, expiresAt: row!.expiresAt }
}

/** The member whom a link lets in; null when it is none or has ended. */
export async function callerOfMemberLink(sql: Reader, token: string): Promise<Caller | null> {
  if (!tokenForm.test(token)) return null
  const [row] = await sql<{ id: string; tenantId: string; organizationId: string }[]>`
    update auth.member_links set opened_at = coalesce(opened_at, clock_timestamp())
    where token_hash = ${hashOf(token)} and expires_at > clock_timestamp()
    returning member_link_id as id, tenant_id, organization_id`
  return row ? { kind: 'link', role: 'member', scopes: [], name: '', ...row } : null
}
