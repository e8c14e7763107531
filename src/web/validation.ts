import { catalogGaps } from '../billing/catalog-gaps.ts'
import { defaultFaults } from '../billing/default-faults.ts'
import type { Db } from '../db/types.ts'
import { readCatalog } from '../stripe/catalog/export-catalog.ts'
import type { Check } from '../stripe/inbox/verify-inbox.ts'
import { verify } from '../stripe/verify.ts'

export type Validation = {
  checks: readonly Check[]
  /** Sentences about the catalog that may be meant so. */
  remarks: readonly string[]
  events: number
  moves: number
  at: Date
}

/** Milliseconds: for one statement. A larger database is looked at by the command line, which has no such end. */
const timeLimit = 20_000
/** Milliseconds. It reads everything: whoever looks again within this time sees the same. */
const keptFor = 30_000

/** `stepladder verify` and the catalog's own faults, one at a time and kept for half a minute. Reads only (R71). */
export function createValidation(db: Db, now: () => number): () => Promise<Validation> {
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<Validation> | null = null
  return () => {
    if (reading === null || now() - readAt > keptFor) {
      readAt = now()
      reading = validate(db, new Date(readAt)).catch((error: unknown) => {
        reading = null
        throw error
      })
    }
    return reading
  }
}

async function validate(db: Db, at: Date): Promise<Validation> {
  return db.begin('isolation level repeatable read read only', async (tx) => {
    await tx`select set_config('statement_timeout', ${String(timeLimit)}, true)`
    const { checks, moves, standing } = await verify(tx)
    const catalog = await readCatalog(tx)
    const faults = defaultFaults(catalog).map(({ orgType, told }) => `org type ${orgType}: ${told}`)
    const gaps = catalogGaps(catalog)
    return {
      checks: [
        ...checks,
        {
          check: 'defaults_can_be_given',
          holds: 'what an org type starts on is there, and published',
          violations: faults.length,
          first: faults.slice(0, 5),
        },
      ],
      remarks: [
        ...gaps.orgTypesWithoutDefault.map(
          (key) => `New organizations of the type ${key} start on no ladder.`,
        ),
        ...gaps.laddersWithoutRankZero.map(
          (key) => `Nobody can start on the ladder ${key}: no tier stands at rank 0.`,
        ),
      ],
      events: standing.events,
      moves,
      at,
    }
  })
}
