import type { ToldState } from '../enrollment/keep-answers.ts'
import type { Difference } from './differences.ts'
import { type Look, type LookParts, lookAt, takeIn } from './look-at.ts'
import { type FoundDifference, noteLooks, type Seen, settleSeen } from './reconcile-runs.ts'

export type ReconcileProgress = {
  /** Stripe's list; what stands live here and is not in it; what differed, once more. */
  stage: 'listed' | 'unlisted' | 'again'
  /** Looks so far, those of an earlier call that was cut off included. */
  looked: number
  /** Subscriptions that differed at their first look, and those that were put right, in this call. */
  differed: number
  repaired: number
}

export type NotingParts = LookParts & {
  repair: boolean
  onProgress?: (at: ReconcileProgress) => void
  at: ReconcileProgress
}

/** What Stripe said of some subscriptions. */
export type Answers = {
  told: readonly ToldState[]
  /** Those of which nothing can be compared: with the difference that this is, or only the id where it is none. */
  unlike: readonly (Difference | string)[]
}

/**
 * Compares, with `repair` takes in what differs and compares again, and notes all of it at once with how far Stripe's list has been read:
 * killed before that, the same page is looked at again, and what was taken in meanwhile agrees by then.
 * @param answers `seen`: this is the second look at these, and what differs now stands.
 */
export async function lookAndNote(
  parts: NotingParts,
  run: string,
  answers: Answers & { listed?: { upTo: string | null; more: boolean }; seen?: readonly Seen[] },
): Promise<void> {
  const { told, unlike, listed, seen } = answers
  const looks = await lookAt(parts, told)
  const toRepair = looks.filter((look) => parts.repair && look.differences.length > 0 && !look.inFlight)
  const repairing = toRepair.map((look) => look.told)
  const failed = await takeIn(parts, repairing)
  const after = new Map((await lookAt(parts, repairing)).map((look) => [idOf(look), look]))
  const last = looks.map((look) => after.get(idOf(look)) ?? look)
  const found = looks.flatMap((look) => {
    const now = after.get(idOf(look))
    return now ? repaired(look, now, failed.get(idOf(look)), seen) : standing(look, seen)
  })
  const unknown = unlike.filter((one) => typeof one !== 'string')
  const looked = [
    ...last.map((look) => ({ subscription: idOf(look), agrees: look.differences.length === 0 })),
    ...unlike.map((one) =>
      typeof one === 'string'
        ? { subscription: one, agrees: true }
        : { subscription: one.subscription, agrees: false },
    ),
  ]
  await parts.db.begin(async (tx) => {
    const ids = seen?.map(({ subscription }) => subscription) ?? []
    await settleSeen(tx, run, ids, 'passed')
    await noteLooks(tx, run, {
      looked,
      found: [...found, ...unknown.map((one) => ({ ...one, outcome: 'differs' as const, heldHash: null }))],
      again: seen !== undefined,
      ...(listed && { listed }),
    })
  })
  const { at } = parts
  if (!seen) at.looked += looked.length
  if (!seen) at.differed += looks.filter((look) => look.differences.length > 0).length + unknown.length
  at.repaired += toRepair.filter((look) => after.get(idOf(look))!.differences.length === 0).length
  parts.onProgress?.({ ...at })
}

const idOf = (look: Look) => look.told.state.subscription

/** What was not touched: to be looked at again, or at the second look as it stands. */
function standing({ differences, inFlight, heldHash }: Look, seen: readonly Seen[] | undefined) {
  const outcome = !seen ? 'seen' : inFlight ? 'in_flight' : 'differs'
  return differences.map((one): FoundDifference => ({ ...one, outcome, heldHash }))
}

/** What was taken in: gone is repaired, whatever the first look called it; the rest stands. */
function repaired(
  before: Look,
  now: Look,
  failure: string | undefined,
  seen: readonly Seen[] | undefined,
): FoundDifference[] {
  const left = standing(now, seen).map((one) =>
    failure === undefined ? one : { ...one, next: `It could not be taken in: ${failure}. ${one.next}` },
  )
  const gone = before.differences.filter((one) => !left.some((other) => other.class === one.class))
  return [...left, ...gone.map((one) => ({ ...one, outcome: 'repaired' as const, heldHash: null }))]
}
