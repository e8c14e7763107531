import type { Reader, Tx } from '../../db/types.ts'
import { poolClaims } from '../../entitlements/pool-claims.ts'
import type { SettledMove } from '../../entitlements/settle-pools.ts'
import { enrollBatch } from '../enrollment/enrollment-batch.ts'
import { createPriceMeanings } from './price-meanings.ts'
import { type Held, heldBack, type LadderClaim, readClaims, type ToldMove, tellMoves } from './radius-rows.ts'

/** What an apply would set in motion, once everything that it takes up has been settled. */
export type BlastRadius = {
  /** Subscriptions whose prices mean something else, or whose events wait for what the file brings. */
  subscriptions: number
  moves: Counted<ToldMove> & {
    by: { ladder: string; from: string | null; to: string | null; count: number }[]
  }
  /** Claims that would change, and whose place stays because something else holds it. */
  held: Counted<Held>
  /** Subscriptions that would still, or from then on, wait; by why. */
  waiting: { reason: string; count: number }[]
  /** Taken up in truth and not looked at here: held by a worker at that moment, or beyond the limits of a dry run. */
  busy: number
  beyond: number
}

type Counted<T> = { total: number; first: T[] }

export type TakenUp = {
  /** What writes wait on that the file brings. */
  keys: readonly string[]
  /** Subscriptions to be resolved again. */
  subscriptions: readonly string[]
}

export type RadiusParts = {
  autoProvision: string | null
  canFetch: boolean
  now: Date
  /** Milliseconds after which the rest is only counted; 20,000 unless told. */
  limitMs?: number
}

/** How many moves and held places are told one by one. */
const mostTold = 1_000
/** One batch's locks on subscriptions, customers and pools are held for about a tenth of a second. */
const batchSize = 64
/** So many subscriptions and events are tried at most. */
const mostTried = 20_000

type Item = { group: string; customer: string | null; subscription: string | null; inboxId: number | null }
type Batch = { moves: ToldMove[]; held: Held[]; waiting: Map<string, number> }

/**
 * What follows from a catalog that this transaction has written and will take back: whatever the apply would take up is settled
 * by the code that settles it in truth, batch by batch, each in a savepoint that is rolled back, so that its locks are let go.
 * An organization's subscriptions are always settled together. Nothing is fetched from Stripe.
 */
export async function blastRadius(tx: Tx, taken: TakenUp, parts: RadiusParts): Promise<BlastRadius> {
  const { items, subscriptions, beyond } = await readItems(tx, taken)
  const radius: BlastRadius = {
    subscriptions,
    moves: { total: 0, first: [], by: [] },
    held: { total: 0, first: [] },
    waiting: [],
    busy: 0,
    beyond,
  }
  const waiting = new Map<string, number>()
  const began = performance.now()
  const batches = batchesOf(items)
  for (const [n, batch] of batches.entries()) {
    if (performance.now() - began > (parts.limitMs ?? 20_000)) {
      radius.beyond += batches.slice(n).flat().length
      break
    }
    const told = await settled(tx, batch, parts)
    // One row that a worker holds is no reason to give up the others.
    const alone = told === 'busy' ? batchesOf(batch, 1) : []
    for (const one of alone) {
      const again = await settled(tx, one, parts)
      if (again === 'busy') radius.busy += one.length
      else add(radius, waiting, again)
    }
    if (told !== 'busy') add(radius, waiting, told)
  }
  radius.waiting = [...waiting].map(([reason, count]) => ({ reason, count }))
  radius.moves.by.sort((a, b) => b.count - a.count)
  return radius
}

async function readItems(
  tx: Tx,
  { keys, subscriptions }: TakenUp,
): Promise<{ items: Item[]; subscriptions: number; beyond: number }> {
  const rows = await tx<(Item & { total: number; subscriptions: number })[]>`
    with taken as (
      select null::bigint as inbox_id, stripe_subscription_id as subscription, stripe_customer_id as customer, '' as event
      from stripe.subscriptions where stripe_subscription_id = any(${subscriptions as string[]})
      union all
      select e.inbox_id, e.stripe_subscription_id, e.stripe_customer_id, e.event_id
      from stripe.event_writes w join stripe.events e using (event_id)
      where w.write = 'enrollment' and w.state = 'waiting' and w.waiting_on = any(${keys as string[]})
        and (w.due_at is null or w.due_at > clock_timestamp())
    ), counted as (
      select count(*)::int as total, count(distinct subscription)::int as subscriptions from taken
    )
    select
      coalesce(c.organization_id::text, t.customer, t.subscription, t.event) as "group", t.customer, t.subscription, t.inbox_id,
      counted.total, counted.subscriptions
    from taken t cross join counted left join stripe.customers c on c.stripe_customer_id = t.customer
    order by 1, t.inbox_id limit ${mostTried}
  `
  const { total = 0, subscriptions: counted = 0 } = rows[0] ?? {}
  const last = rows.at(-1)?.group
  // An organization that the limit cut in two is left out whole.
  const whole = total > rows.length ? rows.filter(({ group }) => group !== last) : rows
  return { items: whole, subscriptions: counted, beyond: total - whole.length }
}

