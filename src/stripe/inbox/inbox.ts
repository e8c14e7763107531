import { databaseIsAway, isContention } from '../../database-errors.ts'
import type { Db } from '../../db/types.ts'
import { Unavailable } from '../../errors.ts'
import { within } from '../../within.ts'
import { deploymentMode } from '../deployment-mode.ts'
import type { Mode } from '../event/subscription-event.ts'
import type { Write } from './event-writes.ts'
import { type Delivery, type InboxRow, inboxRowOf, modeTold, openWrites, rawRowOf } from './inbox-rows.ts'
import { insertInboxRows, type NewRow } from './insert-inbox-rows.ts'
import { isSameEvent } from './same-event.ts'

export type Taken = 'stored' | 'duplicate' | 'different_body'

/** Inbox ids that were just stored and whose write nobody has settled at the door. */
export type Unmarked = Record<Write, number[]>

export type InboxOptions = {
  /** Called after the commit and before the answer; it must not wait for anything and must not throw. */
  onStored: (unmarked: Unmarked) => void
  /** The mode of the API key, if there is one. */
  keyMode?: Mode | null
  /** Rows in one insert at most: larger ones hurt the acknowledgement. */
  maxBatch?: number
  maxInFlight?: number
  /** Milliseconds after which a delivery that is not stored is refused. */
  timeoutMs?: number
  /** Deliveries that may wait for a place in a batch. */
  maxWaiting?: number
}

export type Inbox = {
  /**
   * Resolves once the delivery is durable.
   * @throws Unavailable when it could not be stored in time; it may yet be, and the next delivery is then a duplicate.
   */
  take: (delivery: Delivery) => Promise<Taken>
  /** Waits for what is on its way; what comes later is refused. */
  close: () => Promise<void>
}

/** Milliseconds after which a batch that is being stored is given up: its deliveries have long been refused. */
const longestStore = 15_000

type Waiting = {
  delivery: Delivery
  settled: boolean
  resolve: (taken: Taken) => void
  reject: (error: unknown) => void
  timer: NodeJS.Timeout
}

/** One row of a batch, and everybody who delivered it. */
type Entry = { row: InboxRow; delivery: Delivery; waiting: Waiting[] }

/**
 * The inbox: deliveries that arrive together are stored together, in one statement that is one transaction. Several batches
 * are in flight at a time, and while they are, the next one fills: so an idle receiver adds no delay and a busy one batches.
 */
