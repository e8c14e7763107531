import type { SubscriptionEvent, SubscriptionItem, SubscriptionState } from '../event/subscription-event.ts'
import { isTerminalStatus } from '../event/vertex.ts'

/**
 * The closed list of commercial changes, in the order in which one event's rows are told.
 *
 * | kind | told when |
 * |-|-|
 * | created | the subscription begins, with all its items in one row |
 * | status | Stripe's status word changes |
 * | price | an item moves to another price, in place or by a swap of item ids on one ladder |
 * | item_added, item_removed | an item comes or goes |
 * | quantity | an item's quantity changes |
 * | amount | one price costs another unit amount, currency or period than before |
 * | cancellation_scheduled, _moved, _withdrawn | the one date at which the subscription will end is set, changed, cleared |
 * | pause_started, _changed, _ended | `pause_collection` is set, changed, cleared |
 * | trial | the trial's end is set, moved or cleared |
 * | ended | the subscription is deleted |
 */
export const CHANGE_KINDS = [
  'created',
  'status',
  'price',
  'item_added',
  'item_removed',
  'quantity',
  'amount',
  'cancellation_scheduled',
  'cancellation_moved',
  'cancellation_withdrawn',
  'pause_started',
  'pause_changed',
  'pause_ended',
  'trial',
  'ended',
] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** One row of billing.subscription_changes, unique on (event, kind, item). */
export type SubscriptionChange = {
  kind: ChangeKind
  /** Stripe's item id (the new one of a swap); '' where the change concerns no single item. */
  item: string
  from: Json
  to: Json
  /**
   * Minor units per billing period, unit × quantity, rounded to whole units. null: not a change of amount, or not to be told
   * (usage, tiers, items on different periods). Where an item changes price and quantity at once the price row ends where the
   * quantity row starts, so the differences of an event's rows add up to the difference of the whole.
   */
  amountFrom: number | null
  amountTo: number | null
  /** Of `to`; of `from` where nothing is left. Where they differ, `from` and `to` say each. */
  currency: string | null
  interval: string | null
  intervalCount: number | null
  /** Unix seconds, as Stripe tells it. */
  occurredAt: number
}

/** `unknown`: the event does not tell what was before, so no set of rows would be the whole truth. */
export type ChangesAnswer = { kind: 'told'; changes: SubscriptionChange[] } | { kind: 'unknown'; why: string }

/** A price's ladder, by the catalog; null when it is on none or not mapped. */
export type LadderOf = (price: string, product: string | null) => string | null

type Draft = Omit<SubscriptionChange, 'occurredAt'>
type Money = Pick<Draft, 'currency' | 'interval' | 'intervalCount'>

const NO_MONEY = { amountFrom: null, amountTo: null, currency: null, interval: null, intervalCount: null }

/** What an event changed commercially, from the event alone: the same rows whatever came before or after it. Pure. */
export function changesOf(event: SubscriptionEvent, ladderOf: LadderOf): ChangesAnswer {
  const { before, after } = event
  if (event.kind === 'sighting') return { kind: 'told', changes: [] }
  if (event.kind === 'root') return told(event, [wholeChange('created', after)])
  if (event.kind === 'end') return told(event, [wholeChange('ended', after)])
  if (before === null) return { kind: 'unknown', why: 'the event does not tell the state before' }

  const items = itemChanges(before, after, ladderOf)
  // Of a list that was cut off, an item may seem to come or go that only crossed the cut.
  if (items.length > 0 && !(before.itemsComplete && after.itemsComplete)) {
    return { kind: 'unknown', why: 'the event does not tell all items' }
  }
  const drafts = [...items]
  if (before.status !== after.status) {
    drafts.push({
      kind: 'status',
      item: '',
      from: { status: before.status },
      to: { status: after.status },
      ...NO_MONEY,
    })
  }
  // With the end itself, dates that it makes idle are cleared: nobody withdrew the cancellation.
  if (!isTerminalStatus(after.status)) drafts.push(...asideChanges(before, after))
  return told(event, drafts)
}

