import { afterAll, beforeAll, expect, test } from 'vitest'
import { alone } from '../../src/db/alone.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

test('of the same work one is done at a time; other work is not in its way', async () => {
  const outcome = await alone(db.app, 'digging', async () => ({
    again: await alone(db.app, 'digging', async () => 'done'),
    other: await alone(db.app, 'sowing', async () => 'done'),
  }))
  expect(outcome).toEqual({ again: 'busy', other: 'done' })
  expect(await alone(db.app, 'digging', async () => 'done')).toBe('done')
})

test('work that fails is not in the way of the next', async () => {
  const failing = alone(db.app, 'digging', async () => {
    throw new Error('a stone')
  })
  await expect(failing).rejects.toThrow('a stone')
  expect(await alone(db.app, 'digging', async () => 'done')).toBe('done')
})
