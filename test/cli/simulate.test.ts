import { expect, test } from 'vitest'
import { beginningOf, newRun, type Plan, planned } from '../../src/cli/simulate-lives.ts'
import { judge, type Stands } from '../../src/cli/simulate-outcome.ts'
import { type Played, quantile } from '../../src/cli/simulate-play.ts'
import { simulationAnswer } from '../../src/cli/simulate-report.ts'
import type { Life } from '../../src/simulator/life.ts'
import { trueTier } from '../../src/simulator/snapshot.ts'

const run = newRun(new Date('2026-11-20T06:00:00Z'))
const plan: Plan = { run, subscriptions: 30, seed: 4, duplicates: 0.2, loss: 0, shuffle: true }

test('a run tells its own beginning, and what is no run tells none', () => {
  expect(beginningOf(run)).toBe(Date.parse('2026-11-20T06:00:00Z') / 1000)
  for (const wrong of ['', 'x', 'MWOMK45V', 'mwomk45v0', '../../etc']) expect(beginningOf(wrong)).toBeNull()
})

test('the same run plays the same bytes in the same order; another run shares no id with it', () => {
  const bodies = (one: Plan) => planned(one).deliveries.map(({ body }) => body())
  expect(bodies(plan)).toEqual(bodies({ ...plan }))
  const other = planned({ ...plan, run: newRun(new Date('2026-11-20T06:00:01Z')) })
  const ids = new Set(planned(plan).deliveries.map(({ event }) => event))
  expect(other.deliveries.filter(({ event }) => ids.has(event))).toEqual([])
})

test("each subscription's events name its own organization, and keep the prices that the catalog knows", () => {
  for (const { type, life, body } of planned(plan).deliveries) {
    if (type === 'customer.created') continue
    const { object } = JSON.parse(body()).data
    expect(object.metadata.organization).toBe(`sim-${run}-${life}`)
    expect(object.id).toBe(`sub_sim_${run}_4_${life}`)
    expect(object.items.data[0].price.id).toMatch(/^price_sim_(standard|pro|extra)/)
  }
})

test('everybody on the true tier is right, and one who is not is wrong and named', () => {
  const { lives, deliveries } = planned(plan)
  const stands = truly(lives)
  const told = new Set(deliveries.map(({ event }) => event))
  expect(judge(lives, stands, told)).toMatchObject({ right: 30, wrong: [], held: [], endLost: [] })
  const victim = lives.find((life) => trueTier(life.truth) === 'pro')!
  stands.set(victim.customer, { tier: 'standard', unresolved: null })
  const judged = judge(lives, stands, told)
  expect(judged.wrong).toEqual([
    { customer: victim.customer, subscription: victim.subscription, true: 'pro', result: 'standard' },
  ])
  const pro = judged.tiers.find(({ tier }) => tier === 'pro')!
  expect(pro.result).toBe(pro.true - 1)
  const { failed, text } = simulationAnswer(simulation(plan, judged))
  expect(failed).toBe(true)
  expect(text).toContain(
    `${victim.customer} is on standard and belongs on pro: stepladder explain ${victim.customer}`,
  )
})

test('with loss, a life held at a gap and one whose last event never came are shown apart, and a silent error still fails', () => {
  const { lives } = planned(plan)
  const life = lives.find(({ events, truth }) => events.length > 3 && trueTier(truth) === 'pro')!
  const everything = new Set(lives.flatMap(({ events }) => events.map(({ event }) => event)))
  const lossy = { ...plan, loss: 0.1 }
  const placed = (stands: Stands) => truly(lives).set(life.customer, stands)

  const held = judge(lives, placed({ tier: 'standard', unresolved: 'does_not_join' }), everything)
  expect(held).toMatchObject({ wrong: [], held: [{ customer: life.customer }] })
  expect(simulationAnswer(simulation(lossy, held)).failed).toBe(false)
  // Nothing was lost: then there was nothing to be held for.
  expect(simulationAnswer(simulation(plan, held)).failed).toBe(true)

  const untold = new Set([...everything].filter((event) => !life.events.some((own) => own.event === event)))
  const endLost = judge(lives, placed({ tier: null, unresolved: null }), untold)
  expect(endLost).toMatchObject({ wrong: [], endLost: [{ customer: life.customer, result: null }] })
  expect(simulationAnswer(simulation(lossy, endLost)).failed).toBe(false)

  const silent = judge(lives, placed({ tier: 'standard', unresolved: null }), everything)
  expect(silent.wrong).toHaveLength(1)
  expect(simulationAnswer(simulation(lossy, silent)).failed).toBe(true)
})

test('workers that take nothing up are a failure, whatever the tiers', () => {
  const { lives } = planned(plan)
  const judged = judge(lives, truly(lives), new Set())
  const { failed, text } = simulationAnswer({
    ...simulation(plan, judged),
    handling: { ...handled, finished: false, open: 7 },
  })
  expect(failed).toBe(true)
  expect(text).toContain('7 writes not taken up, and nothing moves')
})

test('a quantile is a value that was measured', () => {
  expect(quantile([], 0.5)).toBeNull()
  expect(quantile([3], 0.99)).toBe(3)
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(3)
})

const handled = { events: 1, handled: 2, open: 0, soon: 0, appliedP50: 0.1, appliedP99: 0.2, finished: true }
const played: Played = { stored: 1, duplicate: 0, different_body: 0, retries: 0, seconds: 1, ackMs: [1] }

function simulation(of: Plan, judged: ReturnType<typeof judge>) {
  return {
    plan: of,
    url: 'http://x',
    notes: [],
    deliveries: 1,
    events: 1,
    lost: 0,
    played,
    handling: handled,
    judged,
  }
}

function truly(lives: readonly Life[]): Map<string, Stands> {
  return new Map(
    lives.map((life) => [life.customer, { tier: trueTier(life.truth) as string, unresolved: null }]),
  )
}
