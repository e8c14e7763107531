import type { BenchRun } from './bench.ts'
import type { Goal } from './goals.ts'
import { median, type Round } from './round.ts'

/** Medians of the rounds of one contestant; null where there was none. */
export type Standing = {
  who: string
  eventsPerSecond: number
  cpuPerEvent: number | null
  cpu: Record<string, number>
  generatorCpu: number | null
  ackP50: number | null
  ackP99: number | null
  movedP99: number | null
  appliedP99: number | null
}

/** Who did what, by the median of the rounds. Milliseconds. */
export function standingsOf(run: BenchRun): Standing[] {
  const of = (who: string, rounds: (Round | null | undefined)[]): Standing[] => {
    const played = rounds.filter((round) => round !== null && round !== undefined)
    if (played.length === 0) return []
    const middle = (value: (round: Round) => number | null) => {
      const values = played.flatMap((round) => value(round) ?? [])
      return values.length === 0 ? null : median(values)
    }
    const names = Object.keys(played[0]!.cpu ?? {})
    return [
      {
        who,
        eventsPerSecond: middle((round) => round.eventsPerSecond)!,
        cpuPerEvent: middle((round) => round.cpuPerEvent),
        cpu: Object.fromEntries(names.map((name) => [name, middle((round) => round.cpu?.[name] ?? null)!])),
        generatorCpu: middle((round) => round.generatorCpu),
        ackP50: middle((round) => round.ackP50),
        ackP99: middle((round) => round.ackP99),
        movedP99: middle((round) => round.movedP99),
        appliedP99: middle((round) => round.appliedP99),
      },
    ]
  }
  const { throughput, steady, growth } = run
  const scripts = throughput.flatMap(({ pgbench }) => pgbench ?? [])
  const script: Standing[] =
    scripts.length === 0
      ? []
      : [
          {
            who: 'pgbench, one function a write',
            eventsPerSecond: median(scripts.map(({ eventsPerSecond }) => eventsPerSecond)),
            cpuPerEvent: median(scripts.map(({ cpuPerEvent }) => cpuPerEvent ?? Number.NaN)),
            cpu: {},
            generatorCpu: null,
            ackP50: null,
            ackP99: null,
            movedP99: null,
            appliedP99: null,
          },
        ]
  return [
    ...of(
      'Stepladder',
      throughput.map((round) => round.stepladder),
    ),
    ...of(
      'stripe-sync-engine',
      throughput.map((round) => round.syncEngine),
    ),
    ...script,
    ...of(
      'Stepladder, embedded',
      throughput.map((round) => round.embedded),
    ),
    ...of(
      'Stepladder, fixed rate',
      (steady?.rounds ?? []).map((round) => round.stepladder),
    ),
    ...of(
      'stripe-sync-engine, fixed rate',
      (steady?.rounds ?? []).map((round) => round.syncEngine),
    ),
    ...of(
      'Stepladder, small',
      (growth ?? []).map((round) => round.small),
    ),
    ...of(
      'Stepladder, large',
      (growth ?? []).map((round) => round.large),
    ),
  ]
}

const standingHeadings = [
  '',
  'events/s',
  'CPU ms/event',
  'ack p50',
  'ack p99',
  'moved p99',
  'applied p99',
  'generator',
  'by process',
]

/** Rows for a table of the standings, as texts. */
export function standingRows(standings: readonly Standing[]): { headings: string[]; rows: string[][] } {
  const ms = (value: number | null, digits = 1) =>
    value === null || Number.isNaN(value) ? '–' : value.toFixed(digits)
  const rows = standings.map((standing) => [
    standing.who,
    Math.round(standing.eventsPerSecond).toString(),
    ms(standing.cpuPerEvent, 3),
    ms(standing.ackP50),
    ms(standing.ackP99),
    ms(standing.movedP99),
    ms(standing.appliedP99),
    ms(standing.generatorCpu, 3),
    Object.entries(standing.cpu)
      .map(([name, value]) => `${name} ${ms(value, 3)}`)
      .join(', '),
  ])
  return { headings: standingHeadings, rows }
}

/** Rows for a table of the goals. */
export function goalRows(goals: readonly Goal[]): { headings: string[]; rows: string[][] } {
  const figure = (value: number | null) => (value === null ? '–' : value.toFixed(2))
  const verdict = { true: 'reached', false: 'NOT reached', null: 'not measured' }
  return {
    headings: ['', 'goal', 'median', 'lowest', 'highest', '', 'what'],
    rows: goals.map((goal) => [
      goal.goal,
      goal.bound,
      figure(goal.median),
      figure(goal.lowest),
      figure(goal.highest),
      verdict[String(goal.reached) as 'true' | 'false' | 'null'],
      goal.what,
    ]),
  }
}
