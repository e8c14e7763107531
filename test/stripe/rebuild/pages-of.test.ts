import { expect, test } from 'vitest'
import { pagesOf } from '../../../src/stripe/rebuild/check-rebuild.ts'

test('no page holds more than 5,000 events, unless one subscription alone has them; none is left out (P10)', () => {
  const events = [1, 4_999, 1, 2_500, 2_500, 1, 100_000, 0, 0, 3, 5_000, 1]
  const found = events.map((count, n) => ({ subscription: `sub_${n}`, events: count }))
  const pages = pagesOf(found)
  expect(pages.flat()).toEqual(found)
  expect(pages.map((page) => page.map((one) => one.events))).toEqual([
    [1, 4_999],
    [1, 2_500],
    [2_500, 1],
    [100_000],
    [0, 0, 3],
    [5_000],
    [1],
  ])
})
