import type { Played } from './play-requests.ts'

/** What one contestant showed in one round. */
export type Round = {
  deliveries: number
  events: number
  /** Until everything was applied. */
  seconds: number
  eventsPerSecond: number
  /** CPU-milliseconds for each delivery, by process, and their sum; null where there is no /proc. */
  cpu: Record<string, number> | null
  cpuPerEvent: number | null
  ackP50: number
  ackP99: number
  movedP99: number | null
  appliedP99: number | null
  /** The load generator's own, CPU-milliseconds for each delivery. */
  generatorCpu: number
  /** What is not as it should be; a round with any of these counts for nothing. */
  faults: string[]
}

/** Who takes part: something that listens, and knows when all was applied. */
export type Contestant = {
  port: number
  connections: number
  /** Processes by their name in the report. */
  processes: Record<string, number>
  /** Waits until so many events are applied. Epoch milliseconds of the last of it; null: the last acknowledgement. */
  settled: (events: number) => Promise<number | null>
  /** What is wrong, once all is applied. */
  check: () => Promise<string[]>
  latencies: (since: number) => Promise<{ movedP99: number | null; appliedP99: number | null }>
  close: () => Promise<void>
}

/** The value below which this share of a sorted list lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function refusals(played: Played): string[] {
  return Object.entries(played.statuses).flatMap(([status, count]) =>
    status === '200' ? [] : [`${count} deliveries were answered ${status}`],
  )
}
