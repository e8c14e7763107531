import type { Db, Tx } from '../../db/types.ts'
import { lockPlan } from '../repository/get-plan.ts'
import { keyOf, type PlanKey, type RevenuePlan } from '../revenue-plan/revenue-plan.ts'
import type { RunValidators } from '../validators/validator-run.ts'
import { activatePlan } from './activate-plan.ts'
import { beginStep, tryOf } from './begin-step.ts'
import { completePlan, endOverdue } from './end-plan.ts'
import { endStep } from './end-step.ts'
import type { Executors, StepTry } from './executor.ts'
import { isAllDone, nextSteps } from './next-steps.ts'
import { claimAgain, claimedUntil, executionsOf, isInFlight } from './step-executions.ts'
import { waitUntil } from './wait.ts'

/** Where a process may die, and a fault test lets it. */
export type OrchestratorPoint = 'before-claim' | 'after-claim' | 'after-call' | 'after-record'

export type OrchestratorParts = {
  executors: Executors
  runValidators: RunValidators
  now: () => Date
  signal: AbortSignal
  reached?: (point: OrchestratorPoint) => void
}

/** What a look at one plan came to. */
export type Advance = 'nothing' | 'ended' | 'waits' | 'tried'

/**
 * Takes one plan one move on: ends it past its deadline, activates it, or tries one step. Two transactions with the executor's call
 * between them and none open across it. Killed after the claim, the claim lies until it is taken up as the same try, whose keys
 * make the second call the same.
 */
export async function advancePlan(db: Db, key: PlanKey, parts: OrchestratorParts): Promise<Advance> {
  const { reached = () => {} } = parts
  reached('before-claim')
  const move = (await db.begin((tx) => nextMove(tx, key, parts))) as Move
  if (move.kind !== 'try') return move.kind
  reached('after-claim')
  const outcome = await parts.executors[move.executor]!(move.step, parts.signal)
  reached('after-call')
  const { step, attempt } = move.step
  const end = { stepId: step.stepId, attempt, outcome, at: parts.now() }
  await db.begin((tx) => endStep(tx, key, end))
  reached('after-record')
  return 'tried'
}

type Move = { kind: 'nothing' | 'ended' | 'waits' } | { kind: 'try'; step: StepTry; executor: string }

async function nextMove(tx: Tx, key: PlanKey, parts: OrchestratorParts): Promise<Move> {
  const at = parts.now()
  const found = await lockPlan(tx, key)
  if (!found || !['APPROVED', 'ACTIVE', 'PAUSED'].includes(found.planStatus)) return { kind: 'nothing' }
  if (found.expiresAt <= at) {
    await endOverdue(tx, found, at)
    return { kind: 'ended' }
  }
  if (found.planStatus === 'PAUSED') return { kind: 'nothing' }
  const plan = found.planStatus === 'APPROVED' ? await activatePlan(tx, found, at) : found
  if (!plan) return { kind: 'waits' }
  if (isAllDone(plan)) {
    await completePlan(tx, plan, at)
    return { kind: 'ended' }
  }
  return stepOf(tx, plan, at, parts)
}

async function stepOf(tx: Tx, plan: RevenuePlan, at: Date, parts: OrchestratorParts): Promise<Move> {
  const executions = await executionsOf(tx, plan)
  const inFlight = executions.filter(isInFlight)
  for (const lying of inFlight) {
    if (lying.state !== 'claimed' || !parts.executors[lying.executor]) continue
    const step = await tryOf(tx, plan, lying)
    if (!step || !(await claimAgain(tx, keyOf(plan), lying, at))) continue
    await waitUntil(tx, plan, claimedUntil(at), `${lying.actionType} is under way.`)
    return { kind: 'try', step, executor: lying.executor }
  }
  const stops: { why: string; until: Date }[] = []
  for (const step of nextSteps(plan, new Set(inFlight.map(({ stepId }) => stepId)))) {
    const attempt = 1 + executions.filter(({ stepId }) => stepId === step.stepId).length
    const begun = await beginStep(tx, { plan, step, attempt, at }, parts)
    if (begun.kind === 'begun') {
      const { execution } = begun
      await waitUntil(tx, plan, execution.claimedUntil, `${step.actionType} is under way.`)
      return { kind: 'try', step: (await tryOf(tx, plan, execution))!, executor: execution.executor }
    }
    stops.push(begun)
  }
  await waitUntil(tx, plan, ...whatItWaitsFor(plan, stops, inFlight))
  return { kind: 'waits' }
}

/** Until when, and why. What others have to do first wakes the plan itself; else there is its deadline. */
function whatItWaitsFor(
  plan: RevenuePlan,
  stops: readonly { why: string; until: Date }[],
  inFlight: readonly { actionType: string; state: string; claimedUntil: Date }[],
): [until: Date, waitsFor: string] {
  const claims = inFlight.filter(({ state }) => state === 'claimed').map((one) => one.claimedUntil)
  const times = [plan.expiresAt, ...stops.map(({ until }) => until), ...claims].map((time) => time.getTime())
  const why = [
    ...stops.map((stop) => stop.why),
    ...inFlight.map(({ actionType }) => `${actionType} is under way.`),
  ]
  return [new Date(Math.min(...times)), why.join(' ') || 'No step is left that can be done.']
}
