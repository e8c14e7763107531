import { parseArgs } from 'node:util'
import { exitCodeOf, exitCodes, printError } from '../../src/cli/output.ts'
import { stopSignal } from '../../src/cli/stop-signal.ts'
import { configFromEnvironment, withDotEnv } from '../../src/config.ts'
import { reasonOf } from '../../src/db/connect.ts'
import { Interrupted, StepladderError, UsageError } from '../../src/errors.ts'
import { chosenTarget } from './chosen-target.ts'
import { openTarget } from './open-target.ts'
import { type Played, playScenario } from './play-scenario.ts'
import { type ScenarioName, scenarioNames } from './scenarios.ts'

/**
 * `npm run e2e:governance [-- <scenario>…]`: revenue plans on a deployment that runs, from outside. Exit code 0: every scenario passed;
 * 1: one did not, or a part of the deployment does not answer; 2: it was asked in a way that cannot be; 130: Ctrl-C.
 */
const help = `npm run e2e:governance [-- <scenario>…] [--json]

Scenarios, all of them unless named: ${scenarioNames.join(', ')}

STEPLADDER_URL       the deployment (STEPLADDER_BASE_URL is the same)
STEPLADDER_API_KEY   a plan approver's key of it, or one with the scope high-risk-approval
DATABASE_URL         its database, where plans are seeded and cleared away; that of STEPLADDER_HOME unless set
With neither address nor key: the Stepladder that runs on STEPLADDER_HOME (npm start).
`

const json = process.argv.includes('--json')
const stop = stopSignal()
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  printError(error, json)
  process.exitCode = exitCodeOf(error)
} finally {
  stop.release()
}

async function main(argv: string[]): Promise<number> {
  const { names, asksForHelp } = readArguments(argv)
  if (asksForHelp) {
    process.stdout.write(help)
    return exitCodes.done
  }
  const env = withDotEnv(process.env)
  const config = configFromEnvironment(env)
  const target = await openTarget(await chosenTarget(env, config.home), config)
  const stopping = new AbortController()
  void stop.asked.then(() =>
    stopping.abort(new Interrupted('interrupted', 'Stopped before the end.', 'Run it again.')),
  )
  const played: Played[] = []
  try {
    if (!json) process.stdout.write(`Revenue plans at ${target.url}\n`)
    for (const name of names) {
      const one = await playScenario(target, name, stopping.signal)
      played.push(one)
      if (!json) process.stdout.write(lineOf(one))
      if (stopping.signal.aborted) break
    }
  } finally {
    await target.release()
  }
  if (json)
    process.stdout.write(`${JSON.stringify({ url: target.url, scenarios: played.map(told) }, null, 2)}\n`)
  if (stopping.signal.aborted) return exitCodes.interrupted
  return played.every(({ error }) => error === null) ? exitCodes.done : exitCodes.failed
}

function readArguments(argv: string[]): { names: readonly ScenarioName[]; asksForHelp: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { help: { type: 'boolean' }, json: { type: 'boolean' } },
    })
    const odd = positionals.find((name) => !scenarioNames.some((known) => known === name))
    if (odd !== undefined) throw new Error(`There is no scenario ${odd}.`)
    return {
      names: positionals.length > 0 ? (positionals as ScenarioName[]) : scenarioNames,
      asksForHelp: values.help === true,
    }
  } catch (error) {
    const next = `The scenarios: ${scenarioNames.join(', ')}; none for all of them.`
    throw new UsageError('arguments_unknown', (error as Error).message, next)
  }
}

function lineOf({ scenario, plan, error, seconds }: Played): string {
  const line = `  ${error === null ? 'passed' : 'FAILED'}  ${scenario.padEnd(16)}  ${seconds.toFixed(1)} s  ${plan}\n`
  if (error === null) return line
  const next = error instanceof StepladderError ? `          Next: ${error.fix}\n` : ''
  return `${line}          ${reasonOf(error)}\n${next}`
}

function told({ scenario, plan, error, seconds }: Played) {
  return {
    scenario,
    plan_id: plan,
    passed: error === null,
    seconds: Math.round(seconds * 1000) / 1000,
    ...(error !== null && { failure: reasonOf(error) }),
  }
}
