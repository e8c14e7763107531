/** From the least to the most. */
export const risks = ['LOW', 'MEDIUM', 'HIGH'] as const
export type Risk = (typeof risks)[number]

export const costClasses = ['CHEAP', 'MEDIUM', 'EXPENSIVE'] as const
export type CostClass = (typeof costClasses)[number]

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
}

/** A kind of plan, as configuration: a new kind is another entry of `planTypes`, and no code. */
export type PlanType = {
  planType: string
  objective: string
  /** How long a plan may run unless its account's own dates end it earlier. */
  days: number
  triesPerStep: number
  /** In their default order. */
  steps: readonly StepType[]
}
