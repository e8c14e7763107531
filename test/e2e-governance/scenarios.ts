import { StepladderError } from '../../src/errors.ts'
import type { PlanKey } from '../../src/governance/revenue-plan/revenue-plan.ts'
import type { Json, PlanApi } from './plan-api.ts'

/** One thing that has to be so, shown over HTTP on a plan that is paused when it begins. */
export type Scenario = (api: PlanApi, plan: PlanKey) => Promise<void>

/** R110, R111: resumed, the plan's ledger says so. */
const planLedger: Scenario = async (api, plan) => {
  await api.post(pathOf(plan, '/resume'))
  const told = await ledgerOf(api, plan)
  must(
    told.length > 0 && told.every(({ event_type }) => typeof event_type === 'string'),
    'The ledger is empty.',
  )
  must(has(told, 'PLAN_CREATED'), 'The ledger does not tell why the plan exists: PLAN_CREATED is missing.')
  must(has(told, 'PLAN_RESUMED'), 'The plan was resumed, and its ledger has no PLAN_RESUMED.')
}

/** R112: the validators are asked before anything moves. */
const validatorRun: Scenario = async (api, plan) => {
  must(!has(await ledgerOf(api, plan), 'VALIDATOR_RUN'), 'Validators had run before anybody asked.')
  await api.post(pathOf(plan, '/resume'))
  // The latest first.
  const types = (await ledgerOf(api, plan)).map(({ event_type }) => event_type as string)
  const resumed = types.indexOf('PLAN_RESUMED')
  const ran = types.findIndex((type) => type === 'VALIDATOR_RUN' || type === 'VALIDATOR_RUN_SUMMARY')
  must(ran >= 0, 'The plan was resumed, and its ledger tells of no validator.')
  must(ran > resumed, 'The validators ran after the plan was resumed, and not before it.')
}

/** R113: what is reserved is in the ledger, and once. */
const budgetReserve: Scenario = async (api, plan) => {
  const asked = { tool: 'e2e', cost_class: 'CHEAP', operation_id: `${plan.planId}:reserve` }
  const first = await api.post(pathOf(plan, '/budget-reserve'), asked)
  must(first.repeated === false, 'The operation is new, and was answered as a repeated one.')
  const again = await api.post(pathOf(plan, '/budget-reserve'), asked)
  must(again.repeated === true, 'The same operation was asked for again, and took from the budget again.')
  const entries = (await ledgerOf(api, plan)).filter(({ event_type }) => event_type === 'BUDGET_RESERVE')
  must(entries.length === 1, `The ledger has ${entries.length} BUDGET_RESERVE entries and not one.`)
}

/** R114, D22: an outcome is written, and read again. */
const outcomesCapture: Scenario = async (api, plan) => {
  const told = { outcome_type: 'SELLER_EDIT', idempotency_key: plan.planId, note: 'end-to-end suite' }
  const first = await api.post(pathOf(plan, '/outcomes'), told, 201)
  const again = await api.post(pathOf(plan, '/outcomes'), told, 200)
  must(again.outcome_id === first.outcome_id, 'The same outcome, told twice, is two outcomes.')
  const { items } = (await api.get(pathOf(plan, '/outcomes'))) as { items: Json[] }
  const found = items.filter(({ outcome_id }) => outcome_id === first.outcome_id)
  must(found.length === 1, 'The outcome was written, and cannot be read.')
  must(found[0]!.outcome_type === 'SELLER_EDIT', 'The outcome that is read is not the one that was written.')
}

export const scenarios = {
  'plan-ledger': planLedger,
  'validator-run': validatorRun,
  'budget-reserve': budgetReserve,
  'outcomes-capture': outcomesCapture,
} as const satisfies Record<string, Scenario>
export type ScenarioName = keyof typeof scenarios
export const scenarioNames = Object.keys(scenarios) as ScenarioName[]

export function pathOf({ planId, accountId }: PlanKey, verb: string): string {
  return `/plans/${encodeURIComponent(planId)}${verb}?account_id=${accountId}`
}

async function ledgerOf(api: PlanApi, plan: PlanKey): Promise<Json[]> {
  const { entries } = (await api.get(pathOf(plan, '/ledger'))) as { entries?: Json[] }
  return entries ?? []
}

function has(entries: readonly Json[], type: string): boolean {
  return entries.some(({ event_type }) => event_type === type)
}

function must(so: boolean, otherwise: string): void {
  if (!so) throw new StepladderError('scenario_failed', otherwise, 'Read the plan’s ledger: it stays.')
}
