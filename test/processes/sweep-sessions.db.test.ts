import { afterEach, expect, test, vi } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { silentLog } from '../../src/log.ts'
import { startSweeper } from '../../src/processes/start-sweeper.ts'
import { sweepSessions } from '../../src/processes/sweep-sessions.ts'
import type { Ring } from '../../src/queue/ring.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
afterEach(() => db.close())

test('sessions that ended more than a day ago are deleted, however many and by two processes at once; the others stay', async () => {
  db = await testDatabase()
  const { id } = await createApiKey(db.app, { role: 'operator' })
  const sessions = async (ended: string, expires: string, revoked: string | null, count = 1) => {
    await db.app`
      insert into auth.sessions (api_key_id, token_hash, expires_at, revoked_at)
      select ${id}, convert_to(${ended} || n, 'UTF8'), now() + ${expires}::interval, now() + ${revoked}::interval
      from generate_series(1, ${count}::int) n`
  }
  await sessions('long ago ', '-25 hours', null, 2_500)
  await sessions('signed out long ago ', '1 hour', '-25 hours')
  await sessions('signed out long ago, and ended since ', '-23 hours', '-25 hours')
  await sessions('lately ', '-23 hours', null)
  await sessions('signed out lately ', '1 hour', '-23 hours')
  await sessions('open ', '1 hour', null)
  const left = async () => {
    const rows = await db.app<{ said: string }[]>`
      select convert_from(token_hash, 'UTF8') as said from auth.sessions order by said`
    return rows.map(({ said }) => said)
  }
  const stop = new AbortController()
  const told: unknown[] = []
  const log = { ...silentLog, info: (about: unknown) => told.push(about) }
  const parts = { log, signal: stop.signal, everyMs: 20 }
  const swept = Promise.all([sweepSessions(db.app, parts), sweepSessions(db.app, parts)])
  await vi.waitFor(async () => expect(await left()).toEqual(['lately 1', 'open 1', 'signed out lately 1']), {
    timeout: 15_000,
    interval: 50,
  })
  stop.abort()
  await swept
  const counts = told as { count: number }[]
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(2_502)
  // Each in one look, portion by portion.
  expect(counts.length).toBeLessThanOrEqual(2)
})

test('whatever works off events does so too, from its start on', async () => {
  db = await testDatabase()
  const { id } = await createApiKey(db.app, { role: 'operator' })
  await db.app`
    insert into auth.sessions (api_key_id, token_hash, expires_at) values (${id}, 'over', now() - interval '2 days')`
  const heard = async () => true
  const ring: Ring = {
    ring: heard,
    ringSubscriptions: heard,
    ringGrant: heard,
    busy: async () => false,
    close: async () => {},
  }
  const sweeper = startSweeper({ db: db.app, ring, log: silentLog })
  const left = () => db.app`select from auth.sessions`
  await vi.waitFor(async () => expect(await left()).toHaveLength(0), { timeout: 15_000, interval: 50 })
  await sweeper.close()
})
