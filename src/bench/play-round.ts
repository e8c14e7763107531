import { cpuMsOf } from './cpu-time.ts'
import { type Load, prepareLoad } from './load.ts'
import { type Contestant, quantile, type Round, refusals } from './round.ts'
import { benchSecret, webhookPath } from './stepladder.ts'
import { type Workload, type WorkloadPlan, workloadOf } from './workload.ts'

/** What is played: first what only warms up, then what counts; and what both parts come to, which is checked. */
export type Score = { warmUp: WorkloadPlan; main: WorkloadPlan } & Pick<
  Workload,
  'customers' | 'subscriptions' | 'truth'
>

export function scoreOf(warmUp: WorkloadPlan, main: WorkloadPlan): Score {
  const parts = [workloadOf(warmUp), workloadOf(main)]
  return {
    warmUp,
    main,
    customers: parts.flatMap(({ customers }) => customers),
    subscriptions: parts.flatMap(({ subscriptions }) => subscriptions),
    truth: new Map(parts.flatMap(({ truth }) => [...truth])),
  }
}

/** Both parts of a score, rendered and signed: for every contestant of one round, and for five minutes. */
export type Loads = { warmUp: Load; main: Load }

export async function withLoads<T>(score: Score, work: (loads: Loads) => Promise<T>): Promise<T> {
  const parts = { secret: benchSecret, path: webhookPath }
  const warmUp = await prepareLoad(score.warmUp, parts)
  try {
    const main = await prepareLoad(score.main, parts)
    try {
      return await work({ warmUp, main })
    } finally {
      main.close()
    }
  } finally {
    warmUp.close()
  }
}

/**
 * One round of one contestant, which runs already. What it and its servers use is counted from the first delivery until
 * everything is applied; the generator is a process of its own, and counted apart.
 * @param rate deliveries a second; null: as fast as they are acknowledged.
 */
export async function playRound(contestant: Contestant, loads: Loads, rate: number | null): Promise<Round> {
  const { port, connections, processes } = contestant
  const { warmUp, main } = loads
  await warmUp.play({ port, connections, rate: null })
  await contestant.settled(warmUp.prepared.events)

  const before = usedBy(processes)
  const played = await main.play({ port, connections, rate })
  const { deliveries, events } = main.prepared
  const lastAt = (await contestant.settled(warmUp.prepared.events + events)) ?? played.endedAt
  const cpu = perDelivery(before, usedBy(processes), deliveries)

  const seconds = (Math.max(lastAt, played.endedAt) - played.beganAt) / 1000
  const { movedP99, appliedP99 } = await contestant.latencies(played.beganAt)
  return {
    deliveries,
    events,
    seconds,
    eventsPerSecond: deliveries / seconds,
    cpu,
    cpuPerEvent: cpu && Object.values(cpu).reduce((sum, ms) => sum + ms, 0),
    ackP50: quantile(played.ackMs, 0.5),
    ackP99: quantile(played.ackMs, 0.99),
    movedP99: movedP99 === null ? null : movedP99 * 1000,
    appliedP99: appliedP99 === null ? null : appliedP99 * 1000,
    generatorCpu: played.cpuMs / deliveries,
    faults: [...refusals(played), ...(await contestant.check())],
  }
}

type Used = Record<string, number>

function usedBy(processes: Record<string, number>): Used | null {
  const used = Object.entries(processes).map(([name, pid]) => [name, cpuMsOf([pid])] as const)
  return used.some(([, ms]) => ms === null) ? null : (Object.fromEntries(used) as Used)
}

function perDelivery(before: Used | null, after: Used | null, deliveries: number): Used | null {
  if (before === null || after === null) return null
  return Object.fromEntries(
    Object.keys(before).map((name) => [name, (after[name]! - before[name]!) / deliveries]),
  )
}
