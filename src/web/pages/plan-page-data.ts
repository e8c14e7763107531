import type { Enrollment } from '../../entitlements/enrollments.ts'
import type { Blocker } from '../../governance/gate/policy-gate.ts'
import type { PlanStatus, RevenuePlan } from '../../governance/revenue-plan/revenue-plan.ts'
import type { PlanStory } from '../../governance/story/plan-story.ts'
import type { Faults, Typed } from '../read-form.ts'
import type { Viewer } from './layout.tsx'

/** All that the page of one plan shows, read at one moment. */
export type PlanPageData = {
  viewer: Viewer
  plan: RevenuePlan
  story: PlanStory
  /** What its account is called. */
  account: string
  enrollments: readonly Enrollment[]
  /** What the gate has against the next status; null: it is not asked any more. */
  blockers: { to: PlanStatus; reasons: readonly Blocker[] } | null
  /** Whether the viewer approves, pauses, resumes and aborts. */
  mayDecide: boolean
  /** Rows of each kind that are shown at most. */
  most: number
  now: Date
  typed: Typed
  faults: Faults
}
