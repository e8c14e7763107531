const windowMs = 60_000
const mostAddresses = 10_000

export type WrongKeyLimit = {
  /** Seconds to wait; 0 when another try is open. */
  waitFor: (address: string) => number
  wrong: (address: string) => void
}

/**
 * Counts wrong keys by address, in this process. Only wrong ones, so that people who share an address (a proxy's, say)
 * do not shut each other out by signing in.
 * @param mostWrong that one address may send in a minute
 */
export function wrongKeyLimit(now: () => number = Date.now, mostWrong = 10): WrongKeyLimit {
  const counted = new Map<string, { count: number; until: number }>()
  return {
    waitFor: (address) => {
      const entry = counted.get(address)
      if (!entry || entry.count < mostWrong) return 0
      return Math.max(0, Math.ceil((entry.until - now()) / 1000))
    },
    wrong: (address) => {
      const entry = counted.get(address)
      if (entry && entry.until > now()) {
        entry.count += 1
        return
      }
      // Inserted anew, so that the map's order is that of the windows and the oldest one goes first.
      counted.delete(address)
      if (counted.size >= mostAddresses) counted.delete(counted.keys().next().value!)
      counted.set(address, { count: 1, until: now() + windowMs })
    },
  }
}
