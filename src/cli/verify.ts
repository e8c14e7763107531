import type { Command } from 'commander'
import type { Tx } from '../db/types.ts'
import { type Violation, type ViolationKind, verifyAudit } from '../entitlements/verify-chain.ts'
import { verifyPlaces } from '../stripe/enrollment/verify-places.ts'
import {
  type Check,
  type InboxStanding,
  readInboxStanding,
  verifyInbox,
} from '../stripe/inbox/verify-inbox.ts'
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
        withSession(({ app }) => app.begin('isolation level repeatable read read only', verify)),
      ),
    )
}

/** What `verifyAudit` looks for, by the invariant that it breaks. */
const auditChecks: { check: string; holds: string; kinds: ViolationKind[] }[] = [
  {
    check: 'audit_chain',
    holds: 'the audit chain has no gap and nothing in it was altered',
    kinds: ['hash', 'sequence', 'link', 'step'],
  },
  { check: 'history_is_present', holds: 'history replays to the present tier', kinds: ['place'] },
  { check: 'one_move_per_cause', holds: 'one cause moves a pool once on a ladder', kinds: ['cause_twice'] },
  {
    check: 'one_live_attachment',
    holds: 'a pool stands on one tier of a ladder at most',
    kinds: ['two_live'],
  },
  { check: 'copies_equal', holds: 'attachments are copies of their provisions', kinds: ['copy'] },
]

/** In one snapshot, so that what is being worked on beside it never looks half done. */
async function verify(tx: Tx): Promise<Answer> {
  const [audit, inbox, places, standing] = await Promise.all([
    verifyAudit(tx),
    verifyInbox(tx),
    verifyPlaces(tx),
    readInboxStanding(tx),
  ])
  const checks = [...auditChecks.map((one) => auditCheck(one, audit.violations)), ...inbox, ...places]
  const ok = checks.every(({ violations }) => violations === 0)
  return {
    json: { ok, moves: audit.checked, ...standing, checks },
    text: report(checks, standing, audit.checked),
    failed: !ok,
  }
}

function auditCheck({ check, holds, kinds }: (typeof auditChecks)[number], all: readonly Violation[]): Check {
  const found = all.filter(({ kind }) => kinds.includes(kind))
  const first = found
    .slice(0, 5)
    .map(({ pool_id, ladder, detail }) => `pool ${pool_id}, ladder ${ladder}: ${detail}`)
  return { check, holds, violations: found.length, first }
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
