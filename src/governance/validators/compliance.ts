import type { Constraints } from '../revenue-plan/revenue-plan.ts'
import type { Finding, ValidatorFacts } from './finding.ts'

/** What may not be sent, and what may not be done: by the type of plan, and by constraints of the plan or the step. */
export function compliance({ planType, constraints, steps }: ValidatorFacts): Finding {
  const restricted = [...(planType?.restrictedFields ?? []), ...listed(constraints, 'restricted_fields')]
  const prohibited = [...(planType?.prohibitedActions ?? []), ...listed(constraints, 'prohibited_actions')]
  const facts = { restricted_fields: restricted, prohibited_actions: prohibited }
  const asked = steps.map((step) => {
    const own = step.constraints ?? {}
    return {
      actionType: step.actionType,
      sends: planType?.steps.find(({ actionType }) => actionType === step.actionType)?.sends ?? [],
      restricted: [...restricted, ...listed(own, 'restricted_fields')],
      prohibited: [...prohibited, ...listed(own, 'prohibited_actions')],
    }
  })
  const actions = asked.filter((step) => step.prohibited.includes(step.actionType))
  const fields = asked.flatMap((step) =>
    step.sends
      .filter((field) => step.restricted.includes(field))
      .map((field) => `${step.actionType} sends ${field}, which is restricted`),
  )
  if (actions.length > 0) {
    const names = actions.map(({ actionType }) => actionType)
    const message = `${[...new Set(names)].join(', ')} is prohibited.`
    return { verdict: 'BLOCK', code: 'ACTION_PROHIBITED', message, facts }
  }
  if (fields.length > 0)
    return { verdict: 'BLOCK', code: 'FIELD_RESTRICTED', message: `${fields.join('; ')}.`, facts }
  return { verdict: 'ALLOW', facts }
}

function listed(constraints: Constraints, name: string): readonly string[] {
  const value = Object.hasOwn(constraints, name) ? constraints[name] : null
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value : []
}
