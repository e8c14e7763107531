import { expect, test } from 'vitest'
import { keepAnswer } from '../../src/auth/kept-answer.ts'

/** Another server, a clock, and what is kept of the one by the other. */
function server() {
  let at = 1_000_000
  const told = { answers: 0, away: false }
  const kept = keepAnswer(
    async () => {
      told.answers++
      if (told.away) throw new Error('away')
      return told.answers
    },
    { now: () => at },
  )
  const pass = (seconds: number) => {
    at += seconds * 1000
  }
  return { told, kept, pass }
}

test('however many want an answer at once, one asks', async () => {
  const { told, kept } = server()
  expect(await Promise.all([kept.get(), kept.get(), kept.again()])).toEqual([1, 1, 1])
  expect(told.answers).toBe(1)
})

test('what is kept is asked for anew once it is old, and goes on being used while that server is away', async () => {
  const { told, kept, pass } = server()
  await kept.get()
  pass(599)
  expect(await kept.get()).toBe(1)
  expect(told.answers).toBe(1)
  told.away = true
  pass(2)
  expect(await kept.get()).toBe(1)
  await Promise.resolve()
  expect(await kept.get()).toBe(1)
  expect(told.answers).toBe(2)
  told.away = false
  pass(30)
  expect(await kept.get()).toBe(1)
  await expect.poll(() => kept.get()).toBe(3)
})

test('who wants more than is kept makes it ask, once in thirty seconds at most', async () => {
  const { told, kept, pass } = server()
  await kept.get()
  for (let i = 0; i < 5; i++) expect(await kept.again()).toBe(1)
  pass(30)
  expect(await kept.again()).toBe(2)
  told.away = true
  pass(30)
  for (let i = 0; i < 5; i++) await expect(kept.again()).rejects.toThrow('away')
  expect(told.answers).toBe(3)
  // What was known before goes on working.
  expect(await kept.get()).toBe(2)
})

test('where nothing is kept, a server that is away is asked once in thirty seconds', async () => {
  const { told, kept, pass } = server()
  told.away = true
  for (let i = 0; i < 5; i++) await expect(kept.get()).rejects.toThrow('away')
  expect(told.answers).toBe(1)
  pass(30)
  told.away = false
  expect(await kept.get()).toBe(2)
})
