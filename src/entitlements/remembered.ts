import { boundedMemory } from './bounded-memory.ts'

export type Remembered<Value> = {
  /** What is remembered, whether or not it may still be believed: that is known elsewhere. */
  get: (key: string) => Value | undefined
  /** Reads, and remembers what was read unless it was forgotten meanwhile. null is not remembered. */
  ask: (key: string, read: () => Promise<Value | null>) => Promise<Value | null>
  forget: (key: string) => void
  forgetAll: () => void
}

/**
 * Milliseconds for which a reading that has begun may be joined: it answers for a moment before it was asked for. One that
 * takes longer may be stuck, and is not waited for by whoever comes later.
 */
const joinable = 500

type Reading<Value> = { since: number; value: Promise<Value | null> }

/**
 * At most so many things that were read; who asks for the same at the same time shares one reading. To forget a thing is to
 * say that it has changed: a reading under way may have come too early for that, so nobody joins it any more and what it
 * brings is not remembered.
 */
export function remembered<Value>(most: number): Remembered<Value> {
  const kept = boundedMemory<string, Value>(most)
  const readings = new Map<string, Reading<Value>>()

  async function reading(key: string, mine: Reading<Value>, read: () => Promise<Value | null>) {
    try {
      const value = await read()
      if (value !== null && readings.get(key) === mine) kept.set(key, value)
      return value
    } finally {
      if (readings.get(key) === mine) readings.delete(key)
    }
  }

  return {
    get: kept.get,
    ask: (key, read) => {
      const now = performance.now()
      const current = readings.get(key)
      if (current && now - current.since <= joinable) return current.value
      const mine: Reading<Value> = { since: now, value: Promise.resolve(null) }
      readings.set(key, mine)
      mine.value = reading(key, mine, read)
      return mine.value
    },
    forget: (key) => {
      kept.delete(key)
      readings.delete(key)
    },
    forgetAll: () => {
      kept.clear()
      readings.clear()
    },
  }
}
