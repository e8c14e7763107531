import type { Log } from '../log.ts'
import { openQueues, type QueueBackend, type UpkeepQueue, type WorkQueue } from '../queue/backend.ts'
import { type QueueName, queueNames, upkeepQueueName } from '../queue/names.ts'
import { createRing, type Ring } from '../queue/ring.ts'
import { within } from '../within.ts'

/** The queues as a process holds them: those of the two writes with the bell that rings them, and that of upkeep. */
export type Bells = {
  backend: QueueBackend
  queues: Record<QueueName, WorkQueue>
  upkeep: UpkeepQueue
  /** All of them: what the dashboard shows. */
  all: (WorkQueue | UpkeepQueue)[]
  ring: Ring
  close: () => Promise<void>
}

/** Opens the queues of this process. Nothing is awaited: a receiver has to start while the queues are away. */
export function openBells(parts: { redisUrls: readonly string[]; databaseUrl: string; log: Log }): Bells {
  const backend = openQueues(parts)
  const queues = {
    enrollment: backend.queue('enrollment'),
    'subscription-changes': backend.queue('subscription-changes'),
  }
  const upkeep = backend.queue(upkeepQueueName)
  const all = [...queueNames.map((name) => queues[name]), upkeep]
  const ring = createRing(queues, { log: parts.log })
  return {
    backend,
    queues,
    upkeep,
    all,
    ring,
    close: async () => {
      // A queue that never reached its backend has nothing to close, and would wait for ever.
      await within(3000, 'The queue', ring.close()).catch(() => {})
      await within(3000, 'The queue', Promise.all(all.map((queue) => queue.close()))).catch(() => {})
      await backend.close()
    },
  }
}
