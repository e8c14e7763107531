import type { ContradictionRule } from '../plan-types/plan-type.ts'
import { type Finding, notApplicable, type ValidatorFacts } from './finding.ts'

const day = 24 * 60 * 60 * 1000

/** Whether what is known now still is what the plan was made for. Null, or nothing at all, never contradicts. */
export function contradiction({ planType, constraints, snapshot }: ValidatorFacts): Finding {
  const compared = (planType?.contradictions ?? []).flatMap((rule) => {
    const expected = Object.hasOwn(constraints, rule.field) ? constraints[rule.field] : null
    const known = snapshot && Object.hasOwn(snapshot.known, rule.field) ? snapshot.known[rule.field] : null
    return expected == null || known == null ? [] : [{ rule, expected, known }]
  })
  if (compared.length === 0) return notApplicable('There is nothing to compare.')
  const facts = {
    compared: compared.map(({ rule, expected, known }) => ({ ...rule, expected, known })),
  }
  const wrong = compared.filter(({ rule, expected, known }) => !agrees(rule, expected, known))
  if (wrong.length === 0) return { verdict: 'ALLOW', facts }
  const message = wrong
    .map(({ rule, expected, known }) => `${rule.field} was ${told(expected)} and is ${told(known)}`)
    .join('; ')
  return { verdict: 'BLOCK', code: 'CONTRADICTED', message: `${message}.`, facts }
}

function agrees(rule: ContradictionRule, expected: unknown, known: unknown): boolean {
  if (rule.rule === 'eq') return told(expected) === told(known)
  const [was, is] = [amountOf(expected), amountOf(known)]
  // Of what is neither a number nor a time it cannot be told which is more: only the same agrees.
  if (was === null || is === null) return told(expected) === told(known)
  if (rule.rule === 'no_backward') return is >= was
  return Math.abs(is - was) <= rule.days * day
}

/** A number as it is, a time as its milliseconds. */
function amountOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : time
}

function told(value: unknown): string {
  return JSON.stringify(value)
}