function told(event: SubscriptionEvent, drafts: Draft[]): ChangesAnswer {
  const changes = drafts.map((draft) => ({ ...draft, occurredAt: event.created }))
  const place = (change: SubscriptionChange) => CHANGE_KINDS.indexOf(change.kind)
  changes.sort((a, b) => place(a) - place(b) || compare(a.item, b.item))
  return { kind: 'told', changes }
}

function wholeChange(kind: 'created' | 'ended', state: SubscriptionState): Draft {
  const items = [...state.items].sort((a, b) => compare(a.item, b.item)).map(itemJson)
  const shown = { status: state.status, items, items_complete: state.itemsComplete, ended_at: state.endedAt }
  const total = totalOf(state)
  const money = moneyOf(onOnePeriod(state) ? state.items[0] : undefined)
  return kind === 'created'
    ? {
        kind,
        item: '',
        from: null,
        to: shown,
        amountFrom: total === null ? null : 0,
        amountTo: total,
        ...money,
      }
    : {
        kind,
        item: '',
        from: shown,
        to: null,
        amountFrom: total,
        amountTo: total === null ? null : 0,
        ...money,
      }
}

function itemChanges(before: SubscriptionState, after: SubscriptionState, ladderOf: LadderOf): Draft[] {
  const old = new Map(before.items.map((item) => [item.item, item]))
  const kept = new Set<string>()
  const pairs: [SubscriptionItem, SubscriptionItem][] = []
  const added: SubscriptionItem[] = []
  for (const item of after.items) {
    const was = old.get(item.item)
    if (was) pairs.push([was, item])
    else added.push(item)
    if (was) kept.add(item.item)
  }
  const swap = swapsOf(
    before.items.filter((item) => !kept.has(item.item)),
    added,
    ladderOf,
  )
  return [
    ...[...pairs, ...swap.pairs].flatMap(([was, is]) => pairChanges(was, is)),
    ...swap.added.map((is): Draft => {
      return {
        kind: 'item_added',
        item: is.item,
        from: null,
        to: itemJson(is),
        ...amounts(0, amountOf(is)),
        ...moneyOf(is),
      }
    }),
    ...swap.removed.map((was): Draft => {
      const money = { ...amounts(amountOf(was), 0), ...moneyOf(was) }
      return { kind: 'item_removed', item: was.item, from: itemJson(was), to: null, ...money }
    }),
  ]
}

type Swaps = {
  pairs: [SubscriptionItem, SubscriptionItem][]
  removed: SubscriptionItem[]
  added: SubscriptionItem[]
}

/**
 * Which removed item became which added one: the same price first, then the same ladder, each in the order of (price, item id),
 * so that the answer never hangs on the order of a list. Last, when just one of each is left and the catalog cannot place
 * one of them, they are taken for one change: a swap onto a price that is not mapped yet must not read as a loss and a gain.
 */
function swapsOf(gone: SubscriptionItem[], come: SubscriptionItem[], ladderOf: LadderOf): Swaps {
  const pairs: Swaps['pairs'] = []
  const ladder = (item: SubscriptionItem) => ladderOf(item.price, item.product)
  let [removed, added] = [sorted(gone), sorted(come)]
  for (const keyOf of [(item: SubscriptionItem) => item.price, ladder]) {
    const waiting = new Map<string | null, SubscriptionItem[]>()
    for (const item of removed) {
      const same = waiting.get(keyOf(item))
      if (same) same.push(item)
      else waiting.set(keyOf(item), [item])
    }
    const taken = new Set<SubscriptionItem>()
    added = added.filter((item) => {
      const key = keyOf(item)
      const was = key === null ? undefined : waiting.get(key)?.shift()
      if (was) pairs.push([was, item])
      if (was) taken.add(was)
      return !was
    })
    removed = removed.filter((item) => !taken.has(item))
  }
  const [was, is] = [removed[0], added[0]]
  if (
    was &&
    is &&
    removed.length === 1 &&
    added.length === 1 &&
    (ladder(was) === null || ladder(is) === null)
  ) {
    return { pairs: [...pairs, [was, is]], removed: [], added: [] }
  }
  return { pairs, removed, added }
}

