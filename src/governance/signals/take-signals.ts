import { together } from '../../db/together.ts'
import type { Db, Tx } from '../../db/types.ts'
import { factsOf, holdAccounts } from './account-facts.ts'
import { decideAccount } from './decide-account.ts'
import { type AccountTold, accountsTold, markTaken, passOverIdle } from './subscription-signal.ts'
import { writeChanges } from './write-changes.ts'

/** Signals looked at in one pass: a backlog is worked off in portions, and keeps nobody from the database. */
const MOST_A_PASS = 200
/** And those that are passed over, which costs one statement. */
const MOST_PASSED_OVER = 2_000
/** Accounts in one transaction: as many statements as for one of them, and locks for some hundredths of a second. */
const MOST_AT_ONCE = 50

export type TakeParts = {
  now(): Date
  signal?: AbortSignal
  /** Told of an account whose signals could not be taken up; the next pass tries again, and the others go on. */
  failed: (accountId: string, error: unknown) => void
}

/**
 * Takes up what the subscriptions have told, many accounts in a transaction that holds them: so two passes at a time, in two
 * processes, do no more than one.
 * @returns how many signals were taken up
 */
export async function takeSignals(db: Db, parts: TakeParts): Promise<number> {
  let taken = await passOverIdle(db, { at: parts.now(), most: MOST_PASSED_OVER })
  const accounts = await accountsTold(db, MOST_A_PASS)
  for (let n = 0; n < accounts.length && !parts.signal?.aborted; n += MOST_AT_ONCE)
    taken += await takeTogether(db, accounts.slice(n, n + MOST_AT_ONCE), parts)
  return taken
}

/** Where one account is at fault, or somebody was quicker, each is taken up once more by itself: it alone fails then. */
async function takeTogether(db: Db, accounts: readonly AccountTold[], parts: TakeParts): Promise<number> {
  try {
    return await db.begin((tx) => takeOf(tx, accounts, parts.now()))
  } catch {
    return takeOneByOne(db, accounts, parts)
  }
}

async function takeOneByOne(
  db: Db,
  accounts: readonly AccountTold[],
  { now, signal, failed }: TakeParts,
): Promise<number> {
  let taken = 0
  for (const account of accounts) {
    if (signal?.aborted) break
    try {
      taken += await db.begin((tx) => takeOf(tx, [account], now()))
    } catch (error) {
      failed(account.accountId, error)
    }
  }
  return taken
}

async function takeOf(tx: Tx, accounts: readonly AccountTold[], at: Date): Promise<number> {
  const held = await holdAccounts(tx, accounts)
  if (held.length === 0) return 0
  const facts = await factsOf(tx, held)
  const told = facts.flatMap((account) => account.told)
  if (told.length === 0) return 0
  const changes = facts.map((account) => decideAccount(account, at))
  await together([writeChanges(tx, changes, at), markTaken(tx, told, at)])
  return told.length
}
