import { databaseIsAway } from '../database-errors.ts'
import { within } from '../within.ts'
import type { WorkPayload } from './names.ts'
import { createPace } from './pace.ts'

type Pending = { work: WorkPayload; done: () => void; failed: (error: unknown) => void }

/** As many events and subscriptions as one transaction takes at once: more make it longer and hardly cheaper. */
const mostAtOnce = 192
/**
 * Milliseconds that a batch may take: longer than a statement may. A connection that died in a certain moment never answers,
 * and must not hold the batches behind it; should this one end after all, doing it twice does nothing twice.
 */
const longestMs = 45_000

/**
 * Has jobs that run at the same time done together, one merged batch after the other. Open-source BullMQ hands out single
 * jobs; under load a transaction for each would cost most of its statements again and again, and neighbours in two
 * transactions would wait for each other's subscriptions. At rest a job is done at once and alone; soon after another it
 * waits for those that come in the same `paceMs`, since a batch of one takes as many statements as a batch of many. A merged batch
 * that fails is taken apart into its jobs, so that each hears its own outcome. What was asked for on purpose, and what ends grants,
 * is not merged.
 */
export function mergeWork(
  work: (work: WorkPayload) => Promise<void>,
  paceMs = 0,
): (work: WorkPayload) => Promise<void> {
  const handle = (payload: WorkPayload) => within(longestMs, 'The database', work(payload))
  const paced = createPace(paceMs)
  let pending: Pending[] = []
  let running = false

  async function run(): Promise<void> {
    while (pending.length > 0) {
      await paced()
      await together(nextBatch())
    }
    running = false
  }

  function nextBatch(): Pending[] {
    const [first] = pending
    let size = sizeOf(first!.work)
    let count = 1
    while (isPlain(first!.work) && count < pending.length) {
      const { work } = pending[count]!
      if (!isPlain(work) || size + sizeOf(work) > mostAtOnce) break
      size += sizeOf(work)
      count++
    }
    const batch = pending.slice(0, count)
    pending = pending.slice(count)
    return batch
  }

  async function together(batch: Pending[]): Promise<void> {
    if (batch.length === 1) return alone(batch[0]!)
    try {
      await handle(merged(batch.map(({ work }) => work)))
    } catch (error) {
      if (databaseIsAway(error)) for (const { failed } of batch) failed(error)
      else for (const one of batch) await alone(one)
      return
    }
    for (const { done } of batch) done()
  }

  async function alone({ work, done, failed }: Pending): Promise<void> {
    await handle(work).then(done, failed)
  }

  return (work) =>
    new Promise((done, failed) => {
      pending.push({ work, done, failed })
      // In the next turn, so that jobs fetched together are found together.
      if (!running) {
        running = true
        setImmediate(() => void run())
      }
    })
}

function merged(works: readonly WorkPayload[]): WorkPayload {
  const events = [...new Set(works.flatMap(({ events }) => events))]
  const subscriptions = [...new Set(works.flatMap(({ subscriptions }) => subscriptions ?? []))]
  return subscriptions.length === 0 ? { events } : { events, subscriptions }
}

function sizeOf({ events, subscriptions = [] }: WorkPayload): number {
  return events.length + subscriptions.length
}

function isPlain({ grants, again }: WorkPayload): boolean {
  return !again && !grants?.length
}
