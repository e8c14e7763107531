import { type Finding, notApplicable, type ValidatorFacts } from './finding.ts'

const day = 24 * 60 * 60 * 1000
/** Days after which what is known is told to be old, and after which nothing is done by it. */
const SOFT_DAYS = 7
const HARD_DAYS = 14

/** How old the newest of what is known of the subscription is. A person's reason is no knowledge that could grow old. */
export function freshness({ at, evidence, snapshot }: ValidatorFacts): Finding {
  const signals = evidence.filter(({ kind }) => kind !== 'reason')
  const times = [...signals.map(({ seenAt }) => seenAt), ...(snapshot ? [snapshot.at] : [])]
  if (times.length === 0) return notApplicable('Nothing is known whose age could be told.')
  const newest = new Date(Math.max(...times.map((time) => time.getTime())))
  const days = (at.getTime() - newest.getTime()) / day
  const facts = { known_at: newest.toISOString(), soft_days: SOFT_DAYS, hard_days: HARD_DAYS }
  const old = (limit: number) =>
    `What is known of the account is of ${newest.toISOString()}: more than ${limit} days old.`
  if (days > HARD_DAYS) return { verdict: 'BLOCK', code: 'DATA_TOO_OLD', message: old(HARD_DAYS), facts }
  if (days > SOFT_DAYS) return { verdict: 'WARN', code: 'DATA_OLD', message: old(SOFT_DAYS), facts }
  return { verdict: 'ALLOW', facts }
}