export function createInbox(db: Db, options: InboxOptions): Inbox {
  const { onStored, maxBatch = 32, maxInFlight = 2, timeoutMs = 5000, maxWaiting = 10_000 } = options
  let queue: Waiting[] = []
  let inFlight = 0
  let closed = false
  let mode: Mode | null = null
  let scheduled = false
  let idle: (() => void) | null = null

  function take(delivery: Delivery): Promise<Taken> {
    if (closed) return Promise.reject(notStored('The inbox is closing.'))
    if (queue.length >= maxWaiting) return Promise.reject(notStored('Too many deliveries wait to be stored.'))
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        delivery,
        settled: false,
        resolve,
        reject,
        timer: setTimeout(giveUp, timeoutMs),
      }
      function giveUp() {
        settle(waiting, (w) => w.reject(notStored(`The database did not answer within ${timeoutMs} ms.`)))
        // Those whose time is up stand at the front.
        while (queue[0]?.settled) queue.shift()
      }
      queue.push(waiting)
      schedule()
    })
  }

  function schedule() {
    if (scheduled) return
    scheduled = true
    // What else arrived in this turn of the event loop joins the batch.
    setImmediate(() => {
      scheduled = false
      pump()
    })
  }

  function pump() {
    while (inFlight < maxInFlight && queue.length > 0) {
      const batch = nextBatch()
      if (batch.length === 0) continue
      inFlight++
      void store(batch).finally(() => {
        inFlight--
        pump()
      })
    }
    if (inFlight === 0) idle?.()
  }

  /** The same event twice: one row. The same event with other bytes: the second waits for a batch after the first. */
  function nextBatch(): Waiting[][] {
    const groups = new Map<string, Waiting[]>()
    const left: Waiting[] = []
    let at = 0
    for (; at < queue.length && groups.size < maxBatch; at++) {
      const waiting = queue[at]!
      if (waiting.settled) continue
      const id = idOf(waiting.delivery)
      const group = groups.get(id)
      if (!group) groups.set(id, [waiting])
      else if (Buffer.compare(group[0]!.delivery.body, waiting.delivery.body) === 0) group.push(waiting)
      else left.push(waiting)
    }
    queue = left.length === 0 ? queue.slice(at) : [...left, ...queue.slice(at)]
    return [...groups.values()]
  }

  /** Never rejects: each delivery hears its own outcome. */
  async function store(groups: Waiting[][]): Promise<void> {
    try {
      mode ??= await decidedMode(groups)
      const now = Date.now() / 1000
      // Undecided only while nothing has told its mode: such bodies are filed under the harmless one.
      const served = mode ?? 'test'
      const entries = groups.map((waiting) => {
        const { delivery } = waiting[0]!
        return { row: inboxRowOf(delivery, served, now), delivery, waiting }
      })
      // A connection that died in a certain moment never answers, and must not keep its place in flight.
      await within(longestStore, 'The database', storeEntries(entries))
    } catch (error) {
      for (const waiting of groups.flat()) settle(waiting, (w) => w.reject(asUnavailable(error)))
    }
  }

  async function storeEntries(entries: Entry[]): Promise<void> {
    let stored: NewRow[]
    try {
      stored = await insertOnceMore(entries)
    } catch (error) {
      if (databaseIsAway(error)) throw error
      if (entries.length > 1) {
        // One row spoils the statement: taken one by one, it costs only itself.
        for (const entry of entries) await storeAlone(entry)
        return
      }
      return storeRaw(entries[0]!, error)
    }
    await tell(entries, stored)
  }

  async function storeAlone(entry: Entry): Promise<void> {
    try {
      await storeEntries([entry])
    } catch (error) {
      for (const waiting of entry.waiting) settle(waiting, (w) => w.reject(asUnavailable(error)))
    }
  }

  /** What was signed is kept, even where a column refuses what stands in it. */
  async function storeRaw(entry: Entry, error: unknown): Promise<void> {
    if (entry.row.type === 'unreadable') throw error
    const { code } = error as { code?: string }
    const row = rawRowOf(
      entry.delivery,
      entry.row.mode,
      Date.now() / 1000,
      `not storable (${code ?? 'unknown'})`,
    )
    await storeEntries([{ ...entry, row }])
  }

  async function insertOnceMore(entries: Entry[]): Promise<NewRow[]> {
    const rows = entries.map(({ row, delivery }) => ({ row, body: delivery.body }))
    try {
      return await insertInboxRows(db, rows)
    } catch (error) {
      if (!isContention(error)) throw error
      return insertInboxRows(db, rows)
    }
  }

  async function tell(entries: Entry[], stored: NewRow[]): Promise<void> {
    const byId = new Map(stored.map((row) => [row.eventId, row]))
    const unmarked: Unmarked = { enrollment: [], 'subscription-changes': [] }
    const differing: Entry[] = []
    for (const entry of entries) {
      const { inboxId, knownHash } = byId.get(entry.row.eventId)!
      if (inboxId !== null) for (const write of openWrites(entry.row)) unmarked[write].push(inboxId)
      else if (knownHash !== entry.row.bodyHash) differing.push(entry)
    }
    if (unmarked.enrollment.length + unmarked['subscription-changes'].length > 0) onStored(unmarked)
    for (const entry of entries) {
      if (differing.includes(entry)) continue
      let taken: Taken = byId.get(entry.row.eventId)!.inboxId === null ? 'duplicate' : 'stored'
      for (const waiting of entry.waiting) {
        settle(waiting, (w) => w.resolve(taken))
        taken = 'duplicate'
      }
    }
    for (const entry of differing) {
      const taken = (await isSameEvent(db, entry.row, entry.delivery.body)) ? 'duplicate' : 'different_body'
      for (const waiting of entry.waiting) settle(waiting, (w) => w.resolve(taken))
    }
  }

  async function decidedMode(groups: Waiting[][]): Promise<Mode | null> {
    const told = groups.map((group) => modeTold(group[0]!.delivery.envelope)).find((m) => m !== null)
    return deploymentMode(db, options.keyMode ?? null, told ?? undefined)
  }

  async function close(): Promise<void> {
    closed = true
    if (inFlight === 0 && queue.length === 0) return
    await new Promise<void>((resolve) => {
      idle = resolve
    })
  }

  return { take, close }
}

function settle(waiting: Waiting, tell: (waiting: Waiting) => void): void {
  if (waiting.settled) return
  waiting.settled = true
  clearTimeout(waiting.timer)
  tell(waiting)
}

function idOf({ envelope }: Delivery): string {
  return envelope.kind === 'snapshot' ? envelope.event.id : envelope.id
}

function asUnavailable(error: unknown): unknown {
  if (error instanceof Unavailable) return error
  const { code, message } = error as { code?: string; message?: string }
  return notStored(`The event could not be stored: ${code ?? message ?? 'unknown'}`, error)
}

function notStored(message: string, cause?: unknown): Unavailable {
  return new Unavailable(
    'inbox_unavailable',
    message,
    'Look at the database; Stripe delivers again by itself.',
    {
      cause,
    },
  )
}
