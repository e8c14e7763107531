import { createHash } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { StepladderError } from '../errors.ts'
import { canEnter } from './binaries.ts'
import { type Account, dataVersion, ownedFolder, serverAccount } from './cluster.ts'

/** What is kept about the embedded database in `$STEPLADDER_HOME/postgres.json` (mode 0600). */
export type Kept = {
  home: string
  data: string
  port: number
  passwords: { superuser: string; owner: string; app: string }
  /** The version of `createLocalRoles` by which roles and database were made; 0 before. */
  prepared: number
}

/** The folder of the data directory and its log, and who serves it (null: whoever we are). */
export type Place = { folder: string; account: Account | null; apart: boolean }

/** Where root keeps what the server's account must reach when it cannot enter the home. */
export const systemFolder = '/var/lib/stepladder'

export const localDatabase = 'stepladder'

/** Makes the home. @throws StepladderError `home_unusable` where this user may not write or read it. */
export function prepareHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true })
    accessSync(home, constants.W_OK | constants.X_OK)
    if (existsSync(keptFile(home))) accessSync(keptFile(home), constants.R_OK)
  } catch (error) {
    throw new StepladderError(
      'home_unusable',
      `${home} cannot be used by this user (${(error as NodeJS.ErrnoException).code}).`,
      'Start as the user who made it, or set STEPLADDER_HOME to a folder of your own.',
      { cause: error },
    )
  }
}

/**
 * Where the data is, or will be: in the home itself, unless root starts a server for an account that cannot come
 * there. Data that an ordinary user made stays theirs when root starts it once.
 */
export function choosePlace(home: string, kept: Kept | null): Place {
  const inside = join(home, 'postgres')
  const nobody = serverAccount()
  if (!nobody) return made({ folder: inside, account: null, apart: false })
  if (dataVersion(join(inside, 'data')) !== null) {
    const { uid, gid } = statSync(join(inside, 'data'))
    return made({ folder: inside, account: { uid, gid }, apart: false })
  }
  if (kept && kept.data !== join(inside, 'data') && dataVersion(kept.data) !== null) {
    return made({ folder: dirname(kept.data), account: nobody, apart: true })
  }
  if (canEnter(nobody, home)) return made({ folder: inside, account: nobody, apart: false })
  const hash = createHash('sha256').update(realpathSync(home)).digest('hex').slice(0, 12)
  return made({ folder: join(systemFolder, hash), account: nobody, apart: true })
}

function made(place: Place): Place {
  if (place.apart) {
    mkdirSync(systemFolder, { recursive: true })
    chmodSync(systemFolder, 0o755)
  }
  ownedFolder(place.folder, place.account)
  return place
}

/** Null when there is none, or when this home is a copy of another that still stands: the other keeps its data. */
export function readKept(home: string): Kept | null {
  let kept: Kept
  try {
    kept = JSON.parse(readFileSync(keptFile(home), 'utf8')) as Kept
  } catch {
    return null
  }
  const copied =
    kept.home !== realpathSync(home) &&
    existsSync(keptFile(kept.home)) &&
    dataVersion(join(home, 'postgres', 'data')) === null
  return copied ? null : kept
}

/** Keeps it whole or not at all; a file that root writes over stays its owner's. */
export function keep(home: string, kept: Kept): void {
  const file = keptFile(home)
  writeFileSync(`${file}.new`, JSON.stringify(kept, null, 2), { mode: 0o600 })
  if (existsSync(file) && process.getuid?.() === 0) {
    const { uid, gid } = statSync(file)
    chownSync(`${file}.new`, uid, gid)
  }
  renameSync(`${file}.new`, file)
}

export function addressOf(kept: Kept, role: 'superuser' | 'owner' | 'app'): string {
  const login = role === 'superuser' ? 'postgres' : `stepladder_${role}`
  const name = role === 'superuser' ? 'postgres' : localDatabase
  return `postgres://${login}:${kept.passwords[role]}@127.0.0.1:${kept.port}/${name}`
}

/** Whether this address is the embedded database of the home. */
export function isEmbedded(home: string, url: string): boolean {
  const kept = readKept(home)
  return kept !== null && [addressOf(kept, 'app'), addressOf(kept, 'owner')].includes(url)
}

function keptFile(home: string): string {
  return join(home, 'postgres.json')
}
