import postgres from 'postgres'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import type { Db } from '../../src/db/types.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

const statements = 11_000

/** Two at a time over four connections, so that two are always free; and how long a list was searched at most on the way. */
async function longestSearch(pool: Db, work: () => Promise<unknown>): Promise<number> {
  await Promise.all([1, 2, 3, 4].map(() => pool`select pg_sleep(0.05)`))
  let longest = 0
  const indexOf = Array.prototype.indexOf
  const spy = vi.spyOn(Array.prototype, 'indexOf').mockImplementation(function (this: unknown[], ...asked) {
    longest = Math.max(longest, this.length)
    return indexOf.apply(this, asked as [unknown])
  })
  try {
    let begun = 0
    const one = async () => {
      while (begun++ < statements) await work()
    }
    await Promise.all([one(), one()])
  } finally {
    spy.mockRestore()
  }
  return longest
}

test('a pool that is never wholly busy stays as fast as it began: its list of free connections is cut', async () => {
  const pool = connect(db.appUrl, { max: 4 })
  try {
    expect(await longestSearch(pool, () => pool`select 1`)).toBeLessThan(6_000)
    expect(await pool`select 1 as one`).toEqual([{ one: 1 }])
  } finally {
    await pool.end()
  }
})

test('transactions are counted as well', async () => {
  const pool = connect(db.appUrl, { max: 4 })
  try {
    expect(await longestSearch(pool, () => pool.begin((tx) => tx`select 1`))).toBeLessThan(6_000)
  } finally {
    await pool.end()
  }
})

test('the driver alone lets that list grow with each statement: once it does not, the pool needs no help', async () => {
  const pool = postgres(db.appUrl, { max: 4, onnotice: () => {} })
  try {
    expect(await longestSearch(pool as unknown as Db, () => pool`select 1`)).toBeGreaterThan(statements / 2)
  } finally {
    await pool.end()
  }
})
