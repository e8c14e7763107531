/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { PlanStatus, StepStatus } from '../../governance/revenue-plan/revenue-plan.ts'
import type { Verdict } from '../../governance/validators/validator-run.ts'
import { inWords } from '../in-words.ts'

const looks: Readonly<Record<string, string>> = {
  DRAFT: 'received',
  APPROVED: 'waiting',
  ACTIVE: 'done',
  PAUSED: 'waiting',
  COMPLETED: 'done',
  ABORTED: 'parked',
  EXPIRED: 'parked',
  DONE: 'done',
  AUTO_EXECUTED: 'done',
  PENDING_APPROVAL: 'waiting',
  FAILED: 'parked',
  ALLOW: 'done',
  WARN: 'waiting',
  BLOCK: 'parked',
}

/** A status or a verdict, in a word and a colour. */
export const Status: FC<{ of: PlanStatus | StepStatus | Verdict }> = ({ of }) => (
  <span class={`badge ${looks[of] ?? ''}`}>{inWords(of).toLowerCase()}</span>
)
