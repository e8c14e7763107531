import { createApiKey, type Role } from '../../src/auth/api-keys.ts'
import type { Db } from '../../src/db/types.ts'
import { silentLog } from '../../src/log.ts'
import { dashboardApp } from '../../src/queue/dashboard.ts'
import { createApp, type WebParts } from '../../src/web/app.ts'
import { dashboardPath } from '../../src/web/operator.ts'
import { serveWeb, type WebServer } from '../../src/web/server.ts'
import { secret } from './listening.ts'

/** The whole app on a real port, with a dashboard of no queues, a receiver that stores nothing, and nobody to check. */
export async function listeningApp(db: Db, parts: Partial<WebParts> = {}): Promise<WebServer> {
  return serveWeb(createApp({ ...plainParts(db), ...parts }), { port: 0, host: '127.0.0.1' })
}

export function plainParts(db: Db): WebParts {
  return {
    db,
    take: async () => 'stored',
    secrets: [secret],
    publicUrl: null,
    queues: [],
    check: { recall: () => null, check: async () => null },
    dashboard: dashboardApp([], dashboardPath),
    ringAgain: async () => true,
    log: silentLog,
  }
}

export async function keyWithRole(db: Db, role: Role): Promise<string> {
  return (await createApiKey(db, { role })).key
}

/** A member's key, of an organization that is made for it. */
export async function memberKey(db: { app: Db; owner: Db }): Promise<string> {
  const [made] = await db.owner<{ organizationId: string }[]>`
    with kind as (
      insert into organization.org_types (org_type_key, name) values ('guild', 'Guild') returning org_type_id
    )
    insert into organization.organizations (tenant_id, org_type_id, name)
    select tenant_id, org_type_id, 'Hof' from organization.tenants, kind where tenant_key = 'default'
    returning organization_id`
  return (await createApiKey(db.app, { role: 'member', organization: made!.organizationId })).key
}

export function bearer(key: string): { authorization: string } {
  return { authorization: `Bearer ${key}` }
}

/** Signs in as a browser does, and answers its cookie. */
export async function signedIn(url: string, key: string): Promise<string> {
  const response = await signInWith(url, key)
  return response.headers.get('set-cookie')!.split(';')[0]!
}

export function signInWith(url: string, key: string, more: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/operator/sign-in`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'application/x-www-form-urlencoded', ...more },
    body: new URLSearchParams({ key, next: '/operator/queues' }),
    redirect: 'manual',
  })
}

/** What the forms of a session's pages carry. */
export async function csrfOf(url: string, cookie: string): Promise<string> {
  const page = await fetch(`${url}/operator`, { headers: { cookie } })
  return /name="csrf" value="([^"]+)"/.exec(await page.text())![1]!
}
