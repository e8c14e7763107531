import { expect, test } from 'vitest'
import { together } from '../../src/db/together.ts'

test('answers everything in order', async () => {
  expect(await together([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two'])
})

test('throws a fault only when all that was begun beside it has ended', async () => {
  let ended = false
  const slow = new Promise<void>((resolve) => setTimeout(resolve, 30)).then(() => {
    ended = true
  })
  await expect(together([Promise.reject(new Error('first')), slow])).rejects.toThrow('first')
  expect(ended).toBe(true)
})
