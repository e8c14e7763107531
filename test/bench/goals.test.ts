import { describe, expect, test } from 'vitest'
import { type Findings, faultsOf, goalsOf } from '../../src/bench/goals.ts'
import { median, quantile, type Round } from '../../src/bench/round.ts'
import type { ThroughputRound } from '../../src/bench/throughput.ts'

const round = (told: Partial<Round>): Round => ({
  deliveries: 100,
  events: 90,
  seconds: 1,
  eventsPerSecond: 100,
  cpu: null,
  cpuPerEvent: null,
  ackP50: 1,
  ackP99: 2,
  movedP99: null,
  appliedP99: null,
  generatorCpu: 0.02,
  faults: [],
  ...told,
})
const played = (told: Partial<ThroughputRound>): ThroughputRound => ({
  stepladder: null,
  syncEngine: null,
  pgbench: null,
  embedded: null,
  ...told,
})
const nothing: Findings = { throughput: [], steady: null, check: null, growth: null }
const named = (findings: Findings, name: string) => goalsOf(findings).find(({ goal }) => goal === name)!

describe('the goals', () => {
  const pairs = [
    [200, 100, 0.4, 1],
    [230, 100, 0.6, 1],
    [900, 300, 0.5, 1],
  ].map(([own, rival, cost, rivals]) =>
    played({
      stepladder: round({ eventsPerSecond: own!, cpuPerEvent: cost! }),
      syncEngine: round({ eventsPerSecond: rival!, cpuPerEvent: rivals! }),
    }),
  )

  test('a ratio is taken within each round, and the median of the rounds is what counts', () => {
    const findings = { ...nothing, throughput: pairs }
    expect(named(findings, 'P1')).toMatchObject({ median: 2.3, lowest: 2, highest: 3, reached: true })
    expect(named(findings, 'P2')).toMatchObject({ median: 0.5, lowest: 0.4, highest: 0.6, reached: true })
  })

  test('a bound that is missed is not reached', () => {
    const missed = { ...nothing, throughput: [pairs[0]!] }
    expect(named(missed, 'P1')).toMatchObject({ median: 2, reached: false })
    const slow = [{ small: round({ cpuPerEvent: 1 }), large: round({ cpuPerEvent: 1.2 }) }]
    expect(named({ ...nothing, growth: slow }, 'P8')).toMatchObject({ median: 1.2, reached: false })
  })

  test('what was not measured is neither reached nor missed', () => {
    expect(goalsOf(nothing).map(({ reached }) => reached)).toEqual(Array(9).fill(null))
    expect(goalsOf(nothing).map(({ goal }) => goal)).toEqual([
      'P1',
      'P2',
      'P3',
      'P4',
      'P5',
      'P6',
      'P7',
      'P7',
      'P8',
    ])
  })

  test('where no CPU can be read, the goals about it are not measured and the others are', () => {
    const blind = played({ stepladder: round({ eventsPerSecond: 300 }), syncEngine: round({}) })
    const findings = { ...nothing, throughput: [blind] }
    expect(named(findings, 'P1').reached).toBe(true)
    expect(named(findings, 'P2').reached).toBe(null)
  })

  test('a fault of any round is told with whose it was', () => {
    const wrong = played({
      stepladder: round({ faults: ['1 of 9 are on a wrong tier'] }),
      syncEngine: round({}),
    })
    const steady = {
      rate: 400,
      rounds: [{ stepladder: round({}), syncEngine: round({ faults: ['2 were answered 500'] }) }],
    }
    expect(faultsOf({ ...nothing, throughput: [pairs[0]!, wrong], steady })).toEqual([
      'round 2, Stepladder: 1 of 9 are on a wrong tier',
      'at a fixed rate, stripe-sync-engine: 2 were answered 500',
    ])
  })
})

test('medians and quantiles are of the sorted list', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1)
  expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([], 0.5)]).toEqual([51, 100, 0])
})
