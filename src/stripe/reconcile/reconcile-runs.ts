import type { Db, Reader, Tx } from '../../db/types.ts'
import type { Difference, DifferenceClass } from './differences.ts'

/**
 * What became of a difference. `seen`: found, and to be looked at again before the run ends. `differs`: it stands. `repaired`: it was
 * put right. `passed`: it was on its way, and is gone. `in_flight`: still on its way when the run ended.
 */
export type DifferenceOutcome = 'seen' | 'differs' | 'repaired' | 'passed' | 'in_flight'

export type ReconcileRun = {
  run: string
  startedAt: Date
  /** The last subscription of Stripe's list that was looked at; null: none yet. */
  listedUpTo: string | null
  /** Stripe's list was read to its end. */
  listed: boolean
  /** Looks so far. */
  looked: number
  /** An earlier call began it. */
  resumed: boolean
}

export type FoundDifference = Difference & { outcome: DifferenceOutcome; heldHash: string | null }

/** A run that was cut off goes on for so long; then Stripe's list is too old to go on in. */
const RESUMABLE = '24 hours'
/** What runs found is kept for so long. */
const KEPT = '30 days'

/** The run of this kind that was cut off, else a new one. Old ones go. */
export async function beginRun(db: Db, repairs: boolean): Promise<ReconcileRun> {
  await db`delete from stripe.reconcile_runs where started_at < clock_timestamp() - ${KEPT}::interval`
  const [cutOff] = await db<Omit<ReconcileRun, 'resumed'>[]>`
    select reconcile_run_id as run, started_at, listed_up_to, listed_at is not null as listed, looked
    from stripe.reconcile_runs
    where repairs = ${repairs} and finished_at is null and started_at > clock_timestamp() - ${RESUMABLE}::interval
      -- A run that ended since has looked at all of it.
      and not exists (
        select from stripe.reconcile_runs later
        where later.started_at > reconcile_runs.started_at and later.finished_at is not null
      )
    order by started_at desc limit 1
  `
  if (cutOff) return { ...cutOff, resumed: true }
  const [run] = await db<{ run: string; startedAt: Date }[]>`
    insert into stripe.reconcile_runs (repairs) values (${repairs})
    returning reconcile_run_id as run, started_at
  `
  return { ...run!, listedUpTo: null, listed: false, looked: 0, resumed: false }
}

/** What a page of looks came to, all or nothing, and how far Stripe's list has been read with it. */
export async function noteLooks(
  tx: Tx,
  run: string,
  looks: {
    looked: readonly { subscription: string; agrees: boolean }[]
    found: readonly FoundDifference[]
    /** A second look counts no further subscription. */
    again: boolean
    listed?: { upTo: string | null; more: boolean }
  },
): Promise<void> {
  await noteVerified(tx, looks.looked)
  await noteDifferences(tx, run, looks.found)
  const { upTo = null, more = true } = looks.listed ?? {}
  await tx`
    update stripe.reconcile_runs
    set looked = looked + ${looks.again ? 0 : looks.looked.length}, listed_up_to = coalesce(${upTo}, listed_up_to),
      listed_at = case when ${more} then listed_at else clock_timestamp() end
    where reconcile_run_id = ${run}
  `
}

async function noteVerified(
  tx: Tx,
  looked: readonly { subscription: string; agrees: boolean }[],
): Promise<void> {
  if (looked.length === 0) return
  await tx`
    insert into stripe.verified_subscriptions as v (stripe_subscription_id, looked_at, verified_at)
    select distinct on (subscription) subscription, now(), case when agrees then now() end
    from jsonb_to_recordset(${tx.json(looked as never)}) as l (subscription text, agrees boolean)
    order by subscription
    on conflict (stripe_subscription_id) do update
    set looked_at = excluded.looked_at, verified_at = coalesce(excluded.verified_at, v.verified_at)
  `
}

async function noteDifferences(tx: Tx, run: string, found: readonly FoundDifference[]): Promise<void> {
  if (found.length === 0) return
  await tx`
    insert into stripe.reconcile_differences as d (
      reconcile_run_id, stripe_subscription_id, difference_class, outcome, stripe_customer_id, organization_id, at_stripe, here,
      next_step, held_hash
    )
    select
      ${run}, f.subscription, f.class, f.outcome, f.customer, f.organization, f."atStripe", f.here, f.next, f."heldHash"
    from jsonb_to_recordset(${tx.json(found as never)}) as f (
      subscription text, class text, outcome text, customer text, organization uuid, "atStripe" text, here text, next text,
      "heldHash" text
    )
    on conflict (reconcile_run_id, stripe_subscription_id, difference_class) do update
    set outcome = excluded.outcome, stripe_customer_id = excluded.stripe_customer_id, organization_id = excluded.organization_id,
      at_stripe = excluded.at_stripe, here = excluded.here, next_step = excluded.next_step, held_hash = excluded.held_hash
  `
}

export type Seen = {
  subscription: string
  customer: string | null
  classes: DifferenceClass[]
  heldHash: string | null
  foundAt: Date
}

/** Subscriptions whose differences are to be looked at again, some at a time. */
export async function readSeen(sql: Reader, run: string, most: number): Promise<Seen[]> {
  return sql<Seen[]>`
    select stripe_subscription_id as subscription, max(stripe_customer_id) as customer, array_agg(difference_class) as classes,
      max(held_hash) as held_hash, max(found_at) as found_at
    from stripe.reconcile_differences
    where reconcile_run_id = ${run} and outcome = 'seen'
    group by 1 order by 1 limit ${most}
  `
}

/** What became of the differences that were seen of these subscriptions, where no new look told it. */
export async function settleSeen(
  sql: Reader,
  run: string,
  subscriptions: readonly string[],
  outcome: DifferenceOutcome,
): Promise<void> {
  if (subscriptions.length === 0) return
  await sql`
    update stripe.reconcile_differences set outcome = ${outcome}
    where reconcile_run_id = ${run} and stripe_subscription_id = any(${subscriptions as string[]}) and outcome = 'seen'
  `
}

export type DifferenceCount = { class: DifferenceClass; outcome: DifferenceOutcome; count: number }

export async function countDifferences(sql: Reader, run: string): Promise<DifferenceCount[]> {
  return sql<DifferenceCount[]>`
    select difference_class as class, outcome, count(*)::int as count
    from stripe.reconcile_differences where reconcile_run_id = ${run}
    group by 1, 2 order by 1, 2
  `
}

/** The differences of a run, grouped as a person reads them. */
export async function readDifferences(
  sql: Reader,
  run: string,
): Promise<(Difference & { outcome: DifferenceOutcome })[]> {
  return sql<(Difference & { outcome: DifferenceOutcome })[]>`
    select stripe_subscription_id as subscription, difference_class as class, outcome, stripe_customer_id as customer,
      organization_id as organization, at_stripe, here, next_step as next
    from stripe.reconcile_differences where reconcile_run_id = ${run}
    order by difference_class, stripe_subscription_id
  `
}

export async function endRun(tx: Tx, run: string): Promise<void> {
  await tx`update stripe.reconcile_runs set finished_at = clock_timestamp() where reconcile_run_id = ${run}`
}
