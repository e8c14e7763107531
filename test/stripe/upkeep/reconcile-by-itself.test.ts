import { expect, test } from 'vitest'
import { Refused } from '../../../src/errors.ts'
import { reconcileByItself } from '../../../src/stripe/upkeep/reconcile-by-itself.ts'

/** Runs one, and answers what came of it and which runs there were. */
async function night(looked: number, differs: number) {
  const runs: boolean[] = []
  const outcome = await reconcileByItself(async (repair) => {
    runs.push(repair)
    return { looked, differs: repair ? 0 : differs }
  })
  return { ...outcome, runs }
}

test('a night without differences is one look', async () => {
  expect(await night(10_000, 0)).toEqual({ differed: 0, mended: false, runs: [false] })
})

test('a few differences are events that were lost: they are fetched, and told', async () => {
  expect(await night(5, 5)).toEqual({ differed: 5, mended: true, runs: [false, true] })
  expect(await night(10_000, 100)).toEqual({ differed: 100, mended: true, runs: [false, true] })
})

test('many are something else, such as the key of another account: nothing is touched', async () => {
  expect(await night(1_000, 21)).toEqual({ differed: 21, mended: false, runs: [false] })
  expect(await night(10_000, 101)).toEqual({ differed: 101, mended: false, runs: [false] })
})

test('where a person reconciles at that moment, the night leaves it to them; any other refusal is one', async () => {
  const refusing = (code: string) =>
    reconcileByItself(async () => Promise.reject(new Refused(code, 'no', 'wait')))
  expect(await refusing('reconcile_running')).toEqual({ differed: 0, mended: false })
  await expect(refusing('stripe_key_refused')).rejects.toMatchObject({ code: 'stripe_key_refused' })
})
