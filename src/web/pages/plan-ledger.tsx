/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { LedgerEntry } from '../../governance/ledger/ledger.ts'
import type { PlanActor, RevenuePlan } from '../../governance/revenue-plan/revenue-plan.ts'
import { inWords } from '../in-words.ts'
import type { PlanPageData } from './plan-page-data.ts'
import { Time } from './time.tsx'

/** What happened, as it was written down; nobody can change it. */
export const PlanLedger: FC<PlanPageData> = ({ plan, story, most }) => (
  <section aria-labelledby="ledger">
    <h2 id="ledger">Ledger</h2>
    <p class="aside">
      Everything that happened to it, the latest first; none of it is ever changed.
      {story.ledger.length > most && ` The last ${most} are shown; the API tells all.`}
    </p>
    <ol class="timeline">
      {story.ledger.slice(0, most).map((entry) => (
        <li>
          <Time at={entry.recordedAt} />
          <div class="about">
            <span>
              {inWords(entry.eventType)}{' '}
              <span class="why">{byOf(entry.data.actor as PlanActor | undefined)}</span>
            </span>
            <span class="why">{detailOf(entry, plan)}</span>
          </div>
        </li>
      ))}
    </ol>
  </section>
)

function byOf(actor: PlanActor | undefined): string {
  if (!actor) return ''
  if (actor.type === 'operator') return `by ${actor.name || actor.id || 'an operator'}`
  return actor.type === 'orchestrator' ? 'by the orchestrator' : 'by a signal'
}

/** What an entry says beside its type, in one line. */
function detailOf({ data }: LedgerEntry, plan: RevenuePlan): string {
  const text = (name: string) => (data[name] === undefined || data[name] === null ? '' : String(data[name]))
  const trigger = data.trigger as { kind: string; id?: string; reason?: string } | undefined
  const reasons = data.reasons as { message: string }[] | undefined
  const step = plan.steps.find(({ stepId }) => stepId === data.step_id)
  const parts = [
    trigger && [inWords(trigger.kind), trigger.reason ?? trigger.id].filter(Boolean).join(': '),
    (data.changed_fields as string[] | undefined)?.join(', '),
    step && inWords(step.actionType),
    data.attempt !== undefined && `try ${text('attempt')}`,
    data.validator !== undefined && inWords(text('validator')),
    data.verdict !== undefined && inWords(text('verdict')).toLowerCase(),
    data.point !== undefined && inWords(text('point')).toLowerCase(),
    data.tool !== undefined && `${text('tool')}, ${text('cost_class').toLowerCase()}`,
    data.completion_reason !== undefined && inWords(text('completion_reason')),
    text('outcome'),
    text('message') || (data.reason_code !== undefined && inWords(text('reason_code')).toLowerCase()),
    text('reason'),
    reasons?.map(({ message }) => message).join(' '),
  ]
  return parts.filter(Boolean).join(' · ')
}
