import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Ear, hear } from '../../src/db/hear.ts'
import { listeners, pause, until } from '../entitlements/check-fixture.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let ear: Ear
beforeAll(async () => {
  db = await testDatabase()
})
afterEach(() => ear.close())
afterAll(() => db.close())

function listen() {
  const heard: string[] = []
  const failures: unknown[] = []
  const seen = { heard, failures, began: 0 }
  ear = hear(db.app, 'news', {
    told: (payload) => heard.push(payload),
    began: () => {
      seen.began += 1
    },
    failed: (error) => failures.push(error),
  })
  return seen
}

const deaf = () => ear.heardUntil() === Number.NEGATIVE_INFINITY
const age = () => performance.now() - ear.heardUntil()

test('what is told is heard before it is proved to have been', async () => {
  const { heard } = listen()
  await until(() => !deaf())
  for (let n = 0; n < 6; n++) {
    await db.app`select pg_notify('news', ${`told ${n}`})`
    const committed = performance.now()
    await until(() => ear.heardUntil() > committed)
    expect(heard.at(-1)).toBe(`told ${n}`)
  }
})

test('it proves it again and again, for as long as it hears', async () => {
  listen()
  await until(() => !deaf())
  const first = ear.heardUntil()
  for (let n = 0; n < 3; n++) {
    const before = ear.heardUntil()
    await until(() => ear.heardUntil() > before, 10_000)
  }
  // Without news each proof is its own, some hundred milliseconds after the one before.
  expect(ear.heardUntil() - first).toBeGreaterThan(300)
})

test('a lost connection is deaf at once, and hearing begins anew on another', async () => {
  const seen = listen()
  await until(() => !deaf())
  const [pid] = await listeners(db.app)
  await db.app`select pg_terminate_backend(${pid!})`
  await until(deaf, 10_000)
  await until(() => !deaf())
  expect([seen.began, seen.failures.length <= 1]).toEqual([2, true])
  await db.app`select pg_notify('news', 'again')`
  await until(() => seen.heard.includes('again'))
})

test('a connection that is frozen proves nothing, and is given up for another', async () => {
  const seen = listen()
  await until(() => !deaf())
  const [pid] = await listeners(db.app)
  process.kill(pid!, 'SIGSTOP')
  try {
    await pause(700)
    expect(age()).toBeGreaterThan(400)
    await until(() => seen.began === 2 && !deaf(), 8_000)
  } finally {
    process.kill(pid!, 'SIGCONT')
  }
  await until(() => age() < 500, 10_000)
  expect(seen.failures).toHaveLength(1)
})

test('a proof is dated by when it was asked for, and not by when it came', async () => {
  const proofs: number[] = []
  ear = hear(db.app, 'news', { told: () => {}, began: () => {}, proved: (moment) => proofs.push(moment) })
  await until(() => proofs.length > 0)
  const [pid] = await listeners(db.app)
  process.kill(pid!, 'SIGSTOP')
  await pause(700)
  const before = proofs.length
  const thawed = performance.now()
  process.kill(pid!, 'SIGCONT')
  await until(() => proofs.length > before)
  expect(proofs[before]).toBeLessThan(thawed)
})

test('closed, it leaves no connection behind', async () => {
  listen()
  await until(() => !deaf())
  await ear.close()
  await until(async () => (await listeners(db.app)).length === 0)
  expect(deaf()).toBe(true)
})
