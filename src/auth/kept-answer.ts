/** Something that is asked of another server, and kept. Times in milliseconds. */
export type KeptAnswer<T> = {
  /** What is kept; asked for where there is nothing yet. What has grown old is asked for anew meanwhile, and goes on being used. */
  get: () => Promise<T>
  /** Asks anew, since what is kept lacks something; but not before the floor has passed, and then what is kept is all there is. */
  again: () => Promise<T>
}

/**
 * Keeps what another server answered. However many want it at once, one asks; and whoever asks often, with something made up perhaps,
 * makes it ask once in `floor` at most. While that server is away, what was kept goes on being used.
 * @throws what `ask` threw, where nothing is kept, or where the last try since then has failed and more was wanted.
 */
export function keepAnswer<T>(
  ask: () => Promise<T>,
  { now = Date.now, floor = 30_000, fresh = 600_000 }: { now?: () => number; floor?: number; fresh?: number },
): KeptAnswer<T> {
  let kept: { answer: T; at: number } | null = null
  let failure: { error: unknown; at: number } | null = null
  let triedAt = Number.NEGATIVE_INFINITY
  let inFlight: Promise<T> | null = null

  const tryNow = (): Promise<T> => {
    if (inFlight) return inFlight
    triedAt = now()
    inFlight = ask()
      .then(
        (answer) => {
          kept = { answer, at: now() }
          failure = null
          return answer
        },
        (error: unknown) => {
          failure = { error, at: now() }
          throw error
        },
      )
      .finally(() => {
        inFlight = null
      })
    return inFlight
  }
  const mayTry = () => inFlight !== null || now() - triedAt >= floor

  return {
    get: async () => {
      if (kept) {
        if (now() - kept.at > fresh && mayTry()) tryNow().catch(() => {})
        return kept.answer
      }
      if (mayTry()) return tryNow()
      throw failure!.error
    },
    again: async () => {
      if (mayTry()) return tryNow()
      if (failure) throw failure.error
      return kept!.answer
    },
  }
}
