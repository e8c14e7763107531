import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { HonoAdapter } from '@bull-board/hono'
import { serveStatic } from '@hono/node-server/serve-static'
import type { Queue } from 'bullmq'
import { Hono } from 'hono'
import type { UpkeepQueue, WorkQueue } from './backend.ts'

/**
 * bull-board over the queues. It has no sign-in of its own and its routes change things: mount it behind one.
 * @param basePath where it is mounted, such as `/operator/queues`, without a trailing slash.
 */
export function dashboardApp(queues: readonly (WorkQueue | UpkeepQueue)[], basePath: string): Hono {
  const adapter = new HonoAdapter(serveStatic)
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue as unknown as Queue)),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Stepladder queues', hideRedisDetails: false } },
  })
  adapter.setBasePath(basePath)
  return new Hono().route('/', adapter.registerPlugin())
}
