import type { Command } from 'commander'
import { UsageError } from '../errors.ts'
import { checkRebuild, type RebuildReport, type RebuildStage } from '../stripe/rebuild/check-rebuild.ts'
import type { Difference } from '../stripe/rebuild/differences.ts'
import { type Answer, answering } from './output.ts'
import { createProgress, type Progress } from './progress.ts'
import { withSession } from './session.ts'

/** So many differences are printed for a person; --json has more. */
const mostShown = 50

/** `stepladder rebuild --check`: enrollment computed again from the record alone, and compared with what stands. It changes nothing. */
export function register(program: Command): void {
  program
    .command('rebuild')
    .description(
      'compute enrollment again from the inbox, grants and catalog alone, and compare; changes nothing',
    )
    .option('--check', 'compare with what stands: the only thing that is done with a rebuild')
    .option('--json', 'print one JSON document')
    .action(
      answering(async ({ check }: { check?: boolean }) => {
        if (!check) {
          throw new UsageError(
            'check_missing',
            'A rebuild is only compared with what stands, and never put in its place.',
            'stepladder rebuild --check',
          )
        }
        return withSession(async ({ owner }) => {
          const progress = progressByStage()
          try {
            return answerOf(await checkRebuild(owner, { onProgress: progress.at }))
          } finally {
            progress.end()
          }
        })
      }),
    )
}

const labels: Record<RebuildStage, string> = {
  subscriptions: 'Rebuilding subscriptions',
  pools: 'Rebuilding places',
}

function progressByStage(): {
  at: (stage: RebuildStage, done: number, total: number) => void
  end: () => void
} {
  let current: { stage: RebuildStage; bar: Progress; began: number } | null = null
  return {
    at(stage, done, total) {
      if (current?.stage !== stage) {
        current?.bar.end()
        current = { stage, bar: createProgress(labels[stage], total), began: performance.now() }
      }
      const perSecond = done / Math.max(0.001, (performance.now() - current.began) / 1000)
      current.bar.at(done, `${Math.round(perSecond)}/s, ${Math.ceil((total - done) / perSecond)} s to go`)
    },
    end: () => current?.bar.end(),
  }
}

function answerOf(report: RebuildReport): Answer {
  const { differing, underWay, ...rest } = report
  const ok = differing === 0
  return {
    json: { ok, ...rest, under_way: underWay, differing },
    text: told(report),
    failed: !ok,
  }
}

function told({ differences, differing, ...report }: RebuildReport): string {
  const { subscriptions, events, pools, changes, held, homeless, underWay } = report
  const lines = differences.slice(0, mostShown).flatMap(shown)
  if (differing > mostShown)
    lines.push(`… and ${differing - mostShown} more; --json tells up to a thousand.`, '')
  lines.push(
    `Rebuilt ${counted(pools, 'pool')} and ${counted(subscriptions, 'subscription')} from ${counted(events, 'event')}, and ${counted(changes, 'commercial change')}.`,
  )
  for (const { reason, count } of held)
    lines.push(`Held, since the record leaves it open (${reason}): ${count}. Only that is compared of them.`)
  if (homeless > 0) lines.push(`Their customer belongs to nobody yet: ${homeless}.`)
  if (underWay.length > 0)
    lines.push(
      `Not compared, since work is under way there: ${counted(underWay.length, 'pool')}. Run it again when the backlog is gone.`,
    )
  lines.push(
    differing === 0
      ? 'What stands is what the record says: no difference.'
      : `${counted(differing, 'difference')}.`,
  )
  return lines.join('\n')
}

function shown({
  what,
  organization,
  ladder,
  product,
  subscription,
  change,
  stands,
  rebuilt,
  why,
}: Difference): string[] {
  const subject = [
    ladder && `ladder ${ladder}`,
    product,
    subscription && `subscription ${subscription}`,
    change,
    organization ? `organization ${organization}` : 'no organization',
  ]
  return [
    `${what}: ${subject.filter((part) => part).join(', ')}`,
    `  stands   ${stands ?? 'nothing'}`,
    `  rebuilt  ${rebuilt ?? 'nothing'}`,
    `  why      ${why}`,
    '',
  ]
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
