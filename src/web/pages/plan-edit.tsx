/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { draftSeen } from '../draft-seen.ts'
import { ActionForm } from './action-form.tsx'
import { AreaField, TextField } from './fields.tsx'
import type { PlanPageData } from './plan-page-data.ts'
import { planPath } from './plan-paths.ts'
import { SeenField } from './seen-field.tsx'

/** While it is a draft, and by whoever drafts plans. */
export const PlanEditCard: FC<PlanPageData> = ({ viewer, plan, typed, faults }) => {
  const back = planPath(plan.planId)
  return (
    <section aria-labelledby="edit">
      <h2 id="edit">Change the draft</h2>
      <ActionForm
        viewer={viewer}
        action={back}
        look="card"
        label="Change…"
        ask={{
          title: 'Change the draft?',
          will: 'The ledger says which fields were changed, by whom, and why.',
          button: 'Change',
          reason: 'optional',
          back,
          shows: { objective: 'Objective', expires_at: 'Deadline (UTC)' },
        }}
      >
        <SeenField shown={draftSeen(plan)} />
        <div class="form">
          <div class="wide">
            <AreaField
              name="objective"
              label="Objective"
              rows={2}
              maxlength={500}
              required
              value={typed.objective ?? plan.objective}
              fault={faults.objective}
            />
          </div>
          <TextField
            name="expires_at"
            type="datetime-local"
            label="Deadline (UTC)"
            required
            value={typed.expires_at ?? plan.expiresAt.toISOString().slice(0, 16)}
            fault={faults.expires_at}
          />
        </div>
      </ActionForm>
    </section>
  )
}
