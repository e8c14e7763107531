import { setTimeout as sleep } from 'node:timers/promises'
import type { Db, Reader } from '../db/types.ts'
import type { Life } from '../simulator/life.ts'
import { type Tier, trueTier, truthOf } from '../simulator/snapshot.ts'
import { simulatedLadder } from './simulate-ground.ts'

/** Where a life's organization stands. `tier` null: on no tier of the ladder, or no organization at all. */
export type Stands = { tier: string | null; unresolved: string | null }

export type Judged = {
  /** By tier: how many lives truly belong there, and how many stand there. */
  tiers: { tier: string; true: number; result: number }[]
  right: number
  /** Not on the true tier, and each for one reason. */
  wrong: WrongLife[]
  /** Held at a hole in its trail: what is missing could only be fetched. */
  held: WrongLife[]
  /** Its last event never came, and no trail can see that. */
  endLost: WrongLife[]
}

export type WrongLife = { customer: string; subscription: string; true: Tier; result: string | null }

const tiers: Tier[] = ['public-tier', 'standard', 'pro']

/** Compares where lives stand with where they truly belong. `told`: the events that were delivered. Pure. */
export function judge(
  lives: readonly Life[],
  stands: ReadonlyMap<string, Stands>,
  told: ReadonlySet<string>,
): Judged {
  const judged: Judged = { tiers: [], right: 0, wrong: [], held: [], endLost: [] }
  const counts = new Map<string, { true: number; result: number }>(
    tiers.map((tier) => [tier, { true: 0, result: 0 }]),
  )
  const count = (tier: string, what: 'true' | 'result') => {
    const row = counts.get(tier) ?? { true: 0, result: 0 }
    row[what]++
    counts.set(tier, row)
  }
  for (const life of lives) {
    const { tier, unresolved } = stands.get(life.customer) ?? { tier: null, unresolved: null }
    const truth = trueTier(life.truth)
    count(truth, 'true')
    count(tier ?? 'none', 'result')
    if (tier === truth) judged.right++
    else {
      const list = unresolved !== null ? judged.held : endIsTold(life, told) ? judged.wrong : judged.endLost
      list.push({ customer: life.customer, subscription: life.subscription, true: truth, result: tier })
    }
  }
  judged.tiers = [...counts].map(([tier, row]) => ({ tier, ...row }))
  return judged
}

/** Whether the last thing that was told of a life already shows the tier that it ends on. */
function endIsTold({ events, truth }: Life, told: ReadonlySet<string>): boolean {
  const last = events.findLast(({ event }) => told.has(event))
  return last !== undefined && trueTier(truthOf(last.after)) === trueTier(truth)
}

/** Where the organizations of these customers stand now, on the simulator's ladder. */
export async function readStands(reader: Reader, customers: readonly string[]): Promise<Map<string, Stands>> {
  const rows = await reader<(Stands & { customer: string })[]>`
    select k.customer, p.product_key as tier, s.unresolved
    from unnest(${customers as string[]}::text[]) as k (customer)
    left join stripe.customers c on c.stripe_customer_id = k.customer
    left join entitlements.resource_pools r on r.organization_id = c.organization_id and r.is_default
    left join entitlements.pool_provision_ladders a
      on a.pool_id = r.pool_id and a.ended_at is null
      and a.plan_ladder_id = (select plan_ladder_id from billing.plan_ladders where ladder_key = ${simulatedLadder})
    left join entitlements.pool_provisions v on v.provision_id = a.provision_id
    left join billing.products p on p.product_id = v.product_id
    left join lateral (
      select unresolved from stripe.subscriptions
      where stripe_customer_id = k.customer and unresolved is not null limit 1
    ) s on true`
  return new Map(rows.map(({ customer, ...stands }) => [customer, stands]))
}

/** How far the workers are with the events of these customers. */
export type Handling = {
  events: number
  /** Writes, two to an event, that have a marker, and those that have none yet. */
  handled: number
  open: number
  /** Writes and subscriptions that wait, and go on by themselves within seconds. */
  soon: number
  /** Seconds from receipt to the committed tier. */
  appliedP50: number | null
  appliedP99: number | null
}

export async function readHandling(reader: Reader, customers: readonly string[]): Promise<Handling> {
  const [handling] = await reader<Handling[]>`
    with told as (
      select e.event_id, e.received_at, e.trail_kind, k.write, w.state, w.handled_at, w.due_at
      from stripe.events e
      cross join unnest(array['enrollment', 'subscription-changes']) as k (write)
      left join stripe.event_writes w on w.event_id = e.event_id and w.write = k.write
      where e.stripe_customer_id = any(${customers as string[]})
    ), applied as (
      select percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from handled_at - received_at)) as seconds
      from told where write = 'enrollment' and state = 'done' and trail_kind is not null
    )
    select
      count(distinct event_id)::int as events, count(state)::int as handled, (count(*) - count(state))::int as open,
      (
        count(*) filter (where state = 'waiting' and due_at < clock_timestamp() + interval '70 s') + (
          select count(*) from stripe.subscriptions
          where stripe_customer_id = any(${customers as string[]})
            and unresolved is not null and resolve_at < clock_timestamp() + interval '70 s'
        )
      )::int as soon,
      (select seconds[1] from applied)::float8 as applied_p50, (select seconds[2] from applied)::float8 as applied_p99
    from told`
  return handling!
}

/**
 * Waits until every event has both markers and nothing is about to be looked at again by itself.
 * `finished` is false when nothing moved for `patienceSeconds` and events were still open.
 */
export async function waitUntilHandled(
  app: Db,
  customers: readonly string[],
  parts: { patienceSeconds: number; onHandled: (handling: Handling) => void },
): Promise<Handling & { finished: boolean }> {
  let movedAt = performance.now()
  let before = ''
  for (;;) {
    const asked = performance.now()
    const handling = await readHandling(app, customers)
    parts.onHandled(handling)
    if (handling.open === 0 && handling.soon === 0) return { ...handling, finished: true }
    const now = JSON.stringify([handling.handled, handling.soon])
    if (now !== before) movedAt = performance.now()
    before = now
    if (performance.now() - movedAt > parts.patienceSeconds * 1000)
      return { ...handling, finished: handling.open === 0 }
    // A large run's question costs something itself: it is not asked more than a fifth of the time.
    await sleep(Math.max(200, 4 * (performance.now() - asked)))
  }
}
