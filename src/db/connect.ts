import postgres from 'postgres'
import { StepladderError, Unavailable } from '../errors.ts'
import { withShortList } from './free-connections.ts'
import type { Db, Reader } from './types.ts'

export type ConnectOptions = {
  /** Connections at most. The default of 10 suits one process; a worker with more concurrency asks for more. */
  max?: number
  /** Shown in `pg_stat_activity`, so that a lock's holder can be told from its waiters. */
  applicationName?: string
  /** Milliseconds after which a statement is given up; none unless told. A process that serves sets it: one that hangs must not hold the others. */
  statementTimeout?: number
  /** Seconds until a connection attempt is given up. */
  connectTimeout?: number
}

/**
 * Opens a pool. Rows come back in camelCase; keys inside jsonb stay as they were written
 * (`postgres.camel` would rewrite those too). An int8 comes back as a number while it is a safe integer,
 * and as its decimal string beyond that, so that nothing is ever rounded. Nothing is connected until the first query.
 */
export function connect(url: string, options: ConnectOptions = {}): Db {
  const max = options.max ?? 10
  const pool = postgres(url, {
    max,
    connect_timeout: options.connectTimeout ?? 10,
    connection: {
      application_name: options.applicationName ?? 'stepladder',
      ...(options.statementTimeout === undefined ? {} : { statement_timeout: options.statementTimeout }),
    },
    transform: { column: { from: postgres.toCamel, to: postgres.fromCamel } },
    types: { bigint: { to: 20, from: [20], serialize: String, parse: safeInteger } },
    onnotice: () => {},
  })
  return withShortList(pool as unknown as Db, max)
}

/**
 * Proves that the address answers, within ten seconds, and that the server is new enough.
 * @throws Unavailable when it does not answer; StepladderError when it is older than PostgreSQL 15.
 */
export async function checkServer(db: Reader, key: string): Promise<void> {
  let version: number
  try {
    const [row] = await db<
      { version: number }[]
    >`select current_setting('server_version_num')::int as version`
    version = row!.version
  } catch (error) {
    throw new Unavailable(
      'database_unavailable',
      `The database at ${key} does not answer: ${reasonOf(error)}`,
      `Check that ${key} names a running PostgreSQL server, its database, role and password.`,
      { cause: error },
    )
  }
  if (version < 150000) {
    throw new StepladderError(
      'database_too_old',
      `The database at ${key} is PostgreSQL ${Math.floor(version / 10000)}; Stepladder needs 15 or newer.`,
      `Point ${key} at a newer server.`,
    )
  }
}

/**
 * The address under which the application works. A login that owns the schema is narrowed to the role
 * `stepladder_app` by its connection's options, in a form that postgres.js and pg both understand. That is a guard
 * against mistakes and not a wall: a session that may take the role may also put it off again.
 * @throws Unavailable when DATABASE_URL does not answer; StepladderError when the login holds no rights on the schema at all, with the statement that mends it.
 */
export async function applicationUrl(url: string): Promise<string> {
  const db = connect(url, { max: 1, applicationName: 'stepladder boot' })
  try {
    await checkServer(db, 'DATABASE_URL')
    const [login] = await db<
      { name: string; roleExists: boolean; owns: boolean; member: boolean; inherits: boolean }[]
    >`select current_user::text as name,
             app.oid is not null as role_exists,
             coalesce((select pg_has_role(c.relowner, 'usage') from pg_class c
                        where c.oid = to_regclass('public.stepladder_migrations')), false) as owns,
             coalesce(pg_has_role(app.oid, 'member'), false) as member,
             coalesce(pg_has_role(app.oid, 'usage'), false) as inherits
        from (select 1) as one left join pg_roles app on app.rolname = 'stepladder_app'`
    if (!login!.roleExists || (!login!.owns && login!.inherits)) return url
    if (!login!.member) {
      throw new StepladderError(
        'database_role_missing',
        `The database role ${login!.name} may not act as stepladder_app.`,
        `As an administrator of that server: grant stepladder_app to "${login!.name}";`,
      )
    }
    return withRole(url, 'stepladder_app')
  } finally {
    await db.end({ timeout: 2 })
  }
}

/** Adds a startup role to a connection address. */
function withRole(url: string, role: string): string {
  const address = new URL(url)
  const before = address.searchParams.get('options')
  address.searchParams.set('options', `${before ? `${before} ` : ''}-crole=${role}`)
  return address.toString()
}

/** A driver's error as one line without the address or the password it was given. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  if (code === 'ECONNREFUSED' || code === 'CONNECT_TIMEOUT' || code === 'ENOTFOUND') return code
  return (message ?? String(error)).split('\n')[0]!
}

function safeInteger(text: string): number | string {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}
