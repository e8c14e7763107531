import type { Tx } from '../db/types.ts'
import { type Violation, type ViolationKind, verifyAudit } from '../entitlements/verify-chain.ts'
import { verifyPlaces } from './enrollment/verify-places.ts'
import { type Check, type InboxStanding, readInboxStanding, verifyInbox } from './inbox/verify-inbox.ts'

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

export type Verified = {
  checks: Check[]
  /** Rows of history that were looked at. */
  moves: number
  standing: InboxStanding
}

/**
 * Every invariant that a database can show, looked for and never corrected. Give it a read-only transaction of one snapshot, so that
 * what is being worked on beside it never looks half done. It reads everything.
 */
export async function verify(tx: Tx): Promise<Verified> {
  const [audit, inbox, places, standing] = await Promise.all([
    verifyAudit(tx),
    verifyInbox(tx),
    verifyPlaces(tx),
    readInboxStanding(tx),
  ])
  const checks = [...auditChecks.map((one) => auditCheck(one, audit.violations)), ...inbox, ...places]
  return { checks, moves: audit.checked, standing }
}

function auditCheck({ check, holds, kinds }: (typeof auditChecks)[number], all: readonly Violation[]): Check {
  const found = all.filter(({ kind }) => kinds.includes(kind))
  const first = found
    .slice(0, 5)
    .map(({ pool_id, ladder, detail }) => `pool ${pool_id}, ladder ${ladder}: ${detail}`)
  return { check, holds, violations: found.length, first }
}
