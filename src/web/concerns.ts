import type { ReconcileStanding } from '../stripe/reconcile/reconcile-standing.ts'
import { counted } from './counted.ts'
import type { Standing } from './standing.ts'

/** One thing that a person should look at, and where. */
export type Concern = { says: string; href: string }

/** Seconds. The gap watch looks every few minutes; after this long something keeps it from looking. */
const gapWatchLate = 3600
/** Seconds. Reconcile runs nightly where Stripe can be asked. */
const reconcileLate = 2 * 86_400

/** What of the whole needs a person, the most urgent first. Work that goes on by itself is none of it. Pure. */
export function concernsOf(
  standing: Standing,
  reconciled: ReconcileStanding | null,
  nowSeconds: number,
): Concern[] {
  const sum = (counts: readonly { count: number }[]) => counts.reduce((total, { count }) => total + count, 0)
  const concerns: Concern[] = []
  const note = (says: string, href: string) => concerns.push({ says, href })
  const [alarms, parked, unresolved] = [standing.alarms, standing.parked, standing.unresolved].map(sum) as [
    number,
    number,
    number,
  ]
  if (alarms > 0) note(`${counted(alarms, 'alarm')} open`, '#alarms')
  if (parked > 0) note(`${counted(parked, 'write')} parked`, '/operator/waiting')
  if (unresolved > 0) note(`${counted(unresolved, 'subscription')} not settled`, '/operator/waiting')
  if (standing.fetches.failing > 0)
    note(
      `Stripe does not answer about ${counted(standing.fetches.failing, 'subscription')}`,
      '/operator/waiting',
    )
  if (standing.gapWatch && standing.gapWatch.behind > gapWatchLate)
    note('the gap watch has not looked for more than an hour', '#gaps')
  if (reconciled?.endedAt && nowSeconds - reconciled.endedAt > reconcileLate)
    note('the last reconcile ended more than two days ago', '#reconcile')
  const differs = sum(reconciled?.counts.filter(({ outcome }) => outcome === 'differs') ?? [])
  if (differs > 0) note(`${counted(differs, 'difference')} from Stripe`, '#reconcile')
  return concerns
}
