import type { Difference, DifferenceClass } from '../stripe/reconcile/differences.ts'
import type { Reconciled } from '../stripe/reconcile/reconcile.ts'
import type { DifferenceOutcome } from '../stripe/reconcile/reconcile-runs.ts'
import type { Answer } from './output.ts'
import { duration } from './progress.ts'

export type ReconcileTold = Reconciled & {
  repair: boolean
  seconds: number
  differences: readonly (Difference & { outcome: DifferenceOutcome })[]
}

/** Differences of one class that a person reads; --json has them all. */
const MOST_SHOWN = 10

/** What a reconcile found, grouped by class: what stands differs and is a failure. */
export function reconcileAnswer(done: ReconcileTold): Answer {
  const { run, resumed, looked, repair, differs, counts, differences, seconds } = done
  const outcome =
    differs > 0 ? 'differs' : counts.some((one) => one.outcome === 'repaired') ? 'repaired' : 'agrees'
  const byClass: Partial<Record<DifferenceClass, Partial<Record<DifferenceOutcome, number>>>> = {}
  for (const { class: kind, outcome: became, count } of counts)
    byClass[kind] = { ...byClass[kind], [became]: count }
  return {
    json: {
      outcome,
      run,
      repair,
      resumed,
      looked,
      seconds: Math.round(seconds * 10) / 10,
      differs,
      by_class: byClass,
      differences: differences.map(({ atStripe, ...one }) => ({ ...one, at_stripe: atStripe })),
    },
    text: [
      `${resumed ? 'Went on with a run that was cut off. ' : ''}Compared ${looked} subscription${looked === 1 ? '' : 's'} with Stripe in ${duration(seconds)}.`,
      ...Object.entries(byClass).flatMap(([kind, outcomes]) => section(kind, outcomes, differences)),
      '',
      verdict(done),
    ].join('\n'),
    failed: differs > 0,
  }
}

const WORDS: Record<DifferenceOutcome, string> = {
  seen: 'not looked at again',
  differs: 'differ',
  repaired: 'put right',
  passed: 'were on their way, and are here now',
  in_flight: 'still on their way',
}

function section(
  kind: string,
  outcomes: Partial<Record<DifferenceOutcome, number>>,
  all: ReconcileTold['differences'],
): string[] {
  const told = Object.entries(outcomes).map(
    ([outcome, count]) => `${count} ${WORDS[outcome as DifferenceOutcome]}`,
  )
  const open = all.filter((one) => one.class === kind && one.outcome === 'differs')
  const more = open.length - MOST_SHOWN
  return [
    '',
    `${kind}: ${told.join(', ')}`,
    ...open.slice(0, MOST_SHOWN).flatMap(explained),
    ...(more > 0 ? [`  … and ${more} more; --json has them all`] : []),
  ]
}

function explained({ subscription, customer, organization, atStripe, here, next }: Difference): string[] {
  const whose = [customer, organization && `organization ${organization}`].filter(Boolean).join(', ')
  return [
    `  ${subscription}${whose ? ` of ${whose}` : ''}`,
    `    Stripe  ${atStripe}`,
    `    here    ${here}`,
    `    next    ${next}`,
  ]
}

function verdict({ repair, differs, counts }: ReconcileTold): string {
  const left = counts.filter((one) => one.outcome === 'differs').map((one) => `${one.count} ${one.class}`)
  if (differs > 0)
    return `${left.join(', ')} ${differs === 1 ? 'stands' : 'stand'} different.${repair ? '' : ' `reconcile --repair` puts right what can be.'}`
  return counts.some((one) => one.outcome === 'repaired') ? 'All was put right.' : 'Nothing differs.'
}
