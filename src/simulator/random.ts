/** A seeded source of numbers in [0, 1): the same seeds give the same numbers on every machine. */
export type Random = () => number

const TOKEN = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** sfc32 by Chris Doty-Humphrey (PractRand), seeded from whole numbers; not for secrets. */
export function randomOf(...seeds: readonly number[]): Random {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = 0xb7e15162
  let d = 1
  const next = () => {
    const t = (a + b + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 4294967296
  }
  for (const seed of seeds) {
    a ^= seed | 0
    b ^= Math.floor(seed / 4294967296) | 0
    for (let i = 0; i < 12; i++) next()
  }
  return next
}

/** A whole number from `low` to `high`, both included. */
export function whole(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1))
}

export function chance(random: Random, share: number): boolean {
  return random() < share
}

/** One of a list that is not empty. */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!
}

/** A shuffled copy (Fisher–Yates). */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
  }
  return copy
}

/** Letters and digits as in Stripe's ids, whose order tells nothing about time. */
export function token(random: Random, length = 24): string {
  let text = ''
  for (let i = 0; i < length; i++) text += TOKEN[Math.floor(random() * TOKEN.length)]
  return text
}
