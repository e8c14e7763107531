// Takes Stripe's deliveries into the inbox and answers everything else over HTTP. Run as many as wanted.
import { UsageError } from '../src/errors.ts'
import { runProcess } from '../src/processes/run-process.ts'
import { startReceiver } from '../src/processes/start-receiver.ts'

await runProcess('receiver', async ({ config, log, db, bells, reached }) => {
  const secrets = config.stripeWebhookSecrets
  if (secrets.length === 0) {
    const fix = 'Set it to the signing secret of the webhook endpoint, whsec_…'
    throw new UsageError('webhook_secret_missing', 'A receiver needs STRIPE_WEBHOOK_SECRETS.', fix)
  }
  // A receiver has to take events while the queues are away: the sweeper rings for them later.
  bells.backend.check().then(
    (warnings) => warnings.map((warning) => log.warn({ backend: bells.backend.kind }, warning)),
    (error) => log.warn({ error }, 'The queues do not answer; events are kept all the same'),
  )
  const { all: queues, ring } = bells
  const receiver = await startReceiver({ db, config, secrets, queues, ring, log, reached })
  log.info({ host: config.host, port: config.port }, `Receiving at ${receiver.url}/webhooks/stripe`)
  return receiver
})
