import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freeingAction } from '../../../src/stripe/enrollment/explain-freeing.ts'

const operations = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8')
/** The first cells of one table. */
const listed = (heading: string) => {
  const [, section] = operations.split(`\n## ${heading}\n`)
  return [...section!.split('\n## ')[0]!.matchAll(/^\| `(\w+)` \|/gm)].map(([, word]) => word!)
}
const general = {
  waiting: freeingAction({ event: 'evt_1', state: 'waiting', reason: 'of nobody', on: 'x:y' }),
  parked: freeingAction({ event: 'evt_1', state: 'parked', reason: 'of nobody', on: null }),
}

describe('every reason for which a write is held has an action of its own', () => {
  test.each(listed('What waits, and why'))('a hole: %s', (reason) => {
    const action = freeingAction({ event: 'evt_1', state: 'waiting', reason, on: 'trail:sub_1' })
    expect(action).toContain('STRIPE_API_KEY')
  })

  test.each(
    listed('Alarms').filter((kind) =>
      /^(unmapped_price|product_without_kind|unknown_|no_items|more_items|no_customer)/.test(kind),
    ),
  )('an alarm about what is waited on: %s', (reason) => {
    const action = freeingAction({ event: 'evt_1', state: 'waiting', reason, on: 'x:y' })
    expect(action).not.toBe(general.waiting)
  })

  test.each(listed('Parked').filter((reason) => reason !== 'failed'))('parked: %s', (reason) => {
    expect(freeingAction({ event: 'evt_1', state: 'parked', reason, on: null })).not.toBe(general.parked)
  })
})

test('the action names the thing itself, so that it can be done without looking further', () => {
  const waiting = (reason: string, on: string) =>
    freeingAction({ event: 'evt_1', state: 'waiting', reason, on })
  expect(waiting('unmapped_price', 'price:price_1')).toBe(
    'Map price_1, or its Stripe product, in the catalog file, then: stepladder catalog apply <file>',
  )
  expect(waiting('unknown_organization', 'organization:a:b')).toContain('with the key a:b')
  expect(waiting('of a later version', 'moon:full')).toBe(
    'Once it is there: stepladder replay waiting --on moon:full',
  )
  expect(freeingAction({ event: 'evt_1', state: 'parked', reason: 'failed', on: null })).toBe(
    'Mend the cause, then: stepladder replay event evt_1',
  )
  expect(freeingAction({ event: 'evt_1', state: 'received', reason: null, on: null })).toMatch(/^Nothing/)
})
