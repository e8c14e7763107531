import type { CheckBench } from './bench-check.ts'
import type { GrowthRound } from './growth.ts'
import { median, type Round } from './round.ts'
import type { SteadyRound } from './steady.ts'
import type { ThroughputRound } from './throughput.ts'

/** Everything that a run found out. */
export type Findings = {
  throughput: ThroughputRound[]
  steady: { rate: number; rounds: SteadyRound[] } | null
  check: Pick<CheckBench, 'ratio' | 'p99' | 'rate'> | null
  growth: GrowthRound[] | null
}

export type Goal = {
  goal: string
  what: string
  /** Of the rounds, paired; null: not measured in this run. */
  median: number | null
  lowest: number | null
  highest: number | null
  bound: string
  /** null: not measured. */
  reached: boolean | null
}

type Bound = { atLeast: number } | { atMost: number }

/** The figures that are promised (P1 to P8), each a ratio of things measured beside each other, and whether they are reached. */
export function goalsOf(findings: Findings): Goal[] {
  const { throughput, steady, check, growth } = findings
  const pairs = <A, B>(list: readonly [A | null, B | null][], ratio: (a: A, b: B) => number | null) =>
    list.flatMap(([a, b]) => {
      const value = a === null || b === null ? null : ratio(a, b)
      return value === null ? [] : [value]
    })
  const speed = (a: { eventsPerSecond: number }, b: { eventsPerSecond: number }) =>
    a.eventsPerSecond / b.eventsPerSecond
  const cost = (a: Round, b: Round) =>
    a.cpuPerEvent !== null && b.cpuPerEvent ? a.cpuPerEvent / b.cpuPerEvent : null

  const rivals = throughput.map((r): [Round | null, Round | null] => [r.stepladder, r.syncEngine])
  const scripts = throughput.map((r) => [r.stepladder, r.pgbench] as [Round | null, typeof r.pgbench])
  const embedded = throughput.map((r): [Round | null, Round | null] => [r.embedded, r.syncEngine])
  const rounds = steady?.rounds ?? []
  return [
    goal('P1', 'events/s ÷ stripe-sync-engine', pairs(rivals, speed), { atLeast: 2.2 }),
    goal('P2', 'CPU-ms an event ÷ stripe-sync-engine', pairs(rivals, cost), { atMost: 0.5 }),
    goal('P3', 'events/s ÷ the pgbench script', pairs(scripts, speed), { atLeast: 1.2 }),
    goal(
      'P4',
      `ack p99 ÷ stripe-sync-engine, both at ${steady ? `${Math.round(steady.rate)}/s` : 'one rate'}`,
      rounds.map(({ stepladder, syncEngine }) => stepladder.ackP99 / syncEngine.ackP99),
      { atMost: 0.9 },
    ),
    goal(
      'P5',
      'received → tier moved, p99, at that rate, ms',
      rounds.flatMap(({ stepladder }) => stepladder.movedP99 ?? []),
      { atMost: 50 },
    ),
    goal('P6', 'embedded, queues on PostgreSQL: events/s ÷ stripe-sync-engine', pairs(embedded, speed), {
      atLeast: 1,
    }),
    goal('P7', 'check: requests/s ÷ a bare Hono route', check ? [check.ratio] : [], { atLeast: 0.6 }),
    goal('P7', `check: p99 at ${check?.rate ?? 2000}/s, ms`, check ? [check.p99] : [], { atMost: 5 }),
    goal(
      'P8',
      'CPU-ms an event in a large installation ÷ in a small one',
      (growth ?? []).flatMap(({ small, large }) => cost(large, small) ?? []),
      { atMost: 1.15 },
    ),
  ]
}

function goal(name: string, what: string, values: readonly number[], bound: Bound): Goal {
  const told = 'atLeast' in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`
  const figures = { goal: name, what, bound: told }
  if (values.length === 0) return { ...figures, median: null, lowest: null, highest: null, reached: null }
  const middle = median(values)
  return {
    ...figures,
    median: middle,
    lowest: Math.min(...values),
    highest: Math.max(...values),
    reached: 'atLeast' in bound ? middle >= bound.atLeast : middle <= bound.atMost,
  }
}

/** What was not as it should be, in any round: a figure beside one of these says nothing. */
export function faultsOf({ throughput, steady, growth }: Findings): string[] {
  const told = (who: string, round: Round | null) => (round?.faults ?? []).map((fault) => `${who}: ${fault}`)
  return [
    ...throughput.flatMap((round, at) => [
      ...told(`round ${at + 1}, Stepladder`, round.stepladder),
      ...told(`round ${at + 1}, stripe-sync-engine`, round.syncEngine),
      ...told(`round ${at + 1}, embedded`, round.embedded),
    ]),
    ...(steady?.rounds ?? []).flatMap((round) => [
      ...told('at a fixed rate, Stepladder', round.stepladder),
      ...told('at a fixed rate, stripe-sync-engine', round.syncEngine),
    ]),
    ...(growth ?? []).flatMap(({ small, large }) => [
      ...told('a small installation', small),
      ...told('a large installation', large),
    ]),
  ]
}
