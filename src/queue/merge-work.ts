import { databaseIsAway } from '../database-errors.ts'
import { within } from '../within.ts'
import type { WorkPayload } from './names.ts'
import { createPace } from './pace.ts'

type Pending = { work: WorkPayload; done: () => void; failed: (error: unknown) => void }

/** As many events as one transaction takes at once: more make it longer and hardly cheaper. */
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
 * waits for those that come in the same `paceMs`, since a batch of one takes as many statements as a batch of many; what fills a batch does not. A merged batch
 * that fails is taken apart into its jobs, so that each hears its own outcome. Only plain work on events is merged.
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
      // What fills a batch gains nothing by waiting.
      if (waiting() < mostAtOnce) await paced()
      await together(nextBatch())
    }
    running = false
  }

  function waiting(): number {
    return pending.reduce((sum, { work }) => sum + work.events.length, 0)
  }

  function nextBatch(): Pending[] {
    const [first] = pending
    let size = first!.work.events.length
    let count = 1
    while (isPlain(first!.work) && count < pending.length) {
      const { work } = pending[count]!
      if (!isPlain(work) || size + work.events.length > mostAtOnce) break
      size += work.events.length
      count++
    }
    const batch = pending.slice(0, count)
    pending = pending.slice(count)
    return batch
  }

  async function together(batch: Pending[]): Promise<void> {
    if (batch.length === 1) return alone(batch[0]!)
    try {
      await handle({ events: [...new Set(batch.flatMap(({ work }) => work.events))] })
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

function isPlain({ subscriptions, grants, again }: WorkPayload): boolean {
  return !again && !subscriptions?.length && !grants?.length
}
