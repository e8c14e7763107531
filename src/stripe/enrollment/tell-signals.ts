import type { Tx } from '../../db/types.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import { type Payment, paidUntil, readPayments } from './payments.ts'
import { riskOfStatus, type Signal, type SignalKind, snapshotOf } from './signals-of.ts'

/** One subscription of which there may be something to tell. */
export type ToTell = {
  /** Stripe's id; and ours. */
  subscription: string
  subscriptionId: string
  tenantId: string
  accountId: string
  /** As it is resolved now; behind a hole, as it was before it. */
  state: SubscriptionState
  signals: readonly Signal[]
  /** The event or fetch that led to that state, and Stripe's time of it (Unix seconds). */
  cause: string
  occurredAt: number
  /** Events of the batch that told of its payments. */
  payments: readonly string[]
}

type Row = Signal & { cause: string; told: ToTell; paidUntil: number | null }

/**
 * Writes the signals of a batch, in its transaction: nothing at all is asked or written where there is nothing to tell. A
 * payment that failed is told where the resolved status says that one is owed, whichever of the two came first.
 */
export async function tellSignals(tx: Tx, all: readonly ToTell[]): Promise<number> {
  const telling = all.filter(({ signals, payments }) => signals.length > 0 || payments.length > 0)
  if (telling.length === 0) return 0
  // Whether it is paid is no question of those of which nothing but another price is told.
  const asking = telling.filter(
    ({ signals, payments }) => payments.length > 0 || signals.some(({ kind }) => kind !== 'price_changed'),
  )
  const payments =
    asking.length === 0
      ? []
      : await readPayments(
          tx,
          asking.map(({ subscription }) => subscription),
        )
  const rows = telling.flatMap((told) =>
    rowsOf(
      told,
      payments.filter(({ subscription }) => subscription === told.subscription),
    ),
  )
  return putSignals(
    tx,
    rows.map(({ told, ...row }) => ({
      ...row,
      tenantId: told.tenantId,
      accountId: told.accountId,
      subscriptionId: told.subscriptionId,
      eventId: row.cause.startsWith('fetch_') ? null : row.cause,
      state: snapshotOf(told.state),
      occurredAt: told.occurredAt,
    })),
  )
}

function rowsOf(told: ToTell, payments: readonly Payment[]): Row[] {
  const { state, signals, cause } = told
  const until = paidUntil(payments, state.periodEnd)
  const row = (signal: Signal, cause: string): Row => ({ ...signal, cause, told, paidUntil: until })
  const settled = new Set(payments.flatMap(({ paid, invoice }) => (paid && invoice ? [invoice] : [])))
  const failed = riskOfStatus(state.status)
    ? payments.filter(({ paid, invoice }) => !paid && !(invoice && settled.has(invoice)))
    : []
  return [
    ...signals.map((signal) => row(signal, cause)),
    ...failed.map(({ event, until }) =>
      row({ kind: 'payment_failed', period: until ?? state.periodEnd }, event),
    ),
    ...payments
      .filter(({ paid, event }) => paid && told.payments.includes(event))
      .map(({ event }) => row({ kind: 'paid', period: null }, event)),
  ]
}

/** As it is kept; times are Unix seconds. */
export type SignalRow = {
  tenantId: string
  accountId: string
  subscriptionId: string | null
  kind: SignalKind
  period: number | null
  paidUntil: number | null
  cause: string
  eventId: string | null
  state: Record<string, unknown>
  occurredAt: number
}

/** The same told again is kept once. Answers how many are new. */
export async function putSignals(tx: Tx, rows: readonly SignalRow[]): Promise<number> {
  const { count } = await tx`
    insert into stripe.subscription_signals
      (tenant_id, account_id, subscription_id, kind, period, paid_until, cause, event_id, state, occurred_at)
    select r."tenantId", r."accountId", r."subscriptionId", r.kind, to_timestamp(r.period), to_timestamp(r."paidUntil"), r.cause,
           r."eventId", r.state, to_timestamp(r."occurredAt")
    from rows from (jsonb_to_recordset(${tx.json(rows as never)}) as (
        "tenantId" uuid, "accountId" uuid, "subscriptionId" uuid, kind text, period float8, "paidUntil" float8, cause text,
        "eventId" text, state jsonb, "occurredAt" float8)) with ordinality as r
    order by r.ordinality
    on conflict do nothing`
  return count
}
