import type { Db } from '../../src/db/types.ts'
import { verifyAudit } from '../../src/entitlements/verify-chain.ts'
import type { Life } from '../../src/simulator/life.ts'
import { trueTier } from '../../src/simulator/snapshot.ts'
import { stripeEvent } from '../../src/simulator/stripe-event.ts'
import { changesOf } from '../../src/stripe/changes/subscription-changes.ts'
import { readEnvelope } from '../../src/stripe/event/envelope.ts'
import { subscriptionEventOf } from '../../src/stripe/event/subscription-event-of.ts'

/** Waits until every event of the inbox is marked for both writes and nothing waits; answers how long, in seconds. */
export async function settled(db: Db, limitSeconds: number): Promise<number> {
  const began = performance.now()
  for (;;) {
    const [row] = await db<{ open: number }[]>`
      select (select 2 * count(*) from stripe.events) - (
        select count(*) from stripe.event_writes where state in ('done', 'ignored', 'parked')
      ) as open
    `
    const seconds = (performance.now() - began) / 1000
    if (row!.open === 0) return seconds
    if (seconds > limitSeconds) {
      const left = await db`
        select write, state, reason, count(*)::int from stripe.events e left join stripe.event_writes w using (event_id)
        group by 1, 2, 3 order by 4 desc`
      throw new Error(`${row!.open} writes still open after ${limitSeconds} s: ${JSON.stringify(left)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** The tier on the ladder `core` by Stripe's customer. */
export async function tiersByCustomer(db: Db): Promise<Map<string, string>> {
  const rows = await db<{ customer: string; tier: string }[]>`
    select c.stripe_customer_id as customer, p.product_key as tier
    from stripe.customers c
    join entitlements.resource_pools r using (organization_id)
    join entitlements.pool_provision_ladders a on a.pool_id = r.pool_id and a.ended_at is null
    join billing.plan_ladders l on l.plan_ladder_id = a.plan_ladder_id and l.ladder_key = 'core'
    join entitlements.pool_provisions v using (provision_id)
    join billing.products p using (product_id)
    order by 1
  `
  return new Map(rows.map((row) => [row.customer, row.tier]))
}

export function trueTiers(lives: readonly Life[]): Map<string, string> {
  const tiers = lives.map((life): [string, string] => [life.customer, trueTier(life.truth)])
  return new Map(tiers.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What events told of commercial changes, one line a row; what only fetches revealed depends on when they were made. */
export async function changeRows(db: Db): Promise<string[]> {
  const rows = await db<{ row: string }[]>`
    select concat_ws(' ', event_id, change_kind, item, from_amount, to_amount) as row
    from billing.subscription_changes where source = 'event'
  `
  return rows.map(({ row }) => row).sort()
}

/** What should stand there: the rows of each event by itself, told once. */
export function trueChangeRows(lives: readonly Life[]): string[] {
  // All the simulator's tiers are on one ladder; extra seats are on none.
  const ladderOf = (price: string) => (price.includes('seats') ? null : 'core')
  return lives
    .flatMap((life) => life.events)
    .flatMap((event) => {
      const told = subscriptionEventOf(readEnvelope(Buffer.from(JSON.stringify(stripeEvent(event)))))
      if (told === null || 'unreadable' in told) throw new Error(`unreadable: ${event.event}`)
      const answer = changesOf(told, ladderOf)
      if (answer.kind === 'unknown') throw new Error(answer.why)
      return answer.changes.map(({ kind, item, amountFrom, amountTo }) =>
        [event.event, kind, item, amountFrom, amountTo].filter((part) => part !== null).join(' '),
      )
    })
    .sort()
}

/** Everything that must be true of the database whatever happened to the processes, as sentences; empty when all is well. */
export async function violations(db: Db): Promise<string[]> {
  const { violations: broken } = await verifyAudit(db)
  const twice = await db<{ told: string }[]>`
    select cause_id || ' moved ' || pool_id || ' ' || count(*) || ' times' as told
    from entitlements.pool_provision_transitions
    where cause_kind = 'event' and not (transition_type = 'initiate' and actor_type = 'system')
    group by cause_id, pool_id, plan_ladder_id having count(*) > 1
  `
  const bodiless = await db<{ told: string }[]>`
    select event_id || ' has no body, or several' as told
    from stripe.events e where (select count(*) from stripe.event_bodies b where b.event_id = e.event_id) <> 1
  `
  return [
    ...broken.map((found) => found.detail),
    ...twice.map((row) => row.told),
    ...bodiless.map((row) => row.told),
  ]
}
