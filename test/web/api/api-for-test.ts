import { z } from 'zod'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { problemAnswer } from '../../../src/web/api/answers.ts'
import { apiRoutes } from '../../../src/web/api/api.ts'
import type { ApiRoute } from '../../../src/web/api/api-route.ts'
import type { WebParts } from '../../../src/web/app.ts'
import type { WebServer } from '../../../src/web/server.ts'
import { newWorld, type World } from '../../support/world.ts'
import { bearer, listeningApp } from '../app-for-test.ts'

export type Answer = { status: number; body: Record<string, unknown> & { code?: string; items?: never } }

const routes = apiRoutes({} as never)

/** Every answer of every test has to be what its route says that it gives. */
export function holdToDescription(method: string, path: string, { status, body }: Answer): void {
  if (status >= 400) return void problemAnswer.parse(body)
  // The revenue plans stand outside /api/v1 as well.
  const asked = path.replace('/../..', '').split('?')[0]!.split('/')
  const fits = (route: ApiRoute) => {
    const parts = route.path.split('/')
    return (
      route.method === method.toLowerCase() &&
      parts.length === asked.length &&
      parts.every((part, at) => part.startsWith(':') || part === asked[at])
    )
  }
  const route = routes.filter(fits).sort((a, b) => a.path.split(':').length - b.path.split(':').length)[0]
  const schema = route?.gives[status as 200 | 201]
  if (!schema) throw new Error(`${method} ${path} does not say that it answers ${status}`)
  const read = schema.safeParse(body)
  if (!read.success) throw new Error(`${method} ${path} answers otherwise: ${z.prettifyError(read.error)}`)
}

export type ApiWorld = World & {
  /** Asks as an operator of the default tenant. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>
  /** Asks as an operator of another tenant. */
  askAsOther(method: string, path: string, body?: unknown): Promise<Answer>
  /** Sends exactly this. */
  send(method: string, path: string, init: RequestInit): Promise<Answer>
  /** The same, with all that it answers. */
  raw(method: string, path: string, init: RequestInit): Promise<Response>
  key: string
  otherKey: string
  /** A new organization of the default tenant, of type `coop`. */
  organization(more?: object): Promise<string>
}

/** A world (see `newWorld`), the whole app on a port, and a second tenant, `acme`. */
export async function apiWorld(parts: Partial<WebParts> = {}): Promise<ApiWorld> {
  const world = await newWorld()
  await world.owner`insert into organization.tenants (tenant_key, name) values ('acme', 'Acme')`
  const [{ key }, { key: otherKey }] = await Promise.all([
    createApiKey(world.app, { role: 'operator', name: 'Olga' }),
    createApiKey(world.app, { role: 'operator', tenant: 'acme', name: 'Otto' }),
  ])
  const server: WebServer = await listeningApp(world.app, parts)

  function raw(method: string, path: string, init: RequestInit): Promise<Response> {
    return fetch(`${server.url}/api/v1${path}`, { method, ...init })
  }
  async function send(method: string, path: string, init: RequestInit): Promise<Answer> {
    const response = await raw(method, path, init)
    const text = await response.text()
    const answer = { status: response.status, body: text === '' ? {} : JSON.parse(text) }
    holdToDescription(method, path, answer)
    return answer
  }
  function asking(as: string) {
    return (method: string, path: string, body?: unknown) =>
      send(method, path, {
        headers: { ...bearer(as), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
  }
  const ask = asking(key)
  return {
    ...world,
    ask,
    askAsOther: asking(otherKey),
    send,
    raw,
    key,
    otherKey,
    async organization(more = {}) {
      const { body } = await ask('POST', '/organizations', { name: 'Acme', org_type: 'coop', ...more })
      return body.organization_id as string
    },
    close: async () => {
      await server.close(100)
      await world.close()
    },
  }
}