function pairChanges(was: SubscriptionItem, is: SubscriptionItem): Draft[] {
  const changes: Draft[] = []
  // Priced anew at the old quantity first; the quantity's own row goes on from there.
  const between = amountOf({ ...is, quantity: was.quantity })
  const money = { ...amounts(amountOf(was), between), ...moneyOf(is) }
  if (was.price !== is.price) {
    changes.push({ kind: 'price', item: is.item, from: itemJson(was), to: itemJson(is), ...money })
  } else if (unitOf(was) !== unitOf(is)) {
    changes.push({ kind: 'amount', item: is.item, from: itemJson(was), to: itemJson(is), ...money })
  }
  if (was.quantity !== is.quantity) {
    const [from, to] = [{ quantity: was.quantity }, { quantity: is.quantity }]
    changes.push({
      kind: 'quantity',
      item: is.item,
      from,
      to,
      ...amounts(between, amountOf(is)),
      ...moneyOf(is),
    })
  }
  return changes
}

function asideChanges(before: SubscriptionState, after: SubscriptionState): Draft[] {
  const changes: Draft[] = []
  const push = (kind: ChangeKind, from: Json, to: Json) =>
    changes.push({ kind, item: '', from, to, ...NO_MONEY })
  if (before.cancelAt !== after.cancelAt) {
    const kind = before.cancelAt === null ? 'scheduled' : after.cancelAt === null ? 'withdrawn' : 'moved'
    push(`cancellation_${kind}`, { cancel_at: before.cancelAt }, { cancel_at: after.cancelAt })
  }
  const [was, is] = [pauseJson(before), pauseJson(after)]
  if (JSON.stringify(was) !== JSON.stringify(is)) {
    push(was === null ? 'pause_started' : is === null ? 'pause_ended' : 'pause_changed', was, is)
  }
  if (before.trialEnd !== after.trialEnd)
    push('trial', { trial_end: before.trialEnd }, { trial_end: after.trialEnd })
  return changes
}

function pauseJson({ pause }: SubscriptionState): Json {
  return pause === null ? null : { behavior: pause.behavior, resumes_at: pause.resumesAt }
}

function itemJson(item: SubscriptionItem): Json {
  const { intervalCount, ...rest } = item
  return { ...rest, interval_count: intervalCount }
}

function amountOf({ amount, quantity }: SubscriptionItem): number | null {
  if (amount === null || quantity === null) return null
  const product = Math.round(amount * quantity)
  return Number.isSafeInteger(product) ? product : null
}

function totalOf(state: SubscriptionState): number | null {
  if (!state.itemsComplete || !onOnePeriod(state)) return null
  let total = 0
  for (const item of state.items) total += amountOf(item) ?? Number.NaN
  return Number.isSafeInteger(total) ? total : null
}

/** Amounts of different currencies or periods cannot be added. */
function onOnePeriod(state: SubscriptionState): boolean {
  return new Set(state.items.map((item) => JSON.stringify(moneyOf(item)))).size <= 1
}

function amounts(amountFrom: number | null, amountTo: number | null) {
  return { amountFrom, amountTo }
}

function moneyOf(item: SubscriptionItem | undefined): Money {
  const { currency = null, interval = null, intervalCount = null } = item ?? {}
  return { currency, interval, intervalCount }
}

function unitOf(item: SubscriptionItem): string {
  return JSON.stringify([item.amount, moneyOf(item)])
}

function sorted(items: readonly SubscriptionItem[]): SubscriptionItem[] {
  return [...items].sort((a, b) => compare(a.price, b.price) || compare(a.item, b.item))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
