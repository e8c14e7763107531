import { modeOfKey } from '../stripe/deployment-mode.ts'
import type { RingUnmarked } from '../stripe/inbox/take-told-events.ts'
import { type MissedReplayed, replayMissed } from '../stripe/missed/replay-missed.ts'
import type { MissedRange } from './missed-answer.ts'
import { minuteOf } from './moment.ts'
import { createProgress, createTempo } from './progress.ts'
import { withBells } from './replay-run.ts'
import { type Session, stripeApiOf } from './session.ts'

export type MissedLook = {
  /** Only compares. */
  look: () => Promise<MissedReplayed>
  /** Takes in what is missing; `resume`: from where a replay that was cut off had come to. */
  take: (options: { resume: boolean }) => Promise<MissedReplayed>
}

/**
 * Looking for what is missing in a range, and taking it in, each with a bar and stopped well by Ctrl-C.
 * @throws Refused, Unavailable as `stripeApiOf` and StripeApi say; Interrupted.
 */
export async function lookForMissed(
  session: Session,
  range: MissedRange,
  types: readonly string[],
): Promise<MissedLook> {
  const signal = session.interruptible('Run the same command again: it goes on from where it was.')
  let onWait: (seconds: number, why: string) => void = () => {}
  const api = await stripeApiOf(session, { signal, onWait: (seconds, why) => onWait(seconds, why) })
  const seconds = (time: Date) => Math.floor(time.getTime() / 1000)
  const [from, until] = [seconds(range.from), seconds(range.until)]

  async function walk(label: string, ring: RingUnmarked | null, resume: boolean): Promise<MissedReplayed> {
    let begin = from
    let at = from
    let beside = ''
    let tempo = createTempo(until - from)
    const bar = createProgress(label, until - from, process.stderr, (done) => share(done, until - from))
    onWait = (wait, why) => bar.at(at - from, `${beside}; Stripe: ${why}, waiting ${Math.ceil(wait)} s`)
    try {
      return await replayMissed(session.app, api, {
        from,
        until,
        types,
        ring,
        resume,
        signal,
        keyMode: modeOfKey(session.config.stripeApiKey!),
        onBegin: (begun) => {
          begin = begun.from
          tempo = createTempo(until - begin)
          if (begun.goesOnFrom) process.stderr.write(`${goingOn(begin, begun.goesOnFrom)}\n`)
        },
        onProgress: ({ walkedUntil, listed, missing }) => {
          at = walkedUntil
          beside = [tempo(at - begin, listed), `${missing} missing`].filter(Boolean).join(', ')
          bar.at(at - from, beside)
        },
      })
    } finally {
      bar.end()
    }
  }

  return {
    look: () => walk('Comparing', null, false),
    take: ({ resume }) => withBells(session, ({ ring }) => walk('Taking in', ring.ring, resume)),
  }
}

function goingOn(from: number, begunAt: Date): string {
  return `Going on from ${minuteOf(new Date(from * 1000))}, where the replay begun at ${minuteOf(begunAt)} was cut off.`
}

function share(done: number, total: number): string {
  return `${total === 0 ? 100 : Math.floor((100 * done) / total)} %`
}
