import type { Reader } from '../../db/types.ts'
import { isJsonObject, isSeconds, readEnvelope } from '../event/envelope.ts'

/** Stripe's word on one invoice of a subscription. Times are Unix seconds. */
export type Payment = {
  event: string
  subscription: string
  invoice: string | null
  paid: boolean
  /** The end of the last period that the invoice charges for; null: it does not say. */
  until: number | null
}

/** As many as tell how the period at risk stands: Stripe tries an invoice up to eight times. */
const MOST_READ = 12

/**
 * What the inbox knows of these subscriptions' payments, the latest of each. Read only when there is a signal to write: the
 * bodies are where an invoice's periods stand.
 */
export async function readPayments(sql: Reader, subscriptions: readonly string[]): Promise<Payment[]> {
  const rows = await sql<
    { event: string; subscription: string; invoice: string | null; type: string; body: Uint8Array | null }[]
  >`
    select e.event_id as event, e.stripe_subscription_id as subscription, e.object_id as invoice, e.type, b.body
    from unnest(${subscriptions as string[]}::text[]) as wanted (id)
    cross join lateral (
      select event_id, stripe_subscription_id, object_id, type, created_at from stripe.events
      where stripe_subscription_id = wanted.id and type in ('invoice.paid', 'invoice.payment_failed')
      order by created_at desc, event_id limit ${MOST_READ}
    ) e
    left join lateral (select body from stripe.event_bodies where event_id = e.event_id limit 1) b on true
    order by e.created_at, e.event_id`
  return rows.map(({ event, subscription, invoice, type, body }) => ({
    event,
    subscription,
    invoice,
    paid: type === 'invoice.paid',
    until: body && chargedUntil(body),
  }))
}

/** An invoice's own `period_end` is that of the period before; its lines say what it charges for. Source: docs.stripe.com/api/invoices/object */
function chargedUntil(body: Uint8Array): number | null {
  const envelope = readEnvelope(body)
  if (envelope.kind !== 'snapshot') return null
  const { lines, period_end } = envelope.event.object
  const told = isJsonObject(lines) && Array.isArray(lines.data) ? lines.data : []
  const ends = told
    .map((line: unknown) => (isJsonObject(line) && isJsonObject(line.period) ? line.period.end : null))
    .filter(isSeconds)
  if (ends.length > 0) return Math.max(...ends)
  return isSeconds(period_end) ? period_end : null
}

/**
 * Until when a subscription is paid, Unix seconds; null: no invoice says so. An invoice that failed first and is paid now
 * settles the period that it put at risk, whatever its lines charge for: usage is charged after its period.
 * @param periodEnd of the subscription as it stands
 */
export function paidUntil(payments: readonly Payment[], periodEnd: number | null): number | null {
  const failed = new Set(payments.flatMap(({ paid, invoice }) => (paid || invoice === null ? [] : [invoice])))
  const untils = payments
    .filter(({ paid }) => paid)
    .flatMap(({ invoice, until }) => (invoice !== null && failed.has(invoice) ? [until, periodEnd] : [until]))
    .filter((until) => until !== null)
  return untils.length === 0 ? null : Math.max(...untils)
}

/** Of these subscriptions those whose payment is anybody's affair: they owe one, or a risk was told that none has settled yet. */
export async function withPaymentAtRisk(sql: Reader, subscriptions: readonly string[]): Promise<Set<string>> {
  const rows = await sql<{ subscription: string }[]>`
    select s.stripe_subscription_id as subscription from stripe.subscriptions s
    where s.stripe_subscription_id = any(${subscriptions as string[]})
      and (s.resolved_state ->> 'status' in ('past_due', 'unpaid', 'paused')
           or exists (
             select from stripe.subscription_signals r
             where r.subscription_id = s.subscription_id
               and r.kind in ('payment_failed', 'past_due', 'unpaid', 'paused', 'trial_ending')
               and not exists (
                 select from stripe.subscription_signals p
                 where p.subscription_id = r.subscription_id and p.sequence > r.sequence and p.paid_until >= r.period
                   and (p.paid_until > r.period or r.kind <> 'trial_ending'))))`
  return new Set(rows.map(({ subscription }) => subscription))
}
