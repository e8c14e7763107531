import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { Caller } from '../auth/api-keys.ts'
import { type Action, recordAction } from '../auth/operator-actions.ts'
import type { Db, Tx } from '../db/types.ts'
import { formOf } from './csrf.ts'
import { routeOf } from './routes-and-roles.ts'
import type { WebMiddleware } from './web-env.ts'

/**
 * A request under way: whose it is and, where it may change something, what is to be written down about it. `settled`: that is
 * written down, or there is nothing to write down.
 */
type Request = { caller: Caller; action: Action | null; settled: boolean }

const underWay = new AsyncLocalStorage<Request>()

/** Whose request is under way; null where none is. */
export function callerUnderWay(): Caller | null {
  return underWay.getStore()?.caller ?? null
}

/**
 * Runs whatever the guard has let in as its caller's request. What it changes is written down in the transaction that changes it
 * (see `requestDb`); what was done without one, such as ringing, is written down once it was.
 */
export function asRequest(pool: Db): WebMiddleware {
  return async (c, next) => {
    const caller = c.get('caller')
    if (!caller) return next()
    if (c.req.method === 'GET' || c.req.method === 'HEAD')
      return underWay.run({ caller, action: null, settled: false }, next)
    const action: Action = {
      action: routeOf(c.req.method, c.req.path),
      subject: c.req.path.slice(0, 500),
      // The guard has read the form of a session already, for its token; whoever brings a key sends JSON.
      reason: writable((c.get('csrf') && (await formOf(c))?.get('reason')) || null),
      requestId: randomUUID(),
    }
    const request: Request = { caller, action, settled: false }
    await underWay.run(request, next)
    c.header('x-request-id', action.requestId)
    if (!request.settled && c.res.status < 400) await pool.begin((tx) => recordAction(tx, caller, action))
  }
}

/** By which `auth.operator_actions` knows the request under way; null where it changes nothing. */
export function requestIdUnderWay(): string | null {
  return underWay.getStore()?.action?.requestId ?? null
}

/** The reason that was given for what the request under way does, as its body tells it. */
export function giveReason(reason: unknown): void {
  const action = underWay.getStore()?.action
  if (action && typeof reason === 'string') action.reason = writable(reason)
}

/** As it was typed, less what the database takes for no text. */
function writable(reason: string | null): string | null {
  return reason?.replaceAll(/\0|\p{Surrogate}/gu, '').slice(0, 500) ?? null
}

/**
 * The pool as requests use it: the first transaction of a request that may change something carries its row of `auth.operator_actions`. The
 * verbs need not know, so none can forget it. A transaction that is given up takes the row with it.
 */
export function requestDb(pool: Db): Db {
  const begin = (...args: unknown[]) => {
    const work = args.pop() as (tx: Tx) => unknown
    const options = (args[0] as string | undefined) ?? ''
    const request = underWay.getStore()
    const { action = null } = request ?? {}
    if (action === null || options.includes('read only') || request!.settled) return pool.begin(options, work)
    return pool
      .begin(options, async (tx) => {
        const result = await work(tx)
        await recordAction(tx, request!.caller, action)
        return result
      })
      .then((result) => {
        request!.settled = true
        return result
      })
  }
  return new Proxy(pool, {
    get: (target, name) => (name === 'begin' ? begin : Reflect.get(target, name)),
    apply: (target, self, args: unknown[]) =>
      writesByItself(args) && underWay.getStore()?.action
        ? begin((tx: Tx) => Reflect.apply(tx as never, undefined, args))
        : Reflect.apply(target as never, self, args),
  })
}

/** Whether a statement that is sent without a transaction changes something. */
export function writesByItself([template]: unknown[]): boolean {
  return (
    Array.isArray(template) &&
    'raw' in template &&
    /\b(insert\s+into|update\s+\w+\.\w+|delete\s+from)\b/i.test(template.join(' '))
  )
}

/** Says that the request under way changes nothing after all: it is asked first, or it was refused. */
export function nothingDone(): void {
  const request = underWay.getStore()
  if (request) request.settled = true
}
