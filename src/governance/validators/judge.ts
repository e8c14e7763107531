import { compliance } from './compliance.ts'
import { contradiction } from './contradiction.ts'
import type { Finding, ValidatorFacts } from './finding.ts'
import { freshness } from './freshness.ts'
import { grounding } from './grounding.ts'
import { type ValidatorName, type Verdict, validatorNames, verdicts } from './validator-run.ts'

const validators: Record<ValidatorName, (facts: ValidatorFacts) => Finding> = {
  freshness,
  grounding,
  contradiction,
  compliance,
}

export type Judgement = {
  /** The gravest of the four. */
  verdict: Verdict
  findings: ({ validator: ValidatorName } & Finding)[]
  reasons: { code: string; message: string }[]
}

/** Asks all four in their order; one that blocks keeps none of the others from being asked. Pure. */
export function judge(facts: ValidatorFacts): Judgement {
  const findings = validatorNames.map((validator) => ({ validator, ...validators[validator](facts) }))
  const gravest = Math.max(...findings.map(({ verdict }) => verdicts.indexOf(verdict)))
  const reasons = findings
    .filter(({ verdict }) => verdict !== 'ALLOW')
    .map(({ validator, code = validator, message = validator }) => ({ code, message }))
  return { verdict: verdicts[gravest]!, findings, reasons }
}
