import type { Reader } from '../../db/types.ts'
import type { LedgerEventType } from './ledger-events.ts'

/** One line of the ledger (R90). */
export type LedgerEntry = {
  entryId: string
  /** Of two entries of one moment the later one has the higher number; numbers may be left out. */
  sequence: number
  planId: string
  tenantId: string
  accountId: string
  eventType: LedgerEventType
  recordedAt: Date
  /** As its type's schema in ledger-events.ts says. */
  data: Record<string, unknown>
}

/**
 * A plan's entries, the latest first (D6): why it exists and why it stopped. They outlive their plan. With `accountId`, those
 * that were written for that account alone.
 * @param wanted.limit entries at most
 */
export async function ledgerOfPlan(
  reader: Reader,
  wanted: {
    tenantId: string
    planId: string
    accountId?: string | undefined
    /** The last entry of the page before. */
    after?: Pick<LedgerEntry, 'recordedAt' | 'sequence'> | null
    limit: number
  },
): Promise<LedgerEntry[]> {
  const { tenantId, planId, accountId = null, after = null, limit } = wanted
  return reader<LedgerEntry[]>`
    select entry_id, sequence, plan_id, tenant_id, account_id, event_type, recorded_at, data
    from governance.plan_ledger
    where tenant_id = ${tenantId} and plan_id = ${planId}
      and (${accountId}::uuid is null or account_id = ${accountId}::uuid)
      and (${after === null} or (recorded_at, sequence) <
           (${after?.recordedAt ?? null}::timestamptz, ${after?.sequence ?? null}::bigint))
    order by recorded_at desc, sequence desc
    limit ${limit}`
}

/** What happened to all of a tenant's plans, the latest first. */
export async function ledgerOfTenant(
  reader: Reader,
  wanted: { tenantId: string; limit: number },
): Promise<LedgerEntry[]> {
  return reader<LedgerEntry[]>`
    select entry_id, sequence, plan_id, tenant_id, account_id, event_type, recorded_at, data
    from governance.plan_ledger
    where tenant_id = ${wanted.tenantId}
    order by recorded_at desc, sequence desc
    limit ${wanted.limit}`
}

/** As it goes out. */
export function ledgerEntryV1Of(entry: LedgerEntry) {
  return {
    entry_id: entry.entryId,
    plan_id: entry.planId,
    tenant_id: entry.tenantId,
    account_id: entry.accountId,
    event_type: entry.eventType,
    timestamp: entry.recordedAt.toISOString(),
    data: entry.data,
  }
}
