import { alone } from '../../db/alone.ts'
import type { Db } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { clearAlarm, raiseAlarm } from '../alarms.ts'
import { pause } from '../api/pause.ts'
import type { StripeApi } from '../api/stripe-api.ts'
import { createPriceMeanings } from '../catalog/price-meanings.ts'
import type { ToldState } from '../enrollment/keep-answers.ts'
import { askPatiently, readPage } from './ask-stripe.ts'
import { type DifferenceClass, standsLive, unknownThere } from './differences.ts'
import { heldHash, readHeld, readNames, readUnlisted } from './held-subscriptions.ts'
import { type Answers, lookAndNote, type NotingParts, type ReconcileProgress } from './look-and-note.ts'
import {
  beginRun,
  countDifferences,
  type DifferenceCount,
  endRun,
  type ReconcileRun,
  readSeen,
  type Seen,
  settleSeen,
} from './reconcile-runs.ts'

export type ReconcileParts = {
  /** With the application's role. */
  db: Db
  api: Pick<StripeApi, 'subscriptions' | 'subscription'>
  /** Whether what differs is taken in. Without it nothing of a subscription is written. */
  repair: boolean
  /** The key of the org type for customers that nobody linked; null: they stay so. */
  autoProvision: string | null
  /** Stops between two looks; the next run goes on from there. */
  signal?: AbortSignal
  onProgress?: (at: ReconcileProgress) => void
  /** Seconds after which a difference is looked at again: until then its event may come. */
  settleSeconds?: number
}

export type Reconciled = {
  run: string
  /** It went on from where an earlier one was cut off. */
  resumed: boolean
  looked: number
  counts: DifferenceCount[]
  /** Differences that stand. */
  differs: number
}

const SETTLE_SECONDS = 15
const AT_ONCE = 100
/** What an answer of Stripe's can put right; the others want a person. */
const REPAIRABLE: readonly DifferenceClass[] = [
  'missing_here',
  'ended_here',
  'ended_there',
  'wrong_tier',
  'wrong_status',
]

type Working = ReconcileParts & NotingParts

/**
 * Every live subscription at Stripe against what stands here, and what stands live here and Stripe does not list. Differences are
 * looked at again before it ends, since most are events on their way. A run that was cut off, however hard, goes on from
 * its last page. With `repair` what differs is taken in by the way that every fetch goes.
 * @throws Refused `reconcile_running` while another one works; Unavailable and Refused as `StripeApi` does.
 */
export async function reconcileOnce(parts: ReconcileParts): Promise<Reconciled> {
  const outcome = await alone(parts.db, 'reconcile', async () => {
    const run = await beginRun(parts.db, parts.repair)
    const at: ReconcileProgress = { stage: 'listed', looked: run.looked, differed: 0, repaired: 0 }
    const working: Working = { ...parts, meanings: createPriceMeanings(), at }
    if (!run.listed) await lookAtListed(working, run)
    await lookAtUnlisted(working, run)
    await lookAgain(working, run)
    return endWith(working, run)
  })
  if (outcome !== 'busy') return outcome
  throw new Refused(
    'reconcile_running',
    'Another reconcile is at work on this database.',
    'Wait for it: `stepladder reconcile` afterwards shows what is left.',
  )
}

async function lookAtListed(working: Working, run: ReconcileRun): Promise<void> {
  try {
    await readListed(working, run.run, run.listedUpTo)
  } catch (error) {
    // Stripe does not go on after what it has forgotten since. From the beginning then: whatever was looked at agrees.
    const forgotten = error instanceof Refused && error.code === 'stripe_refused' && run.listedUpTo !== null
    if (!forgotten) throw error
    await readListed(working, run.run, null)
  }
}

async function readListed(working: Working, run: string, after: string | null): Promise<void> {
  const { api, signal } = working
  for await (const page of api.subscriptions(after === null ? {} : { startingAfter: after })) {
    signal?.throwIfAborted()
    const { told, unreadable } = await readPage(api, page, signal)
    const listed = { upTo: page.last, more: page.more }
    await lookAndNote(working, run, { told, unlike: unreadable, listed })
  }
}

/** Each is asked for by itself: ended there, not known there, or Stripe's list passed over it. */
async function lookAtUnlisted(working: Working, run: ReconcileRun): Promise<void> {
  working.at.stage = 'unlisted'
  for (;;) {
    const ids = await readUnlisted(working.db, run.startedAt, AT_ONCE)
    if (ids.length === 0) return
    await lookAndNote(working, run.run, await askFor(working, ids))
  }
}

/**
 * What was seen to differ, once its event has had the time to come. Asked for again is what has changed since, and what an answer could put
 * right; of the rest it is known that it stands.
 */
async function lookAgain(working: Working, run: ReconcileRun): Promise<void> {
  working.at.stage = 'again'
  const { db, repair, settleSeconds = SETTLE_SECONDS, signal } = working
  for (;;) {
    const seen = await readSeen(db, run.run, AT_ONCE)
    if (seen.length === 0) return
    const newest = Math.max(...seen.map(({ foundAt }) => foundAt.getTime()))
    const wait = Math.min(settleSeconds, settleSeconds - (Date.now() - newest) / 1000)
    if (wait > 0) await pause(wait * 1000, signal)
    const held = await db.begin('isolation level repeatable read read only', (tx) => readHeld(tx, seen))
    const open = seen.filter(
      ({ subscription, heldHash: then, classes }) =>
        then === null ||
        then !== heldHash(held.get(subscription)!) ||
        (repair && classes.some((kind) => REPAIRABLE.includes(kind))),
    )
    const closed = seen.filter((one) => !open.includes(one))
    await settleSeen(db, run.run, idsOf(closed), 'differs')
    await lookAndNote(working, run.run, { ...(await askFor(working, idsOf(open))), seen: open })
  }
}

const idsOf = (seen: readonly Seen[]) => seen.map(({ subscription }) => subscription)

/** What Stripe shows of each of these, and the differences of those that it does not know and that stand live here. */
async function askFor(working: Working, ids: readonly string[]): Promise<Answers> {
  const told: ToldState[] = []
  const missing: string[] = []
  for (const id of ids) {
    const answer = await askPatiently(working.api, id, working.signal)
    if (answer) told.push(answer)
    else missing.push(id)
  }
  if (missing.length === 0) return { told, unlike: [] }
  const unlike = await working.db.begin('isolation level repeatable read read only', async (tx) => {
    const wanted = missing.map((subscription) => ({ subscription, customer: null }))
    const [held, nameOf] = await Promise.all([readHeld(tx, wanted), readNames(tx)])
    return missing.map((subscription) => {
      const { customer, held: here } = held.get(subscription)!
      return here && standsLive(here) ? unknownThere(subscription, customer, here, nameOf) : subscription
    })
  })
  return { told, unlike }
}

async function endWith({ db, at }: Working, run: ReconcileRun): Promise<Reconciled> {
  return db.begin(async (tx) => {
    const counts = await countDifferences(tx, run.run)
    const standing = counts.filter(({ outcome }) => outcome === 'differs')
    const differs = standing.reduce((sum, { count }) => sum + count, 0)
    const detail = standing.map((one) => `${one.count} ${one.class}`).join(', ')
    if (differs > 0) await raiseAlarm(tx, 'reconcile_differs', 'reconcile', detail)
    else await clearAlarm(tx, 'reconcile_differs', 'reconcile')
    await endRun(tx, run.run)
    return { run: run.run, resumed: run.resumed, looked: at.looked, counts, differs }
  })
}
