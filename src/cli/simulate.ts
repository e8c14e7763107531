import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type Config, configFromEnvironment, withDotEnv } from '../config.ts'
import { Refused, StepladderError, UsageError } from '../errors.ts'
import { type Answer, answering } from './output.ts'
import { createProgress } from './progress.ts'
import { readRunFile } from './run-file.ts'
import { type Session, withSession } from './session.ts'
import { prepareGround } from './simulate-ground.ts'
import { beginningOf, newRun, type Plan, planned } from './simulate-lives.ts'
import { judge, readHandling, readStands, waitUntilHandled } from './simulate-outcome.ts'
import { play } from './simulate-play.ts'
import { simulationAnswer } from './simulate-report.ts'

type Options = Omit<Plan, 'run'> & {
  run?: string
  concurrency: number
  speed?: number
  url?: string
  timeout: number
}

/** `stepladder simulate`: plays subscription lives at the receiver, as Stripe would, and shows what came of them. */
export function register(program: Command): void {
  program
    .command('simulate')
    .description(
      'play signed, realistic subscription lives at the running Stepladder, and compare the tiers with the true ones',
    )
    .option('--subscriptions <n>', 'how many lives', whole('--subscriptions', 1, 100_000), 50)
    .option('--seed <n>', 'which lives: the same seed plays the same ones', whole('--seed', 0, 2 ** 31), 1)
    .option(
      '--duplicates <share>',
      'share of deliveries that come twice: 0.2, or 20%',
      share('--duplicates'),
      0,
    )
    .option('--shuffle', 'deliver in any order', false)
    .option('--loss <share>', 'share of events that never come: 0.01, or 1%', share('--loss'), 0)
    .option('--concurrency <n>', 'deliveries under way at once', whole('--concurrency', 1, 256), 16)
    .option(
      '--speed <n>',
      'deliveries a second at most (as fast as they are taken)',
      whole('--speed', 1, 1_000_000),
    )
    .option('--url <url>', 'where Stepladder runs (read from run.json)')
    .option('--run <id>', 'play this run again: what was delivered already is a duplicate')
    .option(
      '--timeout <seconds>',
      'how long to wait for workers that do nothing',
      whole('--timeout', 1, 86_400),
      30,
    )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Every run has ids of its own, so that runs do not meet. Each life gets an organization, named in its events' metadata.
The exit code is 1 when any organization is not on its true tier. With --loss, those that are held at a gap, and those whose
last event never came, are shown apart: without STRIPE_API_KEY nobody can know better.`,
    )
    .action(answering(async (options: Options) => simulate(options)))
}

async function simulate(options: Options): Promise<Answer> {
  const run = options.run ?? newRun(new Date())
  if (beginningOf(run) === null) {
    throw new UsageError(
      'option_invalid',
      `${run} is not the id of a run.`,
      'Give the one that a run showed, or none.',
    )
  }
  const config = configFromEnvironment(withDotEnv(process.env))
  const url = await receiverOf(config, options.url)
  const secret = secretOf(config)
  return withSession((session) => playAndCompare(session, { ...options, run, url, secret }))
}

async function playAndCompare(
  session: Session,
  options: Options & { run: string; url: string; secret: string },
): Promise<Answer> {
  const { url, secret, concurrency, speed = null } = options
  const plan: Plan = options
  const notes = await prepareGround(session, plan.run, plan.subscriptions)
  for (const note of notes) process.stderr.write(`${note}\n`)
  const { lives, deliveries, lost } = planned(plan)
  process.stderr.write(
    `Run ${plan.run}: ${lives.length} lives in ${deliveries.length} deliveries to ${url}\n`,
  )

  const playing = createProgress('Playing', deliveries.length)
  const began = performance.now()
  const onDelivered = (count: number) =>
    playing.at(count, `${Math.round(count / ((performance.now() - began) / 1000))}/s`)
  const played = await play(deliveries, { url, secret, concurrency, speed, onDelivered }).finally(playing.end)

  const told = new Set(deliveries.map(({ event }) => event))
  const customers = lives.map(({ customer }) => customer)
  await refuseOtherDatabase(session, customers, url)
  const applying = createProgress('Applying', 2 * told.size)
  const handling = await waitUntilHandled(session.app, customers, {
    patienceSeconds: options.timeout,
    onHandled: ({ handled, soon }) => applying.at(handled, soon > 0 ? `${soon} waiting` : ''),
  }).finally(applying.end)
  const judged = judge(lives, await readStands(session.app, customers), told)
  return simulationAnswer({
    plan,
    url,
    notes,
    deliveries: deliveries.length,
    events: told.size,
    lost,
    played,
    handling,
    judged,
  })
}

/** @throws StepladderError when nothing runs here and no other place was named. */
async function receiverOf(config: Config, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    if (URL.canParse(given) && /^https?:/.test(given)) return given.replace(/\/+$/, '')
    throw new UsageError(
      'option_invalid',
      `--url has to be an http address, not ${given}.`,
      'Such as --url http://127.0.0.1:3000.',
    )
  }
  const running = await readRunFile(config.home)
  if (running) return running.url
  throw new StepladderError(
    'nothing_runs',
    `No Stepladder runs on ${config.home}, so nobody would take the events.`,
    'Run `npm start` in another terminal first, or name one that runs elsewhere with --url.',
  )
}

/** The first one set, else the one that local mode made for itself. */
function secretOf(config: Config): string {
  const [first] = config.stripeWebhookSecrets
  if (first !== undefined) return first
  try {
    return readFileSync(join(config.home, 'webhook-secret'), 'utf8').trim()
  } catch {
    throw new Refused(
      'no_signing_secret',
      'Nothing is known to sign the events with.',
      'Set STRIPE_WEBHOOK_SECRETS to the same as for the deployment.',
    )
  }
}

/** Taken and not to be found: the receiver keeps its events elsewhere, and everything would look unfinished for ever. */
async function refuseOtherDatabase(
  { app }: Session,
  customers: readonly string[],
  url: string,
): Promise<void> {
  if ((await readHandling(app, customers)).events > 0) return
  throw new Refused(
    'other_database',
    `${url} took the events, and this command's database has none of them.`,
    'Set DATABASE_URL to the same as for the deployment.',
  )
}

function whole(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new UsageError(
      'option_invalid',
      `${option} has to be a whole number from ${least} to ${most}, not ${text}.`,
      'See `stepladder simulate --help`.',
    )
  }
}

/** A share from 0 to 1, or a percentage: with its sign, or without it when it is above 1. */
function share(option: string): (text: string) => number {
  return (text) => {
    const [, digits, sign] = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text) ?? []
    const value = Number(digits) / (sign === '%' || Number(digits) > 1 ? 100 : 1)
    if (value >= 0 && value <= 1) return value
    throw new UsageError(
      'option_invalid',
      `${option} has to be a share from 0 to 1 or a percentage, not ${text}.`,
      `Such as ${option} 0.2, or ${option} 20%.`,
    )
  }
}
