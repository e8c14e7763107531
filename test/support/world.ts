import type { Db } from '../../src/db/types.ts'
import type { SubscriptionReader } from '../../src/stripe/api/stripe-api.ts'
import { createPriceMeanings } from '../../src/stripe/catalog/price-meanings.ts'
import { recordChanges } from '../../src/stripe/changes/record-changes.ts'
import { type EnrollOutcome, type EnrollParts, enroll } from '../../src/stripe/enrollment/enroll.ts'
import { readEnvelope } from '../../src/stripe/event/envelope.ts'
import { createInbox } from '../../src/stripe/inbox/inbox.ts'
import { testDatabase } from './database.ts'

/** Prices that every world knows: two tiers of the ladder `core`, one tier of `support`, a product on both, and an add-on. */
export const PRICES = {
  standard: 'price_standard',
  pro: 'price_pro',
  gold: 'price_gold',
  both: 'price_both',
  seats: 'price_seats',
} as const

export type World = {
  app: Db
  owner: Db
  appUrl: string
  /** Stores these events and has both workers take them up, each in one batch. */
  deliver(...events: object[]): Promise<EnrollOutcome>
  /** Stores them and answers their inbox ids, for a test that works them off by itself. */
  store(...events: object[]): Promise<{ enrollment: number[]; changes: number[] }>
  /** The enrollment worker's look at subscriptions by themselves. */
  look(...subscriptions: string[]): Promise<EnrollOutcome>
  /** What the sweeper would ring: every marker that is due, and every look whose time has come. */
  takeUpWhatIsDue(): Promise<void>
  parts: EnrollParts
  /** The product a customer's organization holds on a ladder; null when it holds none. */
  tier(customer: string, ladder?: string): Promise<string | null>
  history(customer: string, ladder?: string): Promise<string[]>
  markers(event: string): Promise<Record<string, string>>
  close(): Promise<void>
}

/** A database with a catalog, one org type and nothing else. The clock is the test's: `parts.now`. */
export async function newWorld(
  options: { stripe?: SubscriptionReader; autoProvision?: string | null } = {},
): Promise<World> {
  const db = await testDatabase()
  await seed(db.owner)
  const parts: EnrollParts = {
    meanings: createPriceMeanings(),
    stripe: options.stripe ?? null,
    autoProvision: options.autoProvision === undefined ? 'coop' : options.autoProvision,
    now: () => new Date(),
    reached: () => {},
    fetched: () => {},
  }

  async function store(...events: object[]) {
    const ids = { enrollment: [] as number[], changes: [] as number[] }
    const inbox = createInbox(db.app, {
      onStored: (unmarked) => {
        ids.enrollment.push(...unmarked.enrollment)
        ids.changes.push(...unmarked['subscription-changes'])
      },
    })
    for (const event of events) {
      const body = Buffer.from(JSON.stringify(event))
      await inbox.take({ body, envelope: readEnvelope(body) })
    }
    await inbox.close()
    return ids
  }

  return {
    app: db.app,
    owner: db.owner,
    appUrl: db.appUrl,
    parts,
    store,
    async deliver(...events) {
      const ids = await store(...events)
      const outcome = await enroll(db.app, { events: ids.enrollment }, parts)
      await recordChanges(db.app, { events: ids.changes }, parts)
      return outcome
    },
    look: (...subscriptions) => enroll(db.app, { events: [], subscriptions }, parts),
    async takeUpWhatIsDue() {
      const due = await db.owner<{ inboxId: number; write: string }[]>`
        select e.inbox_id, w.write from stripe.event_writes w join stripe.events e using (event_id) where w.due_at <= now()
      `
      const subscriptions = await db.owner<{ id: string }[]>`
        select stripe_subscription_id as id from stripe.subscriptions where resolve_at <= ${parts.now()}
      `
      const of = (write: string) => due.filter((row) => row.write === write).map((row) => row.inboxId)
      await enroll(
        db.app,
        { events: of('enrollment'), subscriptions: subscriptions.map((row) => row.id) },
        parts,
      )
      await recordChanges(db.app, { events: of('subscription-changes') }, parts)
    },
    async tier(customer, ladder = 'core') {
      const [row] = await db.app<{ product: string }[]>`
        select p.product_key as product
        from stripe.customers c
        join entitlements.resource_pools r using (organization_id)
        join entitlements.pool_provision_ladders a on a.pool_id = r.pool_id and a.ended_at is null
        join billing.plan_ladders l using (plan_ladder_id)
        join entitlements.pool_provisions v using (provision_id)
        join billing.products p using (product_id)
        where c.stripe_customer_id = ${customer} and l.ladder_key = ${ladder}
      `
      return row?.product ?? null
    },
    async history(customer, ladder = 'core') {
      const rows = await db.app<{ told: string }[]>`
        select t.transition_type || coalesce(' ' || p.product_key, '') as told
        from stripe.customers c
        join entitlements.resource_pools r using (organization_id)
        join entitlements.pool_provision_transitions t using (pool_id)
        join billing.plan_ladders l using (plan_ladder_id)
        left join billing.products p on p.product_id = t.to_product_id
        where c.stripe_customer_id = ${customer} and l.ladder_key = ${ladder}
        order by t.sequence
      `
      return rows.map((row) => row.told)
    },
    async markers(event) {
      const rows = await db.app<{ write: string; told: string }[]>`
        select write, concat_ws(' ', state, waiting_on, reason) as told from stripe.event_writes where event_id = ${event}
      `
      return Object.fromEntries(rows.map((row) => [row.write, row.told]))
    },
    close: () => db.close(),
  }
}

