import type { Db, Reader, Tx } from '../db/types.ts'
import { callerUnderWay, requestDb, writesByItself } from './request-db.ts'

/**
 * `requestDb` for what a request does for its caller's own tenant alone: behind the second wall (sql/0024_tenant_wall.sql), where rows of
 * others are not there whatever a query's conditions forget. Not for what has to see everybody to decide: whose a customer is, which tier
 * is in use.
 * @param unwalled told once, when the database has no such wall
 */
export function tenantDb(pool: Db, unwalled: () => void): Db {
  const requests = requestDb(pool)
  let walled: Promise<boolean> | null = null
  const isWalled = async () => {
    walled ??= readWall(pool).then(
      (there) => {
        if (!there) unwalled()
        return there
      },
      (error: unknown) => {
        // The database was away: asked again next time.
        walled = null
        throw error
      },
    )
    return walled
  }

  const behindWall = async (by: Db, options: string, work: (tx: Tx) => unknown) => {
    const caller = callerUnderWay()
    if (!caller) throw new Error('A tenant’s rows were asked for outside a request')
    const there = await isWalled()
    return by.begin(options, async (tx) => {
      if (there)
        await tx`
          select set_config('role', 'stepladder_web', true), set_config('stepladder.tenant', ${caller.tenantId}, true)`
      return work(tx)
    })
  }
  const begin = (...args: unknown[]) => {
    const work = args.pop() as (tx: Tx) => unknown
    return behindWall(requests, (args[0] as string | undefined) ?? '', work)
  }
  return new Proxy(pool, {
    get: (target, name) => (name === 'begin' ? begin : Reflect.get(target, name)),
    apply: (target, self, args: unknown[]) => {
      const query = Reflect.apply(target as never, self, args) as object
      const [template] = args
      // Otherwise a piece of a statement, such as a list of names.
      if (!Array.isArray(template) || !('raw' in template)) return query
      const by = writesByItself(args) ? requests : pool
      return sentBy(query, () => behindWall(by, '', (tx) => Reflect.apply(tx as never, undefined, args)))
    },
  })
}

/** Whether the wall is raised, and this login may go behind it. */
async function readWall(reader: Reader): Promise<boolean> {
  const [row] = await reader<{ walled: boolean }[]>`
    select coalesce((
      select pg_has_role(session_user, oid, 'member') and has_schema_privilege(oid, 'organization', 'usage')
      from pg_roles where rolname = 'stepladder_web'), false) as walled`
  return row!.walled
}

/** A statement that is sent in another way once somebody waits for it; until then it may still become a part of another. */
function sentBy(query: object, send: () => Promise<unknown>): object {
  let sent: Promise<unknown> | null = null
  const now = () => {
    sent ??= send()
    return sent
  }
  return Object.assign(query, {
    // biome-ignore lint/suspicious/noThenProperty: the driver's statements are promises that are sent when they are waited for
    then: (...then: Parameters<Promise<unknown>['then']>) => now().then(...then),
    catch: (...then: Parameters<Promise<unknown>['catch']>) => now().catch(...then),
    finally: (...then: Parameters<Promise<unknown>['finally']>) => now().finally(...then),
  })
}
