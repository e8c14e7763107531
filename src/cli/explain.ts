import type { Command } from 'commander'
import { explain, explainAt } from '../stripe/enrollment/explain.ts'
import { knownSubject } from '../stripe/enrollment/explain-subject.ts'
import { storyOf } from './explain-story.ts'
import { storyThen } from './explain-story-then.ts'
import { pastMoment } from './moment.ts'
import { type Answer, answering } from './output.ts'
import { withSession } from './session.ts'

/** `stepladder explain`: why an organization stands where it does, or stood, what it waits on, and what comes next. */
export function register(program: Command): void {
  program
    .command('explain')
    .description('say where an organization stands on each ladder, why, what is held and what comes next')
    .argument('<id>', "an organization's id or key, or Stripe's cus_… or sub_…")
    .option(
      '--at <time>',
      'as of a time that has passed: how long ago (2h), or a time (UTC unless it names a zone)',
    )
    .option('--json', 'print one JSON document')
    .action(answering((id: string, { at }: { at?: string }) => run(id, at)))
}

async function run(id: string, at: string | undefined): Promise<Answer> {
  const now = new Date()
  const moment = at === undefined ? null : pastMoment(at.replace(/\s*ago\s*$/i, ''), '--at', now)
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return withSession(async ({ app }) =>
    app.begin('isolation level repeatable read read only', async (tx): Promise<Answer> => {
      const subject = await knownSubject(tx, id)
      if (moment === null) {
        const json = await explain(tx, subject, now)
        return { json, text: storyOf(json, zone) }
      }
      const json = await explainAt(tx, subject, moment, now)
      return { json, text: storyThen(json, zone) }
    }),
  )
}