async function seed(owner: Db): Promise<void> {
  await owner`
    insert into billing.products (product_key, name, product_type, lifecycle_status)
    values ('standard', 'Standard', null, 'published'), ('pro', 'Pro', null, 'published'), ('gold', 'Gold support', null, 'published'),
      ('both', 'Pro with gold support', null, 'published'), ('seats', 'Extra seats', 'addon', 'published')
  `
  await owner`insert into billing.plan_ladders (ladder_key, name) values ('support', 'Support')`
  await owner`
    insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank)
    select l.plan_ladder_id, p.product_id, t.rank
    from (values ('core', 'standard', 1), ('core', 'pro', 2), ('core', 'both', 3), ('support', 'gold', 0), ('support', 'both', 1))
      as t (ladder, product, rank)
    join billing.plan_ladders l on l.ladder_key = t.ladder
    join billing.products p on p.product_key = t.product
  `
  await owner`
    with made as (
      insert into billing.prices (product_id)
      select product_id from billing.products where product_key <> 'public-tier' returning price_id, product_id
    )
    insert into stripe.prices (stripe_price_id, price_id)
    select 'price_' || p.product_key, made.price_id from made join billing.products p using (product_id)
  `
  await owner`
    insert into organization.org_types (org_type_key, name, default_plan_ladder_id)
    select 'coop', 'Co-op', plan_ladder_id from billing.plan_ladders where ladder_key = 'core'
  `
}

export type SubscriptionSketch = {
  id?: string
  customer?: string
  status?: string
  /** (item, price, quantity) */
  items?: [item: string, price: string, quantity?: number | null][]
  hasMore?: boolean
  cancelAt?: number | null
  periodEnd?: number
  metadata?: Record<string, string>
}

/** A subscription as Stripe's newest API version writes it, as small as it may be. */
export function subscription(sketch: SubscriptionSketch = {}): Record<string, unknown> {
  const { id = 'sub_1', customer = 'cus_1', status = 'active', items = [['si_1', PRICES.standard]] } = sketch
  return {
    id,
    object: 'subscription',
    customer,
    status,
    cancel_at: sketch.cancelAt ?? null,
    cancel_at_period_end: false,
    metadata: sketch.metadata ?? {},
    items: {
      object: 'list',
      has_more: sketch.hasMore ?? false,
      data: items.map(([item, price, quantity = 1]) => ({
        id: item,
        object: 'subscription_item',
        current_period_end: sketch.periodEnd ?? 1_900_000_000,
        ...(quantity === null ? {} : { quantity }),
        price: {
          id: price,
          product: `prod_of_${price}`,
          unit_amount: 1000,
          currency: 'eur',
          recurring: { interval: 'month', interval_count: 1 },
        },
      })),
    },
  }
}

let told = 0

/** A snapshot event. `previous` are the previous_attributes of an update. */
export function event(
  type: string,
  object: object,
  more: { id?: string; created?: number; previous?: object; request?: string | null } = {},
): Record<string, unknown> & { id: string } {
  return {
    id: more.id ?? `evt_${++told}_${type.split('.').at(-1)}`,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: more.created ?? Math.floor(Date.now() / 1000) - 100,
    livemode: false,
    pending_webhooks: 1,
    request: { id: more.request === undefined ? `req_${told}` : more.request, idempotency_key: null },
    type,
    data: { object, ...(more.previous ? { previous_attributes: more.previous } : {}) },
  }
}
