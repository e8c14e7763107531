import { hear } from '../db/hear.ts'
import type { Db } from '../db/types.ts'
import { boundedMemory } from './bounded-memory.ts'
import { decideFeatures, type FeatureAnswer, type Holding, notIncluded } from './check-feature.ts'
import { type Asked, findPool, readHoldings } from './check-holdings.ts'
import { remembered } from './remembered.ts'

/** `as_of`, ISO 8601: the moment for which it is known to be right, at most a second before the question. */
export type FeatureCheck = FeatureAnswer & { as_of: string }

export type CheckMemory = {
  /**
   * The answer as JSON, at once, from memory alone; null when memory cannot know. As text and without objects, since this is
   * what a product does on every request of its own.
   */
  recall: (tenantId: string, by: Asked['by'], name: string, feature: string) => string | null
  /** The same, and from the database where memory cannot know; null for nobody that is known in this tenant. */
  check: (asked: Asked, feature: string) => Promise<FeatureCheck | null>
  close: () => Promise<void>
}

export type CheckMemoryParts = {
  /** Pools remembered at most; about half a kilobyte each. */
  most?: number
  failed?: (error: unknown) => void
}

/** Milliseconds. An answer has to be right for a moment of the last second; the rest is for its way out. */
const believedFor = 900

/** What one kind of holdings answers. Pools that hold the same share it. */
type Sheet = ReadonlyMap<string, Answered>
type Answered = { answer: FeatureAnswer; json: string }
/** `at`: a moment of `performance.now()` before it was read. `endsAt`: when it has to be read again. */
type KnownPool = { at: number; endsAt: number; sheet: Sheet }
type KnownName = { at: number; poolId: string }

const nothing = answered(notIncluded)

/**
 * What pools hold, in this process's memory: kept right by the database's notifications, and believed only while they are
 * proved to be heard (see `hear`). Without that proof, or for what was not asked before, the database is read.
 */
export function createCheckMemory(db: Db, { most = 50_000, failed }: CheckMemoryParts = {}): CheckMemory {
  const names = remembered<KnownName>(most)
  const pools = remembered<KnownPool>(most)
  const sheets = boundedMemory<string, Sheet>(2_000)
  const time = clock()
  const ear = hear(db, 'stepladder_entitlements', {
    told: (payload) => {
      if (payload === '*') pools.forgetAll()
      else if (payload === 'names') names.forgetAll()
      else for (const poolId of payload.split(' ')) pools.forget(poolId)
    },
    began: () => {
      pools.forgetAll()
      names.forgetAll()
    },
    proved: time.proved,
    ...(failed && { failed }),
  })

  function known(tenantId: string, by: Asked['by'], name: string) {
    const now = performance.now()
    const until = ear.heardUntil()
    if (now - until > believedFor || time.elapsed() > believedFor) return null
    const named = names.get(nameKey(tenantId, by, name))
    const pool = named && pools.get(named.poolId)
    if (!pool || now >= pool.endsAt) return null
    return { sheet: pool.sheet, at: Math.max(until, Math.min(named.at, pool.at)) }
  }

  async function read(asked: Asked): Promise<{ sheet: Sheet; at: number } | null> {
    const { tenantId, by, name } = asked
    const named = await names.ask(nameKey(tenantId, by, name), async () => {
      const at = performance.now()
      const poolId = await findPool(db, asked)
      return poolId === null ? null : { at, poolId }
    })
    if (!named) return null
    const pool = await pools.ask(named.poolId, async () => {
      const at = performance.now()
      const { held, endsIn } = await readHoldings(db, named.poolId)
      return { at, endsAt: endsIn === null ? Number.POSITIVE_INFINITY : at + endsIn, sheet: sheetOf(held) }
    })
    return pool && { sheet: pool.sheet, at: Math.min(named.at, pool.at) }
  }

  function sheetOf(held: readonly Holding[]): Sheet {
    const signature = JSON.stringify(held)
    const same = sheets.get(signature)
    if (same) return same
    const sheet = new Map([...decideFeatures(held)].map(([feature, answer]) => [feature, answered(answer)]))
    sheets.set(signature, sheet)
    return sheet
  }

  return {
    recall: (tenantId, by, name, feature) => {
      const found = known(tenantId, by, name)
      return found && `${(found.sheet.get(feature) ?? nothing).json}${time.iso(found.at)}"}`
    },
    check: async (asked, feature) => {
      const found = known(asked.tenantId, asked.by, asked.name) ?? (await read(asked))
      return found && { ...(found.sheet.get(feature) ?? nothing).answer, as_of: time.iso(found.at) }
    },
    close: ear.close,
  }
}

function nameKey(tenantId: string, by: Asked['by'], name: string): string {
  return `${tenantId} ${by} ${name}`
}

/** The JSON without the end that differs from moment to moment. */
function answered(answer: FeatureAnswer): Answered {
  return { answer, json: `${JSON.stringify(answer).slice(0, -1)},"as_of":"` }
}

/**
 * Two clocks: the one that never runs backwards, by which everything is compared, and the calendar's. The first stands still while a
 * machine sleeps, so the age of a proof is asked of both.
 */
function clock() {
  let provedAt = Number.NEGATIVE_INFINITY
  let lastAt = Number.NaN
  let lastIso = ''
  const calendar = (at: number) => Date.now() - (performance.now() - at)
  return {
    proved: (at: number) => {
      provedAt = calendar(at)
    },
    /** Milliseconds since the moment of the last proof, by the calendar. */
    elapsed: () => Date.now() - provedAt,
    iso: (at: number) => {
      if (at !== lastAt) {
        lastAt = at
        lastIso = new Date(calendar(at)).toISOString()
      }
      return lastIso
    },
  }
}
