// The server of `benchCheck`: the whole app and a bare Hono route beside it, in one process, so that both have the same core.
import { Hono } from 'hono'
import { createApiKey } from '../auth/api-keys.ts'
import { connect } from '../db/connect.ts'
import { createCheckMemory } from '../entitlements/check-memory.ts'
import { silentLog } from '../log.ts'
import { createApp } from '../web/app.ts'
import { serveWeb } from '../web/server.ts'

const db = connect(process.argv[2]!, { max: 10, applicationName: 'stepladder bench check' })
const check = createCheckMemory(db)
const address = { port: 0, host: '127.0.0.1' }
const app = createApp({
  db,
  check,
  take: async () => 'stored',
  secrets: [],
  publicUrl: null,
  queues: [],
  dashboard: null,
  ringAgain: async () => false,
  log: silentLog,
})
const bare = new Hono().get('/bare', (c) =>
  c.json({ allowed: true, limit: 10, because: 'tier:pro', as_of: 'now' }),
)
const [whole, plain] = [await serveWeb(app, address), await serveWeb(bare, address)]
const { key } = await createApiKey(db, { role: 'viewer', name: 'bench' })
process.stdout.write(`${JSON.stringify({ url: whole.url, bareUrl: plain.url, key })}\n`)
