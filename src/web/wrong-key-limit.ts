const windowMs = 60_000
const mostAddresses = 10_000

/**
 * Counts one wrong key, and says in how many seconds this address may try again: 0 while it has tried no more than it may.
 * To be asked once a key was found to be wrong, and never before: what is right always enters. A key cannot be guessed, so there is nothing
 * to gain by refusing unseen, and behind a proxy everybody has one address, where a stranger could shut all others out.
 */
export type WrongKeyLimit = (address: string) => number

/**
 * Counts wrong keys by address, in this process.
 * @param mostWrong that one address may send in a minute
 */
export function wrongKeyLimit(now: () => number = Date.now, mostWrong = 10): WrongKeyLimit {
  const counted = new Map<string, { count: number; until: number }>()
  return (address) => {
    const entry = counted.get(address)
    if (entry && entry.until > now()) {
      entry.count += 1
      return entry.count > mostWrong ? Math.ceil((entry.until - now()) / 1000) : 0
    }
    // Inserted anew, so that the map's order is that of the windows and the oldest one goes first.
    counted.delete(address)
    if (counted.size >= mostAddresses) counted.delete(counted.keys().next().value!)
    counted.set(address, { count: 1, until: now() + windowMs })
    return 0
  }
}
