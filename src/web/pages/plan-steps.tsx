/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { planTypeOf, planTypes } from '../../governance/plan-types/plan-types.ts'
import type { Step } from '../../governance/revenue-plan/revenue-plan.ts'
import { counted } from '../counted.ts'
import { draftSeen } from '../draft-seen.ts'
import { inWords } from '../in-words.ts'
import { stepWaits } from '../step-waits.ts'
import { ActionForm } from './action-form.tsx'
import { SelectField } from './fields.tsx'
import type { PlanPageData } from './plan-page-data.ts'
import { planPath, planTasksPath } from './plan-paths.ts'
import { Status } from './plan-words.tsx'
import { SeenField } from './seen-field.tsx'
import { type Column, Table } from './table.tsx'

type Data = PlanPageData & { mayEdit: boolean }

/** What is to be done, in which order, and what each step waits for. */
export const PlanSteps: FC<Data> = (data) => {
  const { plan, story, mayEdit } = data
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">Steps</h2>
      {story.tasks.length > 0 && (
        <p class="aside">
          <a href={planTasksPath}>{counted(story.tasks.length, 'task')} of its waits for a person</a>
        </p>
      )}
      <Table caption="Steps of the plan" rows={plan.steps} columns={columns(data)} />
      {mayEdit && <AddStep {...data} />}
    </section>
  )
}

function columns({ viewer, plan, story, mayEdit }: Data): Column<Step>[] {
  const known = planTypeOf(planTypes, plan.planType)
  const typeOf = (step: Step) => known?.steps.find(({ actionType }) => actionType === step.actionType)
  const shown: Column<Step>[] = [
    {
      title: 'Step',
      names: true,
      cell: (step) => (
        <>
          <span>
            {plan.steps.indexOf(step) + 1}. {inWords(step.actionType)}
          </span>
          <span class="id">{typeOf(step)?.does ?? 'No such step is configured here.'}</span>
        </>
      ),
    },
    { title: 'Status', cell: ({ status }) => <Status of={status} /> },
    {
      title: 'Waits for',
      cell: (step) => stepWaits(step, plan, story.executions, story.waits?.for ?? null) ?? '–',
    },
    {
      title: 'Tries',
      cell: ({ stepId }) => String(story.executions.filter((one) => one.stepId === stepId).length),
    },
    {
      title: 'Risk, cost',
      cell: (step) => {
        const type = typeOf(step)
        return type ? `${type.risk.toLowerCase()}, ${type.costClass.toLowerCase()}` : '–'
      },
    },
  ]
  if (!mayEdit) return shown
  const back = planPath(plan.planId)
  return [
    ...shown,
    {
      title: 'Change',
      control: true,
      cell: (step) => (
        <>
          {plan.steps.indexOf(step) > 0 && (
            <ActionForm
              viewer={viewer}
              action={`${back}/steps/${step.stepId}/up`}
              label="Earlier…"
              ask={{
                title: `Do ${inWords(step.actionType).toLowerCase()} earlier?`,
                will: 'It changes places with the step above it.',
                button: 'Move it up',
                reason: 'optional',
                back,
              }}
            >
              <SeenField shown={draftSeen(plan)} />
            </ActionForm>
          )}
          {plan.steps.length > 1 && (
            <ActionForm
              viewer={viewer}
              action={`${back}/steps/${step.stepId}/remove`}
              label="Remove…"
              ask={{
                title: `Take ${inWords(step.actionType).toLowerCase()} off the plan?`,
                will: 'It is not done. Steps that wait for it wait for it no longer.',
                button: 'Remove',
                reason: 'optional',
                danger: true,
                back,
              }}
            >
              <SeenField shown={draftSeen(plan)} />
            </ActionForm>
          )}
        </>
      ),
    },
  ]
}

const AddStep: FC<Data> = ({ viewer, plan }) => {
  const back = planPath(plan.planId)
  const known = planTypeOf(planTypes, plan.planType)
  if (!known) return null
  return (
    <ActionForm
      viewer={viewer}
      action={`${back}/steps`}
      look="card"
      label="Add the step…"
      ask={{
        title: 'Add this step?',
        will: 'It becomes the last one of the plan.',
        button: 'Add the step',
        reason: 'optional',
        back,
        shows: { action_type: 'Action' },
      }}
    >
      <SeenField shown={draftSeen(plan)} />
      <div class="form">
        <SelectField
          name="action_type"
          label="Another step"
          required
          choices={known.steps.map(({ actionType }) => ({ value: actionType, label: inWords(actionType) }))}
        />
        <SelectField
          name="after"
          label="Once this is done"
          none="whenever its turn comes"
          choices={plan.steps.map(({ stepId, actionType }, n) => ({
            value: stepId,
            label: `${n + 1}. ${inWords(actionType)}`,
          }))}
        />
      </div>
    </ActionForm>
  )
}
