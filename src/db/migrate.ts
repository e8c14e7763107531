import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StepladderError, UsageError } from '../errors.ts'
import type { Db, Reader, Tx } from './types.ts'

/** Where the migrations stand: plain SQL files, applied in the order of their names, each in one transaction. */
export const migrationsFolder = fileURLToPath(new URL('../../sql/', import.meta.url))

export type Migration = { name: string; path: string; sha256: string }

export type MigrateOptions = {
  /** Stop after this file (its name, with or without `.sql`, or its number). */
  to?: string
  /** Say what is pending and change nothing. */
  dryRun?: boolean
  folder?: string
}

/** Names of the files that were applied (or would be), in order. */
export type Migrated = { applied: string[]; pending: string[] }

/**
 * Applies the pending migrations. Forward only: a file that was applied is never run again, and one that was altered
 * since is refused before anything is touched. Each file commits by itself under an advisory lock, so several
 * deployments may migrate at once and one that is killed goes on where it stopped.
 * @throws StepladderError `migration_altered`, `migration_unknown`, `migration_failed`, `database_role_missing`.
 */
export async function migrate(owner: Db, options: MigrateOptions = {}): Promise<Migrated> {
  const files = upTo(readMigrations(options.folder), options.to)
  if (options.dryRun) return { applied: [], pending: await pendingAmong(owner, files) }
  await ensureApplicationRole(owner)
  await ensureWebRole(owner)
  const applied: string[] = []
  for (;;) {
    const name = await applyNext(owner, files)
    if (!name) break
    applied.push(name)
  }
  await raiseTenantWall(owner)
  return { applied, pending: [] }
}

/** The names of the migrations that this version of Stepladder has and this database has not. */
export async function migrationsPending(reader: Reader, folder?: string): Promise<string[]> {
  return pendingAmong(reader, readMigrations(folder))
}

/** The migration files of a folder in their order, with the checksum of each. */
export function readMigrations(folder = migrationsFolder): Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}_[\w-]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const path = join(folder, name)
      return { name, path, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') }
    })
}

async function applyNext(owner: Db, files: Migration[]): Promise<string | null> {
  return owner.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('stepladder.migrate', 0))`
    await tx`
      create table if not exists public.stepladder_migrations (
        name text primary key,
        sha256 text not null,
        applied_at timestamptz not null default now()
      )`
    await tx`grant select on public.stepladder_migrations to stepladder_app`
    const done = await appliedNames(tx, files)
    const next = files.find((file) => !done.has(file.name))
    if (!next) return null
    await runFile(tx, next)
    await tx`insert into public.stepladder_migrations (name, sha256) values (${next.name}, ${next.sha256})`
    return next.name
  })
}

async function runFile(tx: Tx, file: Migration): Promise<void> {
  try {
    await tx.file(file.path)
  } catch (error) {
    const { message, position, hint, detail } = error as Error & {
      position?: string
      hint?: string
      detail?: string
    }
    const line = position ? ` at line ${lineOf(file.path, Number(position))}` : ''
    throw new StepladderError(
      'migration_failed',
      `${file.name} failed${line}: ${[message, detail, hint].filter(Boolean).join(' · ')}`,
      'Nothing of that file was kept. Mend its cause in the database and run `stepladder migrate` again.',
      { cause: error },
    )
  }
}

async function pendingAmong(reader: Reader, files: Migration[]): Promise<string[]> {
  const [table] = await reader<
    { found: boolean }[]
  >`select to_regclass('public.stepladder_migrations') is not null as found`
  if (!table!.found) return files.map((file) => file.name)
  const done = await appliedNames(reader, files)
  return files.filter((file) => !done.has(file.name)).map((file) => file.name)
}

async function appliedNames(reader: Reader, files: Migration[]): Promise<Set<string>> {
  const rows = await reader<
    { name: string; sha256: string }[]
  >`select name, sha256 from public.stepladder_migrations order by name`
  for (const row of rows) {
    const file = files.find((candidate) => candidate.name === row.name)
    if (file && file.sha256 !== row.sha256) {
      throw new StepladderError(
        'migration_altered',
        `${row.name} was altered after it was applied.`,
        'Put the file back as it was, and write the change as a new migration.',
      )
    }
  }
  return new Set(rows.map((row) => row.name))
}

/** Roles belong to the server and not to a database, so the migrations grant to one that has to be there before them. */
async function ensureApplicationRole(owner: Db): Promise<void> {
  const [role] = await owner<
    { found: boolean; member: boolean }[]
  >`select to_regrole('stepladder_app') is not null as found,
           coalesce(pg_has_role(to_regrole('stepladder_app')::oid, 'member'), false) as member`
  try {
    if (!role!.found) await owner`create role stepladder_app nologin`
    // The owner's own login works as the application too where one address serves both.
    if (!role!.found && !role!.member) await owner`grant stepladder_app to current_user`
  } catch (error) {
    if ((error as { code?: string }).code === '42710') return
    throw new StepladderError(
      'database_role_missing',
      'The role stepladder_app does not exist, and the owner may not create it.',
      'As an administrator of that server: create role stepladder_app nologin; grant stepladder_app to <the login of DATABASE_URL>;',
      { cause: error },
    )
  }
}

/**
 * The role that the web takes for one tenant's requests. A wall behind a wall: where the owner may make no roles, everything
 * works without it, and whoever serves says so.
 */
async function ensureWebRole(owner: Db): Promise<void> {
  const [role] = await owner<
    { found: boolean }[]
  >`select coalesce(pg_has_role('stepladder_app', to_regrole('stepladder_web')::oid, 'member'), false) as found`
  if (role!.found) return
  try {
    await owner`
      do $$
      begin
        if to_regrole('stepladder_web') is null then create role stepladder_web nologin; end if;
        grant stepladder_web to stepladder_app;
      end $$`
  } catch (error) {
    // 42501: it may not. 42710, 23505: another deployment makes it at this moment.
    if (!['42501', '42710', '23505'].includes((error as { code?: string }).code ?? '')) throw error
  }
}

/** See sql/0024_tenant_wall.sql. Under the lock of the migrations, since several may migrate at once. */
async function raiseTenantWall(owner: Db): Promise<void> {
  await owner.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('stepladder.migrate', 0))`
    const [wall] = await tx<
      { there: boolean }[]
    >`select to_regprocedure('organization.raise_tenant_wall()') is not null as there`
    // Not there yet where one migrates to an earlier file.
    if (wall!.there) await tx`select organization.raise_tenant_wall()`
  })
}

function upTo(files: Migration[], to: string | undefined): Migration[] {
  if (to === undefined) return files
  const last = files.findIndex(({ name }) => name === to || name === `${to}.sql` || name.startsWith(`${to}_`))
  if (last < 0) {
    throw new UsageError('migration_unknown', `There is no migration ${to}.`, 'See the names in sql/.')
  }
  return files.slice(0, last + 1)
}

function lineOf(path: string, position: number): number {
  return readFileSync(path, 'utf8').slice(0, position).split('\n').length
}
