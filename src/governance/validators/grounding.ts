import type { Finding, ValidatorFacts } from './finding.ts'

/** At least one piece of evidence: nobody is troubled for a reason that cannot be shown. */
export function grounding({ evidence }: ValidatorFacts): Finding {
  const facts = { evidence: evidence.map(({ kind, id }) => ({ kind, id })) }
  if (evidence.length > 0) return { verdict: 'ALLOW', facts }
  const message = 'No signal feeds the plan, and nobody said why it should exist.'
  return { verdict: 'BLOCK', code: 'NO_EVIDENCE', message, facts }
}
