import type { Db } from '../../db/types.ts'
import type { SubscriptionReader } from '../api/stripe-api.ts'
import { meaningsOfPrices } from '../catalog/catalog-mappings.ts'
import type { PriceMeanings } from '../catalog/price-meanings.ts'
import { enroll } from '../enrollment/enroll.ts'
import { keepListed, type ToldState } from '../enrollment/keep-answers.ts'
import { fetchWindow } from '../trail/fetch-window.ts'
import { type Difference, differencesOf } from './differences.ts'
import { heldHash, readHeld, readLinks, readNames } from './held-subscriptions.ts'

/** One subscription, as Stripe shows it and as it stands here. */
export type Look = {
  told: ToldState
  /** Empty: they agree. */
  differences: Difference[]
  /** Something is happening to it at this moment, here or at Stripe: a difference may be gone in some seconds. */
  inFlight: boolean
  /** What stood here; null where that is changing. */
  heldHash: string | null
}

export type LookParts = {
  db: Db
  api: SubscriptionReader
  meanings: PriceMeanings
  autoProvision: string | null
}

/** Compares what Stripe told of these subscriptions with what stands here, in one snapshot. Writes nothing. */
export async function lookAt(
  { db, autoProvision }: Pick<LookParts, 'db' | 'autoProvision'>,
  listed: readonly ToldState[],
): Promise<Look[]> {
  if (listed.length === 0) return []
  return db.begin('isolation level repeatable read read only', async (tx) => {
    const states = listed.map(({ state }) => state)
    const [held, linkOf, meaningOf, nameOf] = await Promise.all([
      readHeld(tx, states),
      readLinks(tx, states, autoProvision),
      meaningsOfPrices(
        tx,
        states.flatMap(({ items }) => items),
      ),
      readNames(tx),
    ])
    return listed.map((told): Look => {
      const { state, date, elapsed } = told
      const now = held.get(state.subscription)!
      const link = linkOf(state, now.linkedTo)
      // By Stripe's clock on both sides: what was created inside the answer's window may or may not be in the answer.
      const moving = now.newestEvent !== null && now.newestEvent >= fetchWindow(date, elapsed).from
      return {
        told,
        differences: differencesOf({ state, held: now.held, link, meaningOf, nameOf }),
        inFlight: moving || now.busy,
        heldHash: moving ? null : heldHash(now),
      }
    })
  })
}

/**
 * Has these answers of Stripe's taken in as any fetch is: kept, and then the subscriptions resolved from everything that is known of
 * them. Nothing of a place or a claim is written here. One that fails does not stop the others.
 * @returns what went wrong, by subscription.
 */
export async function takeIn(parts: LookParts, listed: readonly ToldState[]): Promise<Map<string, string>> {
  const kept = await keepListed(parts.db, listed)
  const enrollParts = {
    meanings: parts.meanings,
    stripe: parts.api,
    autoProvision: parts.autoProvision,
    now: () => new Date(),
    reached: () => {},
    fetched: () => {},
  }
  const resolve = (subscriptions: string[]) =>
    enroll(parts.db, { events: [], subscriptions, fetched: subscriptions }, enrollParts)
  const failed = new Map<string, string>()
  if (kept.length === 0) return failed
  try {
    await resolve(kept)
  } catch {
    for (const subscription of kept) {
      await resolve([subscription]).catch((error: { code?: string; message?: string }) =>
        failed.set(subscription, error.code ?? error.message ?? String(error)),
      )
    }
  }
  return failed
}
