/** Tells a person how far long work has come. On standard error, so that standard output is left to the answer. */
export type Progress = {
  /** `beside` is a short remark, such as a rate. */
  at: (done: number, beside?: string) => void
  /** Takes the bar away, or says the last line where there is none. */
  end: () => void
}

const barWidth = 28
/** Milliseconds between two drawings of the bar, and between two lines where there is no terminal. */
const drawEvery = 80
const lineEvery = 5_000

/**
 * A bar on a terminal; elsewhere a line every few seconds, for a log.
 * @param count how far it has come, in words; `3/7`, or `3 of 7` in a line, unless told otherwise.
 */
export function createProgress(
  label: string,
  total: number,
  to: NodeJS.WriteStream = process.stderr,
  count?: (done: number) => string,
): Progress {
  const every = to.isTTY ? drawEvery : lineEvery
  let drawnAt = to.isTTY ? 0 : performance.now()
  let last = ''
  const draw = () => to.write(to.isTTY ? `\r\u001b[2K${last}` : `${last}\n`)
  return {
    at(done, beside = '') {
      const counted = count?.(done) ?? (to.isTTY ? `${done}/${total}` : `${done} of ${total}`)
      last = to.isTTY
        ? `${label} ${bar(done, total)} ${counted} ${beside}`.trimEnd()
        : `${label}: ${counted}${beside ? `, ${beside}` : ''}`
      if (performance.now() - drawnAt < every) return
      drawnAt = performance.now()
      draw()
    },
    end() {
      if (to.isTTY) to.write('\r\u001b[2K')
      else if (last !== '') draw()
    },
  }
}

/**
 * How fast work goes and how long it still takes, counted from now on: `412/s, 2 min to go`. The rate tells `counted`, where that
 * is another thing than what the total is of.
 */
export function createTempo(
  total: number,
  now: () => number = () => performance.now() / 1000,
): (done: number, counted?: number) => string {
  const began = now()
  return (done, counted = done) => {
    const seconds = now() - began
    // The first moments tell nothing of the rest.
    if (seconds < 0.5 || counted === 0) return ''
    const rate = counted / seconds
    const left = done > 0 && done < total ? [`${duration((seconds * (total - done)) / done)} to go`] : []
    return [`${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`, ...left].join(', ')
  }
}

/** `40 s`, `12 min`, `3 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function bar(done: number, total: number): string {
  const filled = total === 0 ? barWidth : Math.round((barWidth * Math.min(done, total)) / total)
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`
}
