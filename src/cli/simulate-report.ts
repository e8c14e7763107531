import { type Answer, table } from './output.ts'
import type { Plan } from './simulate-lives.ts'
import type { Handling, Judged, WrongLife } from './simulate-outcome.ts'
import { type Played, quantile } from './simulate-play.ts'

export type Simulation = {
  plan: Plan
  url: string
  notes: readonly string[]
  deliveries: number
  /** Distinct events that were delivered, and those that never were. */
  events: number
  lost: number
  played: Played
  handling: Handling & { finished: boolean }
  judged: Judged
}

/** Lives that are named one by one to a person; --json names them all. */
const mostNamed = 5

/** What a run showed. It failed when anybody stands elsewhere than on the true tier for no reason that loss explains. */
export function simulationAnswer(simulation: Simulation): Answer {
  const { plan, judged, handling, played } = simulation
  const { wrong, held, endLost } = judged
  // Without loss there is nothing to be held for: then a held one is as wrong as any.
  const excused = plan.loss > 0
  const failed = !handling.finished || wrong.length > 0 || (!excused && held.length + endLost.length > 0)
  const ack = { p50: quantile(played.ackMs, 0.5), p99: quantile(played.ackMs, 0.99) }
  return {
    json: {
      run: plan.run,
      url: simulation.url,
      subscriptions: plan.subscriptions,
      seed: plan.seed,
      duplicates: plan.duplicates,
      shuffle: plan.shuffle,
      loss: plan.loss,
      deliveries: simulation.deliveries,
      events: simulation.events,
      lost: simulation.lost,
      answers: { stored: played.stored, duplicate: played.duplicate, different_body: played.different_body },
      retries: played.retries,
      seconds: rounded(played.seconds, 3),
      per_second: rounded(simulation.deliveries / played.seconds, 1),
      ack_ms: { p50: rounded(ack.p50, 2), p99: rounded(ack.p99, 2) },
      applied_seconds: { p50: rounded(handling.appliedP50, 3), p99: rounded(handling.appliedP99, 3) },
      finished: handling.finished,
      writes_open: handling.open,
      tiers: judged.tiers,
      right: judged.right,
      wrong: wrong.map(documented),
      held: held.map(documented),
      end_lost: endLost.map(documented),
      notes: simulation.notes,
    },
    text: report(simulation, ack),
    failed,
  }
}

function report(simulation: Simulation, ack: { p50: number | null; p99: number | null }): string {
  const { plan, judged, handling, played, deliveries, events, lost } = simulation
  const order = plan.shuffle ? ', in any order' : ''
  const missing = lost > 0 ? `, ${counted(lost, 'event')} lost` : ''
  const tiers = judged.tiers.map((row) => [row.tier, row.true, row.result])
  return [
    `Run ${plan.run}, seed ${plan.seed}: ${counted(plan.subscriptions, 'subscription')}, ${counted(events, 'event')} in ${deliveries} deliveries${order}${missing}`,
    `Played in ${played.seconds.toFixed(1)} s: ${Math.round(deliveries / played.seconds)} deliveries/s, acknowledged in ${shownMs(ack.p50)} (p50), ${shownMs(ack.p99)} (p99); ${played.duplicate} were duplicates, ${played.retries} sent again`,
    `Received → applied: ${shownSeconds(handling.appliedP50)} (p50), ${shownSeconds(handling.appliedP99)} (p99)`,
    '',
    table(['tier', 'true', 'result'], tiers),
    '',
    ...verdict(simulation),
  ].join('\n')
}

function verdict({ plan, judged, handling }: Simulation): string[] {
  const { right, wrong, held, endLost } = judged
  const lines: string[] = []
  if (!handling.finished) {
    lines.push(
      `${counted(handling.open, 'write')} not taken up, and nothing moves: look whether workers run (\`/readyz\` tells of the queues).`,
    )
  }
  if (right === plan.subscriptions) lines.push(`All ${right} stand on their true tier.`)
  else lines.push(`${right} of ${plan.subscriptions} stand on their true tier.`)
  lines.push(...named(wrong, 'on a wrong tier'))
  lines.push(...named(held, 'held at a gap in what was told'))
  lines.push(...named(endLost, 'not told their last event'))
  if (plan.loss > 0 && held.length + endLost.length > 0) {
    lines.push(
      'These are not wrong: a gap is held and never guessed, and only STRIPE_API_KEY lets it be asked for.',
    )
  }
  return lines
}

function named(lives: readonly WrongLife[], what: string): string[] {
  if (lives.length === 0) return []
  const more = lives.length > mostNamed ? [`  … and ${lives.length - mostNamed} more`] : []
  return [
    `${lives.length} ${what}:`,
    ...lives
      .slice(0, mostNamed)
      .map(
        (life) =>
          `  ${life.customer} is on ${life.result ?? 'no tier'} and belongs on ${life.true}: stepladder explain ${life.customer}`,
      ),
    ...more,
  ]
}

function documented({ customer, subscription, result, ...life }: WrongLife) {
  return { customer, subscription, true: life.true, result, explain: `stepladder explain ${customer}` }
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits))
}

function shownMs(ms: number | null): string {
  return ms === null ? '–' : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
}

function shownSeconds(seconds: number | null): string {
  return seconds === null ? '–' : `${seconds.toFixed(2)} s`
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