/** Whole groups, up to `size` items together; items come sorted by group. */
function batchesOf(items: readonly Item[], size = batchSize): Item[][] {
  const groups: Item[][] = []
  for (const item of items) {
    const last = groups.at(-1)
    if (last && last[0]!.group === item.group) last.push(item)
    else groups.push([item])
  }
  const batches: Item[][] = []
  for (const group of groups) {
    const last = batches.at(-1)
    if (last && last.length + group.length <= size) last.push(...group)
    else batches.push([...group])
  }
  return batches
}

/** Thrown inside a savepoint, so that it is rolled back. */
class TakenBack extends Error {
  told: Batch | undefined
}

async function settled(tx: Tx, batch: readonly Item[], parts: RadiusParts): Promise<Batch | 'busy'> {
  const undone = new TakenBack()
  try {
    await tx.savepoint(async (inner) => {
      undone.told = await settle(inner, batch, parts)
      throw undone
    })
  } catch (error) {
    if (error !== undone && !isBusy(error)) throw error
  }
  return undone.told ?? 'busy'
}

/** A lock that was not to be had in time, or a deadlock that this side gave way to. */
function isBusy(error: unknown): boolean {
  return ['55P03', '40P01'].includes(String((error as { code?: unknown }).code))
}

async function settle(tx: Tx, batch: readonly Item[], parts: RadiusParts): Promise<Batch> {
  const subscriptions = [...new Set(batch.flatMap(({ subscription }) => subscription ?? []))]
  const before = await readClaims(tx, subscriptions)
  const work = {
    events: batch.flatMap(({ inboxId }) => inboxId ?? []),
    subscriptions: batch.flatMap((item) => (item.inboxId === null ? (item.subscription ?? []) : [])),
  }
  // Meanings of its own: the catalog's version in here is one that never comes to be.
  const asked = { ...parts, meanings: createPriceMeanings(), justFetched: new Set<string>() }
  const { moves } = await enrollBatch(tx, work, asked)
  // A customer who got linked by this has woken what waited for that: the next thing that the workers would take up.
  const woken = await readWoken(tx, batch)
  if (woken.length > 0) {
    moves.push(...(await enrollBatch(tx, { events: woken.map(({ inboxId }) => inboxId) }, asked)).moves)
    subscriptions.push(...woken.flatMap(({ subscription }) => subscription ?? []))
  }
  const after = await readClaims(tx, subscriptions)
  return {
    moves: await tellMoves(tx, moves),
    held: await heldIn(tx, before, after, moves),
    waiting: await readWaiting(tx, subscriptions),
  }
}

async function heldIn(
  tx: Tx,
  before: readonly LadderClaim[],
  after: readonly LadderClaim[],
  moves: readonly SettledMove[],
): Promise<Held[]> {
  const pools = [...new Set([...before, ...after].map(({ poolId }) => poolId))]
  return pools.length === 0 ? [] : heldBack(tx, before, after, moves, await poolClaims(tx, pools))
}

async function readWoken(
  reader: Reader,
  batch: readonly Item[],
): Promise<{ inboxId: number; subscription: string | null }[]> {
  const customers = batch.flatMap(({ customer }) => customer ?? [])
  const done = batch.flatMap(({ inboxId }) => inboxId ?? [])
  return reader`
    select e.inbox_id, e.stripe_subscription_id as subscription
    from stripe.events e join stripe.event_writes w using (event_id)
    where e.stripe_customer_id = any(${customers}) and w.write = 'enrollment' and w.state = 'waiting'
      and w.due_at <= clock_timestamp() and not e.inbox_id = any(${done})
  `
}

async function readWaiting(reader: Reader, subscriptions: readonly string[]): Promise<Map<string, number>> {
  const rows = await reader<{ unresolved: string; count: number }[]>`
    select unresolved, count(*)::int as count from stripe.subscriptions
    where stripe_subscription_id = any(${subscriptions as string[]}) and unresolved is not null
    group by unresolved
  `
  return new Map(rows.map(({ unresolved, count }) => [unresolved, count]))
}

function add(radius: BlastRadius, waiting: Map<string, number>, { moves, held, waiting: more }: Batch): void {
  for (const move of moves) {
    radius.moves.total++
    if (radius.moves.first.length < mostTold) radius.moves.first.push(move)
    const { ladder, from, to } = move
    const same = radius.moves.by.find((by) => by.ladder === ladder && by.from === from && by.to === to)
    if (same) same.count++
    else radius.moves.by.push({ ladder, from, to, count: 1 })
  }
  radius.held.total += held.length
  radius.held.first.push(...held.slice(0, mostTold - radius.held.first.length))
  for (const [reason, count] of more) waiting.set(reason, (waiting.get(reason) ?? 0) + count)
}
