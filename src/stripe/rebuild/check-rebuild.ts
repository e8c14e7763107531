import { setTimeout as sleep } from 'node:timers/promises'
import { alone } from '../../db/alone.ts'
import type { Db } from '../../db/types.ts'
import { readsByIndex } from '../../db/worker-settings.ts'
import { Refused } from '../../errors.ts'
import { createPriceMeanings } from '../catalog/price-meanings.ts'
import { type Difference, readDifferences } from './differences.ts'
import { findDifferences } from './find-differences.ts'
import { lookAgain, type Suspect, suspects } from './look-again.ts'
import { rebuildPlaces } from './rebuild-places.ts'
import { rebuildSubscriptions } from './rebuild-subscriptions.ts'
import { type Recorded, recordedAfter } from './record.ts'
import { createShadow, dropShadow } from './shadow-schema.ts'

export type RebuildStage = 'subscriptions' | 'pools'

export type RebuildParts = {
  /** `total` is as counted at the beginning; live traffic may add to it. */
  onProgress: (stage: RebuildStage, done: number, total: number) => void
  /** How long to wait for work that is under way where something differs; 30 s unless told. */
  patienceMs?: number
}

export type RebuildReport = {
  subscriptions: number
  events: number
  pools: number
  /** Change rows that the events tell. */
  changes: number
  /** Subscriptions that the record leaves open, by why: of these only is compared that they are held. */
  held: { reason: string; count: number }[]
  /** Subscriptions whose customer belongs to nobody yet. */
  homeless: number
  /** Pools that differ and about which work goes on under way: nothing can be said of them yet. */
  underWay: string[]
  differing: number
  /** At most a thousand of them. */
  differences: Difference[]
}

/** Events in one transaction, as long as there are several subscriptions in it: what bounds the memory. */
const eventsAtOnce = 5_000
const subscriptionsAtOnce = 1_000
const poolsAtOnce = 1_000
const pauseMs = 1_000

/**
 * Computes enrollment again from the inbox, the fetches, links, grants, ceilings and the catalog alone, into a schema of its own, and
 * compares: places, claims, add-ons and the change rows that events tell. Nothing that stands is changed. By subscription and then by
 * pool, a page at a time, so that memory is bounded. One at a time, as the owner of the schema.
 * @throws Refused `rebuild_running`, and as `createShadow`.
 */
export async function checkRebuild(owner: Db, parts: RebuildParts): Promise<RebuildReport> {
  const outcome = await alone(owner, 'rebuild', async () => {
    await createShadow(owner)
    try {
      const meanings = createPriceMeanings()
      const counted = await rebuildAll(owner, meanings, parts)
      await owner`analyze rebuild.subscriptions, rebuild.claims, rebuild.addons, rebuild.changes, rebuild.places`
      await owner.begin('isolation level repeatable read', (tx) => findDifferences(tx, null))
      const underWay = await settleSuspects(owner, meanings, parts.patienceMs ?? 30_000)
      return { ...counted, ...(await report(owner, underWay)) }
    } finally {
      await dropShadow(owner)
    }
  })
  if (outcome !== 'busy') return outcome
  throw new Refused(
    'rebuild_running',
    'Another rebuild is under way in this database.',
    'Wait until it has ended: one runs at a time.',
  )
}

async function rebuildAll(
  owner: Db,
  meanings: ReturnType<typeof createPriceMeanings>,
  { onProgress }: RebuildParts,
): Promise<Pick<RebuildReport, 'subscriptions' | 'events' | 'pools'>> {
  const [total] = await owner<{ subscriptions: number; pools: number }[]>`
    select (select count(*) from stripe.subscriptions) as subscriptions, (select count(*) from entitlements.resource_pools) as pools`
  let [subscriptions, events, pools] = [0, 0, 0]
  for (let after = ''; ; ) {
    const found = await recordedAfter(owner, after, subscriptionsAtOnce)
    if (found.length === 0) break
    for (const page of pagesOf(found)) {
      const ids = page.map(({ subscription }) => subscription)
      await owner.begin('isolation level repeatable read', async (tx) => {
        await tx`select ${readsByIndex(tx)}`
        await rebuildSubscriptions(tx, ids, meanings)
      })
      subscriptions += page.length
      for (const one of page) events += one.events
      onProgress('subscriptions', subscriptions, Math.max(total!.subscriptions, subscriptions))
    }
    after = found.at(-1)!.subscription
  }
  for (let after: string | null = null; ; ) {
    const page: string[] = await poolsAfter(owner, after)
    if (page.length === 0) break
    await owner.begin('isolation level repeatable read', async (tx) => {
      await tx`select ${readsByIndex(tx)}`
      await rebuildPlaces(tx, page)
    })
    pools += page.length
    onProgress('pools', pools, Math.max(total!.pools, pools))
    after = page.at(-1)!
  }
  return { subscriptions, events, pools }
}

/** Subscriptions that are read together: so many events at most, unless one alone has more. */
export function pagesOf(found: readonly Recorded[]): Recorded[][] {
  const pages: Recorded[][] = []
  let room = 0
  for (const one of found) {
    if (pages.length === 0 || one.events > room) {
      pages.push([])
      room = eventsAtOnce
    }
    pages.at(-1)!.push(one)
    room -= one.events
  }
  return pages
}

async function poolsAfter(owner: Db, after: string | null): Promise<string[]> {
  const rows = await owner<{ poolId: string }[]>`
    select pool_id from entitlements.resource_pools
    where ${after}::uuid is null or pool_id > ${after}::uuid order by pool_id limit ${poolsAtOnce}`
  return rows.map(({ poolId }) => poolId)
}

/**
 * Looks at what differs again, twice at least, until nothing that differs has work under way or patience has run out. What differs
 * then with work under way is answered and is no difference: its pages of `rebuild.differences` are taken out.
 */
async function settleSuspects(
  owner: Db,
  meanings: ReturnType<typeof createPriceMeanings>,
  patienceMs: number,
): Promise<string[]> {
  const until = performance.now() + patienceMs
  let { differing, open } = await lookAgain(owner, await suspects(owner), meanings)
  let looks = 1
  while (differing.length > 0 && (looks < 2 || (open.length > 0 && performance.now() < until))) {
    await sleep(pauseMs)
    // What differs without work under way has been looked at twice after the second look, and stays.
    const again = looks < 2 ? differing : open
    const look = await lookAgain(owner, again, meanings)
    differing =
      looks < 2 ? look.differing : [...differing.filter((one) => !again.includes(one)), ...look.differing]
    open = look.open
    looks++
  }
  await takeOut(owner, open)
  return open.map(({ poolId, subscription }) => poolId ?? subscription!)
}

async function takeOut(owner: Db, open: readonly Suspect[]): Promise<void> {
  await owner`
    delete from rebuild.differences
    where pool_id = any(${open.flatMap(({ poolId }) => poolId ?? [])}::uuid[])
       or subscription = any(${open.flatMap(({ subscription }) => subscription ?? [])})`
}

async function report(owner: Db, underWay: string[]) {
  const [[counts], held, differences] = await Promise.all([
    owner<{ changes: number; homeless: number; differing: number }[]>`
      select
        (select count(*) from rebuild.changes) as changes,
        (select count(*) from rebuild.subscriptions where outcome = 'homeless') as homeless,
        (select count(*) from rebuild.differences) as differing`,
    owner<RebuildReport['held']>`
      select held_reason as reason, count(*)::int as count from rebuild.subscriptions
      where outcome = 'held' group by 1 order by 2 desc, 1`,
    readDifferences(owner),
  ])
  return { ...counts!, held, underWay, differences }
}
