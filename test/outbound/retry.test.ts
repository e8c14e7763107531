import { expect, test } from 'vitest'
import { givenUpAfter, nextLook, nextTry } from '../../src/outbound/retry.ts'

const now = new Date('2026-11-20T12:00:00Z')
const seconds = (at: Date) => (at.getTime() - now.getTime()) / 1000

test('the pauses between tries of a message grow to an hour and stay there', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 50].map((failures) => seconds(nextTry(failures, now, 0)))).toEqual([
    5, 30, 120, 600, 1800, 3600, 3600, 3600,
  ])
  expect(seconds(nextTry(6, now, 1))).toBe(3960)
})

test('an endpoint that takes nothing is looked at every minute at the latest', () => {
  expect([1, 2, 3, 9].map((failures) => seconds(nextLook(failures, now, 0)))).toEqual([5, 30, 60, 60])
})

test('a message is tried for three days', () => {
  expect(givenUpAfter / 3_600_000).toBe(72)
})
