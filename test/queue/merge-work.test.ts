import { expect, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { mergeWork } from '../../src/queue/merge-work.ts'
import type { WorkPayload } from '../../src/queue/names.ts'

/** A handler that keeps what it was given, and can be told to fail. */
function handler(fails: (work: WorkPayload) => unknown = () => null) {
  const seen: WorkPayload[] = []
  return {
    seen,
    handle: async (work: WorkPayload) => {
      seen.push(work)
      const error = fails(work)
      if (error) throw error
    },
  }
}

test('jobs that run at the same time are done in one batch, each event once', async () => {
  const { seen, handle } = handler()
  const work = mergeWork(handle)
  await Promise.all([work({ events: [1, 2] }), work({ events: [2, 3] }), work({ events: [4] })])
  expect(seen).toEqual([{ events: [1, 2, 3, 4] }])
})

test('a job that runs alone is done alone and at once', async () => {
  const { seen, handle } = handler()
  const work = mergeWork(handle)
  await work({ events: [1] })
  await work({ events: [2] })
  expect(seen).toEqual([{ events: [1] }, { events: [2] }])
})

test('what comes soon after a batch waits for what comes with it', async () => {
  const { seen, handle } = handler()
  const work = mergeWork(handle, 300)
  await work({ events: [1] })
  const second = work({ events: [2] })
  await new Promise((resolve) => setTimeout(resolve, 20))
  await Promise.all([second, work({ events: [3] })])
  expect(seen).toEqual([{ events: [1] }, { events: [2, 3] }])
})

test('what fills a batch does not wait for its pace', async () => {
  const { seen, handle } = handler()
  const work = mergeWork(handle, 60_000)
  const many = (from: number) => work({ events: Array.from({ length: 96 }, (_, n) => from + n) })
  await work({ events: [1] })
  await Promise.all([many(1000), many(2000)])
  expect(seen.map(({ events }) => events.length)).toEqual([1, 192])
})

test('a batch holds 192 events at most', async () => {
  const { seen, handle } = handler()
  const work = mergeWork(handle)
  await Promise.all(
    Array.from({ length: 5 }, (_, n) => work({ events: Array.from({ length: 50 }, (_, i) => n * 50 + i) })),
  )
  expect(seen.map(({ events }) => events.length)).toEqual([150, 100])
})

test('looks, grants and replays are left alone', async () => {
  const { seen, handle } = handler()
  const work = mergeWork(handle)
  const special: WorkPayload[] = [
    { events: [], subscriptions: ['sub_1'] },
    { events: [7], again: true },
    { events: [], grants: ['g'] },
  ]
  await Promise.all([
    work({ events: [1] }),
    ...special.map((one) => work(one)),
    work({ events: [2] }),
    work({ events: [3] }),
  ])
  expect(seen).toEqual([{ events: [1] }, ...special, { events: [2, 3] }])
})

test('a batch that fails is taken apart: each job hears its own outcome', async () => {
  const poison = new Error('poison')
  const { seen, handle } = handler(({ events }) => events.includes(2) && poison)
  const work = mergeWork(handle)
  const outcomes = await Promise.allSettled([
    work({ events: [1] }),
    work({ events: [2] }),
    work({ events: [3] }),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(seen).toEqual([{ events: [1, 2, 3] }, { events: [1] }, { events: [2] }, { events: [3] }])
})

test('a database that is away fails the whole batch once, and what comes later is tried again', async () => {
  let away = true
  const { seen, handle } = handler(() => away && new Unavailable('down', 'away', 'wait'))
  const work = mergeWork(handle)
  const outcomes = await Promise.allSettled([work({ events: [1] }), work({ events: [2] })])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(seen).toHaveLength(1)
  away = false
  await work({ events: [3] })
  expect(seen.at(-1)).toEqual({ events: [3] })
})
