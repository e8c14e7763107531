// @supabase/stripe-sync-engine behind node's own server: the cheapest receiver that there is for it. Started by
// `stepladder bench`, which names the port and a database of the round's own.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

// Its ES build reads __dirname, which is not there: the CommonJS one is the one that can migrate.
const { runMigrations, StripeSync } = createRequire(import.meta.url)('@supabase/stripe-sync-engine')

const { PORT, DATABASE_URL, WEBHOOK_SECRET } = process.env

// A migration that fails is told to the logger alone.
let failed = null
const logger = {
  info() {},
  error(error) {
    failed = error
  },
}
await runMigrations({ databaseUrl: DATABASE_URL, schema: 'stripe', logger })
if (failed) throw failed

const sync = new StripeSync({
  poolConfig: { connectionString: DATABASE_URL, max: 10 },
  schema: 'stripe',
  stripeSecretKey: 'sk_test_bench',
  stripeWebhookSecret: WEBHOOK_SECRET,
  // Nothing is asked of Stripe: everything stands in the event.
  backfillRelatedEntities: false,
  autoExpandLists: false,
})

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    sync.processWebhook(Buffer.concat(chunks), request.headers['stripe-signature']).then(
      () => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end('{"received":true}')
      },
      (error) => {
        console.error(error.message)
        response.writeHead(500)
        response.end()
      },
    )
  })
})
server.keepAliveTimeout = 65_000
server.listen(Number(PORT), '127.0.0.1', () => console.log('Receiving'))
process.once('SIGTERM', () => process.exit(0))
