/** From the least to the most. */
export const risks = ['LOW', 'MEDIUM', 'HIGH'] as const
export type Risk = (typeof risks)[number]

export const costClasses = ['CHEAP', 'MEDIUM', 'EXPENSIVE'] as const
export type CostClass = (typeof costClasses)[number]

/** What does a step. An operator's task needs nothing but people; a webhook needs an address (PLAN_WEBHOOK_URL). */
export const executorNames = ['operator-task', 'outbound-webhook'] as const
export type ExecutorName = (typeof executorNames)[number]

/** What one kind of step is, whichever plan it stands in. */
export type StepType = {
  actionType: string
  /** For people, as the end of "This step …". */
  does: string
  risk: Risk
  /** What one try takes from the budgets. */
  costClass: CostClass
  /** A person has to have a hand in it: no plan with such a step is approved by a rule alone. */
  humanTouch: boolean
  /** Whether anybody outside the operating company notices it. */
  reach: 'internal' | 'external'
  /** The first of these that this deployment has. */
  executors: readonly [ExecutorName, ...ExecutorName[]]
  /** Which fields of the plan's snapshot go along with it; the compliance validator looks at these. */
  sends: readonly string[]
}

/**
 * A field in which what is known now may contradict what the plan was made for, its constraint of the same name.
 * `eq`: it is still that. `no_backward`: it has not gone down, or back in time. `date_window`: at most so many days off.
 */
export type ContradictionRule =
  | { field: string; rule: 'eq' }
  | { field: string; rule: 'no_backward' }
  | { field: string; rule: 'date_window'; days: number }

/** A kind of plan, as configuration: a new kind is another entry of `planTypes`, and no code. */
export type PlanType = {
  planType: string
  objective: string
  /** How long a plan may run unless its account's own dates end it earlier. */
  days: number
  triesPerStep: number
  /** Days after its end after which a plan is dropped; its ledger and its outcomes stay (R100, D8). null: never. */
  retireAfterDays: number | null
  contradictions: readonly ContradictionRule[]
  /** Fields that no step may send, and actions that no plan may take; a plan's own constraints may name more. */
  restrictedFields: readonly string[]
  prohibitedActions: readonly string[]
  /** In their default order. */
  steps: readonly StepType[]
}
