import { type Delivery, deliveriesOf } from '../simulator/deliveries.ts'
import { type Life, livesOf } from '../simulator/life.ts'

/** What is played. The same plan plays the same events, byte by byte: after an interruption only what is missing is new. */
export type Plan = {
  /** In every id of the run, so that no two runs meet: the millisecond of its beginning in base 36. */
  run: string
  subscriptions: number
  seed: number
  /** Shares from 0 to 1. */
  duplicates: number
  loss: number
  shuffle: boolean
}

export type Planned = { lives: Life[]; deliveries: Delivery[]; lost: number }

export function newRun(now: Date): string {
  return now.getTime().toString(36)
}

/** The moment at which a run began, in Unix seconds; null for what is no run's id. */
export function beginningOf(run: string): number | null {
  const milliseconds = /^[0-9a-z]{8}$/.test(run) ? Number.parseInt(run, 36) : Number.NaN
  return Number.isSafeInteger(milliseconds) ? Math.floor(milliseconds / 1000) : null
}

/** The lives of a run, and what Stripe delivers of them in its order. */
export function planned(plan: Plan): Planned {
  const { run, seed, subscriptions, duplicates, loss, shuffle } = plan
  const lives = livesOf(subscriptions, { seed, now: beginningOf(run)! }).map((life) => ofRun(life, run))
  const deliveries = deliveriesOf(lives, { seed, duplicates, loss, shuffle })
  const told = new Set(deliveries.map(({ event }) => event))
  const lost = lives.flatMap(({ events }) => events).filter(({ event }) => !told.has(event)).length
  return { lives, deliveries, lost }
}

/** The key of the organization to which a life belongs; its events name it in `metadata.organization`. */
export function organizationKeyOf(run: string, index: number): string {
  return `sim-${run}-${index}`
}

/** A life whose ids are this run's, and whose subscription names its organization. Prices keep theirs: the catalog knows them. */
function ofRun(life: Life, run: string): Life {
  const own = JSON.stringify(life).replace(/"(evt|sub|cus|si|in|req)_sim_/g, `"$1_sim_${run}_`)
  const organization = organizationKeyOf(run, life.index)
  return JSON.parse(own, (key, value) => (key === 'organization' ? organization : value)) as Life
}
