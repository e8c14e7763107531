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

/** A bar on a terminal; elsewhere a line every few seconds, for a log. */
export function createProgress(
  label: string,
  total: number,
  to: NodeJS.WriteStream = process.stderr,
): Progress {
  const every = to.isTTY ? drawEvery : lineEvery
  let drawnAt = to.isTTY ? 0 : performance.now()
  let last = ''
  const draw = () => to.write(to.isTTY ? `\r\u001b[2K${last}` : `${last}\n`)
  return {
    at(done, beside = '') {
      last = to.isTTY ? bar(label, done, total, beside) : line(label, done, total, beside)
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

function bar(label: string, done: number, total: number, beside: string): string {
  const filled = total === 0 ? barWidth : Math.round((barWidth * Math.min(done, total)) / total)
  return `${label} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${done}/${total} ${beside}`.trimEnd()
}

function line(label: string, done: number, total: number, beside: string): string {
  return `${label}: ${done} of ${total}${beside ? `, ${beside}` : ''}`
}
