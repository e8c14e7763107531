const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Milliseconds after each failure; then hourly. */
const pauses = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR]

/** Milliseconds for which a message is tried again. */
export const givenUpAfter = 72 * HOUR

/**
 * When the next try is due after so many failures, from 1 on: up to a tenth later, so that what failed together does not come together.
 * @param chance from 0 to 1
 */
export function nextTry(failures: number, now: Date, chance = Math.random()): Date {
  const pause = pauses[Math.min(failures, pauses.length) - 1]!
  return later(pause, now, chance)
}

/**
 * When an endpoint that took nothing is asked again, with one message: after a minute at most, since it may be the messages and not
 * the endpoint that are at fault, and others should not wait for those.
 */
export function nextLook(failures: number, now: Date, chance = Math.random()): Date {
  return later(Math.min(pauses[Math.min(failures, pauses.length) - 1]!, MINUTE), now, chance)
}

function later(pause: number, now: Date, chance: number): Date {
  return new Date(now.getTime() + Math.round(pause * (1 + chance / 10)))
}
