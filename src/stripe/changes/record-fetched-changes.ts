import { holdCatalog } from '../../billing/hold-catalog.ts'
import type { Db, Tx } from '../../db/types.ts'
import type { PriceMeanings } from '../catalog/price-meanings.ts'
import { readOwned } from '../enrollment/owners.ts'
import { readFetches } from '../trail/fetch-rows.ts'
import { idsIn, readStates } from '../trail/resolved-state.ts'
import { readTrails } from '../trail/trail-rows.ts'
import { fetchedChanges, toldBefore } from './fetched-changes.ts'
import { type ChangeRow, type ChangesParts, insertChanges, laddersOf, oneAtATime } from './record-changes.ts'

/**
 * The commercial-changes write for what fetches revealed: each answer that was kept for these subscriptions is compared, once,
 * with what had been told before it, and the differences are written with source `fetch`, under the fetch's own id. In one
 * transaction with the fetches' markers: run again, or killed anywhere, it writes nothing twice.
 */
export async function recordFetchedChanges(
  db: Db,
  subscriptions: readonly string[],
  parts: Pick<ChangesParts, 'meanings' | 'reached'>,
): Promise<{ recorded: number }> {
  const recorded = await db.begin(async (tx) => {
    const rows = await recordFetches(tx, subscriptions, parts.meanings)
    parts.reached('before-commit')
    return rows
  })
  parts.reached('after-commit')
  return { recorded }
}

async function recordFetches(
  tx: Tx,
  subscriptions: readonly string[],
  meanings: PriceMeanings,
): Promise<number> {
  const [catalogVersion] = await Promise.all([holdCatalog(tx), oneAtATime(tx, subscriptions)])
  const due = await tx<{ fetch: string; subscription: string }[]>`
    select 'fetch_' || fetch_id as fetch, stripe_subscription_id as subscription from stripe.fetches
    where stripe_subscription_id = any(${subscriptions as string[]}) and changes_due_at is not null
  `
  if (due.length === 0) return 0
  const ids = [...new Set(due.map(({ subscription }) => subscription))]
  const [owners, trails, fetches] = await Promise.all([
    readOwned(tx, ids),
    readTrails(tx, ids),
    readFetches(tx, ids),
  ])
  const open = new Set(due.map(({ fetch }) => fetch))
  const cases = ids.flatMap((subscription) => {
    const owner = owners.get(subscription)
    const all = fetches.get(subscription) ?? []
    // Whoever belongs to nobody yet has no account to write under; it is taken up once it does.
    if (!owner) return []
    return all
      .filter(({ fetch }) => open.has(fetch))
      .map((fetch) => ({ owner, fetch, told: toldBefore(fetch, trails.get(subscription) ?? [], all) }))
  })
  const states = await readStates(
    tx,
    cases.flatMap(({ told }) => (told ? idsIn(told.resolution) : [])),
  )
  const ladderOf = await laddersOf(
    tx,
    meanings,
    [...states.values(), ...cases.map(({ fetch }) => fetch.state)].flatMap(({ items }) => items),
    catalogVersion,
  )
  const rows: ChangeRow[] = []
  const markers = cases.map(({ owner, fetch, told }) => {
    const changes = told ? fetchedChanges(fetch, told, states, ladderOf) : []
    for (const change of changes) rows.push({ ...change, ...owner, event: fetch.fetch })
    return { id: fetch.fetch, since: told && changes.length > 0 ? told.resolution.newest.created : null }
  })
  await insertChanges(tx, rows, 'fetch')
  await tx`
    update stripe.fetches f set changes_due_at = null, changes_since = m.since
    from jsonb_to_recordset(${tx.json(markers)}) as m (id text, since float8)
    where f.fetch_id = right(m.id, 36)::uuid
  `
  return rows.length
}
