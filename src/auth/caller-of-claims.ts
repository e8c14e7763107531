import type { JWTPayload } from 'jose'
import type { Reader } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { type Caller, type Role, roles, scopes } from './api-keys.ts'
import type { IssuerSettings } from './issuer.ts'

/** Where a member's organization stands: no setting, since providers let one name what one adds. */
const organizationClaims = ['organization', 'custom:organization_id']

/** What a token says, before the database is asked what it means. */
export type ReadClaims = {
  subject: string
  name: string
  role: Role
  scopes: string[]
  /** Keys or ids. */
  tenant: string
  organization: string | null
}

/**
 * Reads who somebody is out of the claims of a token whose signature was checked. Of several roles the most powerful one counts; a plan
 * approver who is an operator too keeps what the approver may do, as the scope that says it.
 * @throws Refused `role_missing`, `tenant_missing`, `organization_missing` (403), naming the claim.
 */
export function readClaims(
  claims: JWTPayload,
  { rolesClaim, tenantClaim }: Pick<IssuerSettings, 'rolesClaim' | 'tenantClaim'>,
): ReadClaims {
  const told = wordsOf(claimOf(claims, rolesClaim))
  const role = roles.find((known) => told.includes(known))
  if (!role) {
    throw refused(
      'role_missing',
      `The claim ${JSON.stringify(rolesClaim)} names no role that is known here.`,
      `Have the identity provider put one of ${roles.join(', ')} there, or name another claim in AUTH_ROLES_CLAIM.`,
    )
  }
  const [tenant] = wordsOf(claimOf(claims, tenantClaim))
  if (tenant === undefined) {
    throw refused(
      'tenant_missing',
      `The claim ${JSON.stringify(tenantClaim)} names no tenant.`,
      'Have the identity provider put a tenant’s key or id there, or name another claim in AUTH_TENANT_CLAIM.',
    )
  }
  const organization = organizationClaims.flatMap((name) => wordsOf(claims[name]))[0] ?? null
  if (role === 'member' && organization === null) {
    throw refused(
      'organization_missing',
      'A member’s token has to name an organization.',
      'Have the identity provider put its id or key into the claim "organization".',
    )
  }
  const granted: string[] = scopes.filter((scope) => wordsOf(claims.scope).includes(scope))
  if (role !== 'plan_approver' && told.includes('plan_approver')) granted.push('high-risk-approval')
  return {
    subject: claims.sub!,
    name: nameOf(claims),
    role,
    scopes: [...new Set(granted)],
    tenant,
    organization: role === 'member' ? organization : null,
  }
}

/** @throws Refused `tenant_unknown`, `organization_unknown` (403), and as `readClaims`. */
export async function callerOfClaims(
  sql: Reader,
  claims: JWTPayload,
  settings: Pick<IssuerSettings, 'rolesClaim' | 'tenantClaim'>,
): Promise<Caller> {
  const { subject, tenant, organization, ...who } = readClaims(claims, settings)
  const [found] = await sql<{ tenantId: string; organizationId: string | null }[]>`
    select t.tenant_id, o.organization_id
    from organization.tenants t
    left join organization.organizations o
      on o.tenant_id = t.tenant_id and ${organization}::text in (o.organization_key, o.organization_id::text)
    where t.tenant_key = ${tenant} or t.tenant_id::text = ${tenant}`
  if (!found) {
    throw refused(
      'tenant_unknown',
      'The token is of a tenant that does not exist here.',
      `The claim ${JSON.stringify(settings.tenantClaim)} has to be a tenant’s key or id.`,
    )
  }
  if (organization !== null && found.organizationId === null) {
    throw refused(
      'organization_unknown',
      'The token is of an organization that does not exist here.',
      'The claim "organization" has to be the id or key of an organization of its tenant.',
    )
  }
  return { kind: 'identity', id: subject, ...who, ...found }
}

/** The claim of that very name, as Auth0 writes addresses for names; else, along the dots, as Keycloak nests them. */
function claimOf(claims: JWTPayload, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  return name
    .split('.')
    .reduce<unknown>(
      (within, part) =>
        typeof within === 'object' && within !== null && Object.hasOwn(within, part)
          ? (within as Record<string, unknown>)[part]
          : undefined,
      claims,
    )
}

/** Providers write lists as lists, or as one text with spaces between. */
function wordsOf(claim: unknown): string[] {
  const all: readonly unknown[] = Array.isArray(claim) ? claim : [claim]
  return all.flatMap((one) =>
    typeof one === 'string' && !one.includes('\0') ? one.split(' ').filter(Boolean) : [],
  )
}

function nameOf(claims: JWTPayload): string {
  const told = [claims.name, claims.preferred_username, claims.email].find(
    (one) => typeof one === 'string' && one.trim() !== '',
  )
  return typeof told === 'string'
    ? told
        .replaceAll(/[\p{Cc}\p{Surrogate}]/gu, ' ')
        .trim()
        .slice(0, 200)
    : ''
}

function refused(code: string, message: string, fix: string): Refused {
  return new Refused(code, message, fix, 403)
}
