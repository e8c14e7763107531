import type { Hono } from 'hono'
import type { z } from 'zod'
import type { Caller } from '../../auth/api-keys.ts'
import { Refused } from '../../errors.ts'
import { notFound, problem } from '../problem.ts'
import { giveReason, nothingDone, requestIdUnderWay } from '../request-db.ts'
import type { WebContext, WebEnv } from '../web-env.ts'
import { isWritable } from './fields.ts'
import type { GivenAnswer, Idempotency } from './idempotency.ts'
import { readBody, readQuery } from './read-input.ts'

/**
 * One route under /api/v1, as data: what it takes is told by its schemas, from which it can be described as well as checked.
 * What it does is a function of values, so a page may call the same verbs without a request.
 */
export type ApiRoute = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** In the router's form, without /api/v1. */
  path: string
  /** One sentence. */
  does: string
  query: z.ZodObject | null
  /** null: it takes none. */
  body: z.ZodObject | null
  /** What it answers when it is not refused, by status. Tests hold its answers against this. */
  gives: Partial<Record<200 | 201, z.ZodType>>
  answer: (asked: Asked<unknown, unknown>) => Promise<ApiAnswer>
  /** Whether its answer holds a secret that is shown once: then it is kept nowhere. */
  secret: boolean
}

export type Asked<Query, Body> = {
  /** The parts of the path that a `:name` stands for, as texts of any form. */
  params: Readonly<Record<string, string>>
  query: Query
  body: Body
  caller: Caller
  /** Where the caller reached us, for answers that hold an address. */
  origin: string
}

export type ApiAnswer = { status?: 200 | 201; json: unknown }

/** Characters of one part of a path. */
export const longestPart = 300

/** Ties what a route reads to the schemas that check it. */
export function apiRoute<
  Query extends z.ZodObject | null = null,
  Body extends z.ZodObject | null = null,
>(route: {
  method: ApiRoute['method']
  path: string
  does: string
  gives: ApiRoute['gives']
  secret?: boolean
  query?: Query
  body?: Body
  answer: (asked: Asked<Read<Query>, Read<Body>>) => Promise<ApiAnswer>
}): ApiRoute {
  const { query = null, body = null, secret = false } = route
  return { ...route, query, body, secret, answer: route.answer as ApiRoute['answer'] }
}

export const idempotencyHeader = 'Idempotency-Key'

export type ServeParts = {
  publicUrl?: string | null
  /** Left out: a request that is sent again is done again. */
  idempotency?: Idempotency | null
}

type Read<Schema> = Schema extends z.ZodType ? z.output<Schema> : null

/**
 * Serves routes behind the guard, which has let the caller in. Refusals are thrown and become problem+json where the app
 * handles errors. Nothing is kept by a cache on the way: who holds what may change at any moment.
 */
export function serveRoutes(
  app: Hono<WebEnv>,
  routes: readonly ApiRoute[],
  { publicUrl = null, idempotency = null }: ServeParts = {},
): Hono<WebEnv> {
  for (const route of routes) {
    const { method, path, query, body, answer } = route
    app.on(method.toUpperCase(), path, async (c) => {
      const params: Record<string, string> = c.req.param()
      // A name that nothing can have, and that the database could not even be asked for.
      if (Object.values(params).some((part) => !isWritable(part) || part.length > longestPart))
        return notFound()
      const asked = {
        params,
        query: readQuery(c, query),
        body: method === 'get' ? null : await readBody(c, body),
        caller: c.get('caller')!,
        origin: publicUrl ?? new URL(c.req.url).origin,
      }
      giveReason((asked.body as { reason?: unknown } | null)?.reason)
      const work = async () => {
        const { status = 200, json } = await answer(asked)
        return { status, json }
      }
      const key = method === 'get' ? undefined : keyOf(c)
      if (key === undefined || !idempotency) return told(c, await work())
      const request = {
        caller: asked.caller,
        key,
        asked: [method, path, params, asked.query, asked.body],
        requestId: requestIdUnderWay()!,
        secret: route.secret,
      }
      const first = await idempotency(request, work)
      if (!first.again) return told(c, first)
      nothingDone()
      const replayed = { 'idempotency-replayed': 'true' }
      return first.kind === 'problem' ? problem(first.problem, replayed) : told(c, first, replayed)
    })
  }
  return app
}

function told(c: WebContext, { status, json }: GivenAnswer, more: Record<string, string> = {}): Response {
  return c.json(json as object, status as 200, { 'cache-control': 'no-store', ...more })
}

/** @throws Refused `invalid_idempotency_key` (400) */
function keyOf(c: WebContext): string | undefined {
  const key = c.req.header(idempotencyHeader)
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw new Refused(
    'invalid_idempotency_key',
    'The Idempotency-Key has to be 1 to 255 characters of ASCII, without spaces.',
    'Send a new random one for each thing that is to be done, such as a UUID.',
    400,
  )
}
