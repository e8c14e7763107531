export type BoundedMemory<Key, Value> = {
  get: (key: Key) => Value | undefined
  set: (key: Key, value: Value) => void
  delete: (key: Key) => void
  clear: () => void
}

/**
 * Remembers at most so many things, and forgets those that were not asked for in the longest time. In two generations and
 * not in exact order: a thing that is asked for again moves to the young one, and once that is half of all, the old one is
 * forgotten. Looking up what is asked for all the time then writes nothing, which an exact order would at each look.
 */
export function boundedMemory<Key, Value>(most: number): BoundedMemory<Key, Value> {
  let young = new Map<Key, Value>()
  let old = new Map<Key, Value>()
  const put = (key: Key, value: Value) => {
    if (young.size >= most / 2) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }
  return {
    get: (key) => {
      const value = young.get(key)
      if (value !== undefined) return value
      const kept = old.get(key)
      if (kept === undefined) return undefined
      old.delete(key)
      put(key, kept)
      return kept
    },
    set: (key, value) => {
      old.delete(key)
      if (young.has(key)) young.set(key, value)
      else put(key, value)
    },
    delete: (key) => {
      young.delete(key)
      old.delete(key)
    },
    clear: () => {
      young = new Map()
      old = new Map()
    },
  }
}
