import type { Command } from 'commander'
import type { Db } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { clearAlarm, openAlarms } from '../stripe/alarms.ts'
import { type Answer, answering, table } from './output.ts'
import { withSession } from './session.ts'

/** `stepladder alarms`: what needs a person's eye. */
export function register(program: Command): void {
  const alarms = program.command('alarms').description('what needs a person’s eye')
  alarms
    .command('list', { isDefault: true })
    .description('the open alarms, the latest first')
    .option('--json', 'print one JSON document')
    .action(answering(() => withSession(({ app }) => listed(app))))
  alarms
    .command('clear')
    .description('say that an alarm is done with; should it happen again, it is open again')
    .argument('<kind>', 'the alarm’s kind, as it is listed')
    .argument('<subject>', 'what it is about, as it is listed')
    .option('--json', 'print one JSON document')
    .action(
      answering((kind: string, subject: string) => withSession(({ app }) => cleared(app, kind, subject))),
    )
}

async function listed(app: Db): Promise<Answer> {
  const alarms = await openAlarms(app)
  const text =
    alarms.length === 0
      ? 'No alarm is open.'
      : table(
          ['kind', 'subject', 'times', 'since', 'last', 'detail'],
          alarms.map(({ kind, subject, times, firstAt, lastAt, detail }) => [
            kind,
            subject,
            times,
            shown(firstAt),
            shown(lastAt),
            detail,
          ]),
        )
  const json = alarms.map(({ kind, subject, detail, times, firstAt, lastAt }) => ({
    kind,
    subject,
    detail,
    times,
    first_at: firstAt,
    last_at: lastAt,
  }))
  return { json: { alarms: json }, text }
}

/** @throws Refused `alarm_not_open` (exit code 1) when no such alarm is open. */
async function cleared(app: Db, kind: string, subject: string): Promise<Answer> {
  if (!(await clearAlarm(app, kind, subject))) {
    throw new Refused(
      'alarm_not_open',
      `No alarm ${kind} about ${subject} is open.`,
      'See `stepladder alarms` for those that are; it may have cleared by itself.',
      404,
    )
  }
  return { json: { cleared: { kind, subject } }, text: `${kind} about ${subject} is cleared.` }
}

function shown(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ')
}
