export type StopSignal = {
  /** Settles when the process is asked to stop, with the signal's name. */
  asked: Promise<NodeJS.Signals>
  /** Settles when it is asked again: whatever is still being finished is to be left. */
  askedAgain: Promise<void>
  readonly stopping: boolean
  /** Listens no longer. */
  release: () => void
}

/**
 * Listens for SIGINT and SIGTERM. Ctrl-C under npm arrives twice at once, from the terminal and from npm, so only a
 * second request that comes later counts as impatience.
 */
export function stopSignal(): StopSignal {
  let first: number | null = null
  let ask: (signal: NodeJS.Signals) => void = () => {}
  let hurry: () => void = () => {}
  const asked = new Promise<NodeJS.Signals>((resolve) => {
    ask = resolve
  })
  const askedAgain = new Promise<void>((resolve) => {
    hurry = resolve
  })
  const onSignal = (signal: NodeJS.Signals) => {
    if (first === null) {
      first = Date.now()
      ask(signal)
    } else if (Date.now() - first > 500) {
      hurry()
    }
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    asked,
    askedAgain,
    get stopping() {
      return first !== null
    },
    release() {
      process.removeListener('SIGINT', onSignal)
      process.removeListener('SIGTERM', onSignal)
    },
  }
}
