import type { RevenuePlan, Step } from '../revenue-plan/revenue-plan.ts'

/** One try of one step, claimed: nobody else does it. */
export type StepTry = {
  plan: RevenuePlan
  step: Step
  /** What the step is, for people, as the end of "This step …". */
  does: string
  /** Counted from 1. */
  attempt: number
  /** Of this try: told again after a crash, it is the same. */
  tryKey: string
  /** Of the step, whichever try it is: the other side does it once. */
  stepKey: string
  /** What was last known of the subscription, in the fields that this kind of step sends. */
  known: Record<string, unknown>
  claimedAt: Date
}

export type ExecutionOutcome =
  /** It is done, and nobody is waited for. */
  | { kind: 'done'; detail?: Record<string, unknown> }
  /** It is out of our hands: somebody will say how it ended. */
  | { kind: 'sent'; detail?: Record<string, unknown> }
  /** It does not count; another try may follow. */
  | { kind: 'failed'; reason: string }

/**
 * What does a step. It may be called twice for one try, when a process was killed between the call and the record: then the
 * second call has to come to the same. Throws only for what is a surprise; then the claim is taken up again later.
 */
export type Executor = (attempt: StepTry, signal: AbortSignal) => Promise<ExecutionOutcome>

/** By name. What is missing here is not configured in this deployment. */
export type Executors = Readonly<Partial<Record<string, Executor>>>
