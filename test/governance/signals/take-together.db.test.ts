import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Db } from '../../../src/db/types.ts'
import { takeSignals } from '../../../src/governance/signals/take-signals.ts'
import { putSignals, type SignalRow } from '../../../src/stripe/enrollment/tell-signals.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Account, anAccount, noon } from '../plan-fixture.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())
beforeEach(async () => {
  await db.owner`update stripe.subscription_signals set taken_at = now() where taken_at is null`
})

const accounts = (many: number) => Promise.all(Array.from({ length: many }, () => anAccount(db.owner)))

function pastDue(account: Account, more: Partial<SignalRow> = {}): SignalRow {
  const cause = `evt_${randomUUID()}`
  const periodEnd = noon.getTime() / 1000 + 20 * 86_400
  return {
    ...account,
    subscriptionId: randomUUID(),
    kind: 'past_due',
    period: periodEnd,
    paidUntil: null,
    cause,
    eventId: cause,
    occurredAt: noon.getTime() / 1000,
    state: {
      status: 'past_due',
      price: 'price_1',
      quantity: 1,
      period_end: new Date(periodEnd * 1000).toISOString(),
      cancel_at: null,
      trial_end: null,
    },
    ...more,
  }
}
const tell = (...rows: SignalRow[]) => db.app.begin((tx) => putSignals(tx, rows))
/** Of an actor without a name no ledger entry is taken. */
const atFault = (account: Account) => pastDue(account, { cause: '', eventId: null })

const surprised = (_: string, error: unknown) => {
  throw error
}
const take = (
  app: Db = db.app,
  failed: (accountId: string, error: unknown) => void = surprised,
  signal?: AbortSignal,
) => takeSignals(app, { now: () => noon, failed, ...(signal && { signal }) })

/** The plans of accounts, in their order: how many each has, and what the ledger tells of them. */
async function standing(of: readonly Account[]) {
  const rows = await db.app<{ accountId: string; plans: number; entries: number; fed: number }[]>`
    select a.account_id,
           (select count(*)::int from governance.revenue_plans p where p.account_id = a.account_id) as plans,
           (select count(*)::int from governance.plan_ledger l where l.account_id = a.account_id) as entries,
           (select count(*)::int from governance.risk_signals r
            join governance.revenue_plans p using (tenant_id, plan_id, account_id) where r.account_id = a.account_id) as fed
    from unnest(${of.map(({ accountId }) => accountId)}::uuid[]) with ordinality as a (account_id, n)
    order by a.n`
  return rows.map(({ plans, entries, fed }) => ({ plans, entries, fed }))
}
const drafted = { plans: 1, entries: 1, fed: 1 }
const untouched = { plans: 0, entries: 0, fed: 0 }

/** A pool that counts what is sent in its transactions, and does something before each of them. */
function watched(before: (nth: number) => Promise<unknown> = async () => {}) {
  const seen = { transactions: 0, statements: 0 }
  const counting = (tx: object) =>
    new Proxy(tx, {
      apply(target, self, [first, ...rest]) {
        if (Array.isArray(first) && 'raw' in first) seen.statements++
        return Reflect.apply(target as never, self, [first, ...rest])
      },
    })
  const app = new Proxy(db.app, {
    get: (target, name) =>
      name === 'begin'
        ? async (work: (tx: unknown) => Promise<unknown>) => {
            await before(++seen.transactions)
            return target.begin((tx) => work(counting(tx)))
          }
        : Reflect.get(target, name),
  })
  return { app, seen }
}

test('forty accounts cost as many statements as two, in one transaction; sixty are two transactions', async () => {
  const counts = []
  for (const many of [2, 40, 60]) {
    const told = await accounts(many)
    await tell(...told.map((account) => pastDue(account)))
    const { app, seen } = watched()
    expect(await take(app)).toBe(many)
    expect(await standing(told)).toEqual(told.map(() => drafted))
    counts.push(seen)
  }
  const [few, many, most] = counts
  expect(few).toMatchObject({ transactions: 1 })
  expect(many).toEqual(few)
  expect(most).toEqual({ transactions: 2, statements: 2 * few!.statements })
})

test('of accounts that are taken up together one is at fault: it alone is told, and tried again by the next pass', async () => {
  const [first, bad, last] = (await accounts(3)) as [Account, Account, Account]
  await tell(pastDue(first), atFault(bad), pastDue(last))
  const failures: unknown[] = []
  const failed = (accountId: string, error: unknown) =>
    failures.push([accountId, (error as { code: string }).code])
  expect(await take(db.app, failed)).toBe(2)
  expect(await standing([first, bad, last])).toEqual([drafted, untouched, drafted])
  expect(failures).toEqual([[bad.accountId, 'ledger_entry_invalid']])
  expect(await take(db.app, failed)).toBe(0)
  expect(failures).toHaveLength(2)
  await db.owner`update stripe.subscription_signals set cause = 'evt_mended' where account_id = ${bad.accountId}`
  expect(await take()).toBe(1)
  expect(await standing([bad])).toEqual([drafted])
})

test('told to stop while it takes up one account after another, a process leaves the rest to the next one', async () => {
  const [bad, other] = (await accounts(2)) as [Account, Account]
  await tell(atFault(bad), pastDue(other))
  const stop = new AbortController()
  expect(await take(db.app, () => stop.abort(), stop.signal)).toBe(0)
  expect(await standing([bad, other])).toEqual([untouched, untouched])
})

test('an account that somebody else holds is waited for by nobody, and taken up by the next pass', async () => {
  const [held, free] = (await accounts(2)) as [Account, Account]
  await tell(pastDue(held))
  await db.owner.begin(async (tx) => {
    await tx`select from billing.accounts where account_id = ${held.accountId} for no key update`
    expect(await take()).toBe(0)
    await tell(pastDue(free))
    expect(await take()).toBe(1)
  })
  expect(await standing([held, free])).toEqual([untouched, drafted])
  expect(await take()).toBe(1)
  expect(await standing([held])).toEqual([drafted])
})

test('what another pass takes up between the look and the lock is not taken up again', async () => {
  const told = await accounts(3)
  await tell(...told.map((account) => pastDue(account)))
  const early = watched(() => take())
  expect(await take(early.app)).toBe(0)
  expect(await standing(told)).toEqual(told.map(() => drafted))
  const [ours, theirs] = (await accounts(2)) as [Account, Account]
  await tell(pastDue(ours), pastDue(theirs))
  const { accountId } = theirs
  const partly = watched(
    () => db.owner`update stripe.subscription_signals set taken_at = now() where account_id = ${accountId}`,
  )
  expect(await take(partly.app)).toBe(1)
  expect(await standing([ours, theirs])).toEqual([drafted, untouched])
})

test('four passes at a time do no more than one', async () => {
  const told = await accounts(30)
  await tell(...told.map((account) => pastDue(account)))
  const taken = await Promise.all([take(), take(), take(), take()])
  expect(taken.reduce((sum, n) => sum + n)).toBe(30)
  expect(await standing(told)).toEqual(told.map(() => drafted))
})
