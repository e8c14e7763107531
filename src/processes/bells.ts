import type { Log } from '../log.ts'
import { openQueues, type QueueBackend, type WorkQueue } from '../queue/backend.ts'
import { type QueueName, queueNames } from '../queue/names.ts'
import { createRing, type Ring } from '../queue/ring.ts'
import { within } from '../within.ts'

/** The two queues and the bell that rings them, as a process holds them. */
export type Bells = {
  backend: QueueBackend
  queues: Record<QueueName, WorkQueue>
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
  const ring = createRing(queues, { log: parts.log })
  return {
    backend,
    queues,
    ring,
    close: async () => {
      // A queue that never reached its backend has nothing to close, and would wait for ever.
      await within(3000, 'The queue', ring.close()).catch(() => {})
      await within(3000, 'The queue', Promise.all(queueNames.map((name) => queues[name].close()))).catch(
        () => {},
      )
      await backend.close()
    },
  }
}
