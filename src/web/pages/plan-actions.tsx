/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { draftSeen } from '../draft-seen.ts'
import { ActionForm } from './action-form.tsx'
import type { PlanPageData } from './plan-page-data.ts'
import { planPath } from './plan-paths.ts'
import { SeenField } from './seen-field.tsx'

/** What a plan approver may do with it now; nothing for everybody else. */
export const PlanActions: FC<PlanPageData> = ({ viewer, plan, account, mayDecide }) => {
  if (!mayDecide) return null
  const back = planPath(plan.planId)
  const { planStatus } = plan
  return (
    <div class="actions">
      {planStatus === 'DRAFT' && (
        <ActionForm
          viewer={viewer}
          action={`${back}/approve`}
          ask={{
            title: `Approve this plan for ${account}?`,
            will: 'The policy gate and the validators are asked. Then it becomes active by itself, and its steps begin.',
            button: 'Approve',
            back,
          }}
        >
          <SeenField shown={draftSeen(plan)} />
        </ActionForm>
      )}
      {planStatus === 'ACTIVE' && (
        <ActionForm
          viewer={viewer}
          action={`${back}/pause`}
          ask={{
            title: `Pause this plan for ${account}?`,
            will: 'Nothing new begins. What is under way comes back by itself, and the deadline stays.',
            button: 'Pause',
            reason: 'optional',
            back,
          }}
        />
      )}
      {planStatus === 'PAUSED' && (
        <ActionForm
          viewer={viewer}
          action={`${back}/resume`}
          ask={{
            title: `Let this plan for ${account} go on?`,
            will: 'The policy gate and the validators are asked first, every time.',
            button: 'Resume',
            back,
          }}
        />
      )}
      {(planStatus === 'APPROVED' || planStatus === 'ACTIVE' || planStatus === 'PAUSED') && (
        <ActionForm
          viewer={viewer}
          action={`${back}/abort`}
          ask={{
            title: `Abort this plan for ${account}?`,
            will: 'It ends for good: no step is tried any more, and open tasks are withdrawn.',
            button: 'Abort',
            reason: 'required',
            danger: true,
            back,
          }}
        />
      )}
    </div>
  )
}
