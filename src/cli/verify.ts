import type { Command } from 'commander'
import type { Tx } from '../db/types.ts'
import type { Check, InboxStanding } from '../stripe/inbox/verify-inbox.ts'
import { verify } from '../stripe/verify.ts'
import { type Answer, answering } from './output.ts'
import { withSession } from './session.ts'

/** `stepladder verify`: the audit chain and every invariant that a database can show. It reads only. */
export function register(program: Command): void {
  program
    .command('verify')
    .description('check the audit chain and the invariants of inbox and enrollment; changes nothing')
    .option('--json', 'print one JSON document')
    .action(
      answering(async () =>
        withSession(({ app }) => app.begin('isolation level repeatable read read only', answered)),
      ),
    )
}

async function answered(tx: Tx): Promise<Answer> {
  const { checks, moves, standing } = await verify(tx)
  const ok = checks.every(({ violations }) => violations === 0)
  return {
    json: { ok, moves, ...standing, checks },
    text: report(checks, standing, moves),
    failed: !ok,
  }
}

function report(checks: readonly Check[], standing: InboxStanding, moves: number): string {
  const lines = checks.flatMap(({ holds, violations, first }) => {
    if (violations === 0) return [`ok      ${holds}`]
    const rest = violations > first.length ? [`          … and ${violations - first.length} more`] : []
    const told = violations === 1 ? '1 violation' : `${violations} violations`
    return [`BROKEN  ${holds}: ${told}`, ...first.map((sentence) => `          ${sentence}`), ...rest]
  })
  const { events, backlog, waiting, parked } = standing
  const open = backlog.enrollment + backlog['subscription-changes']
  const broken = checks.filter(({ violations }) => violations > 0).length
  return [
    ...lines,
    '',
    `${events} events, ${moves} moves; ${open} writes not taken up yet, ${waiting} waiting, ${parked} parked.`,
    broken === 0 ? 'Everything holds.' : `${broken} of ${checks.length} do not hold.`,
  ].join('\n')
}
