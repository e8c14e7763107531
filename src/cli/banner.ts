export type Started = {
  url: string
  seconds: number
  /** Null unless local mode made or kept one. */
  operatorKey: string | null
  operatorKeyFile: string | null
  /** Where local mode keeps the secret that it made; null when secrets were set. */
  secretFile: string | null
  database: string
  queues: string
  notes: readonly string[]
}

/** What a person who has just started it wants to know: where things are, how to get in, and how to send it events. */
export function banner(started: Started): string {
  const { url, secretFile } = started
  const places: [string, string][] = [
    ["Stripe's events", `POST ${url}/webhooks/stripe`],
    ['JSON API', `${url}/api/v1/enrollments`],
    ['Panel', `${url}/operator`],
    ['Queue dashboard', `${url}/operator/queues`],
    ['Health, metrics', `${url}/readyz, ${url}/metrics`],
  ]
  const entry: [string, string] = started.operatorKey
    ? ['Sign in with', `${started.operatorKey}  (an operator's key, kept in ${started.operatorKeyFile})`]
    : ['Sign in with', 'a key from: npm run stepladder -- keys create --role operator']
  const sending: [string, string][] = [
    ['simulated', 'npm run stepladder -- simulate --subscriptions 20'],
    ...(secretFile
      ? ([
          ['from Stripe', 'STRIPE_WEBHOOK_SECRETS=$(stripe listen --print-secret) npm start'],
          ['', `stripe listen --forward-to ${url}/webhooks/stripe`],
          [
            '',
            'AUTO_PROVISION=coop beside it makes an organization for each new customer; else they wait to be linked',
          ],
          ['by yourself', `signed with the secret in ${secretFile}`],
        ] satisfies [string, string][])
      : ([['from Stripe', `stripe listen --forward-to ${url}/webhooks/stripe`]] satisfies [
          string,
          string,
        ][])),
  ]
  return [
    `Stepladder is ready at ${url} after ${started.seconds.toFixed(1)} s.`,
    '',
    ...columns([...places, entry]),
    '',
    'Send it events',
    ...columns(sending),
    '',
    'What is sold',
    ...columns([
      ['sample', 'npm run stepladder -- catalog apply src/cli/sample-catalog.yaml'],
      ['what is held', 'npm run stepladder -- catalog export'],
    ]),
    '',
    ...columns([
      ['Database', started.database],
      ['Queues', started.queues],
    ]),
    ...started.notes.map((note) => `  ${note}`),
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n')
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `  ${name.padEnd(width)}   ${value}`)
}
