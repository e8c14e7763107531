import { afterEach, beforeEach, expect, test } from 'vitest'
import { deploymentMode, modeOfKey } from '../../src/stripe/deployment-mode.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { putEvent } from './inbox/inbox-fixture.ts'

let db: TestDatabase
beforeEach(async () => {
  db = await testDatabase()
})
afterEach(() => db.close())

test('a key’s mode is told by its prefix, secret or restricted', () => {
  expect(['sk_live_1', 'rk_live_1', 'sk_test_1', 'rk_test_1'].map(modeOfKey)).toEqual([
    'live',
    'live',
    'test',
    'test',
  ])
  expect(['pk_live_1', 'whsec_1', ''].map(modeOfKey)).toEqual([null, null, null])
})

test('without a key the first event decides, once', async () => {
  expect(await deploymentMode(db.app, null)).toBeNull()
  expect(await deploymentMode(db.app, null, 'test')).toBe('test')
  expect(await deploymentMode(db.app, null, 'live')).toBe('test')
  expect(await deploymentMode(db.app, null)).toBe('test')
})

test('of first events of both modes at once, one decides for all', async () => {
  const told = await Promise.all(
    Array.from({ length: 16 }, (_, n) => deploymentMode(db.app, null, n % 2 ? 'live' : 'test')),
  )
  expect(new Set(told).size).toBe(1)
})

test('the key goes before the first event', async () => {
  expect(await deploymentMode(db.app, 'live', 'test')).toBe('live')
  expect(await deploymentMode(db.app, null, 'test')).toBe('live')
})

test('a live key on a database with test events is refused, with the next step', async () => {
  await deploymentMode(db.app, null, 'test')
  await putEvent(db.app, { mode: 'test' })
  await expect(deploymentMode(db.app, 'live')).rejects.toMatchObject({
    code: 'mode_conflict',
    fix: expect.stringContaining('DATABASE_URL'),
  })
  expect(await deploymentMode(db.app, 'test')).toBe('test')
})

test('a mode under which nothing was taken in gives way to the key', async () => {
  await deploymentMode(db.app, 'test')
  expect(await deploymentMode(db.app, 'live')).toBe('live')
  expect(await db.app`select mode, mode_told_by from stripe.deployment`).toEqual([
    { mode: 'live', modeToldBy: 'api_key' },
  ])
})
