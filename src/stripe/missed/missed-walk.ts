import type { Db } from '../../db/types.ts'

/** A walk through Stripe's list, as the database keeps it. Times are Unix seconds by Stripe's clock. */
export type MissedWalk = {
  walkId: string
  /** Where to begin: everything before it was compared already, by this walk or by the one that it goes on from. */
  from: number
  /** The walk goes on from one that was cut off, begun at this time by our clock; null: it begins anew. */
  goesOnFrom: Date | null
}

/**
 * Seconds before a walk began in which Stripe's list may have lacked an event that it shows now: what was walked of
 * them is walked again.
 */
const LATE_IN_THE_LIST = 600
/** Seconds after which a walk that was cut off is forgotten. */
const RESUMED_WITHIN = 86_400

/** Begins a walk over a range, or goes on with one of the last day that covers its beginning and was never finished. */
export async function beginWalk(db: Db, range: { from: number; until: number }): Promise<MissedWalk> {
  return db.begin(async (tx) => {
    const [cut] = await tx<{ walkId: string; next: number; beganAt: Date }[]>`
      update stripe.missed_walks w
      set walk_until = greatest(w.walk_until, to_timestamp(${range.until})), updated_at = clock_timestamp()
      from (
        select walk_id from stripe.missed_walks
        where finished_at is null and updated_at > clock_timestamp() - make_interval(secs => ${RESUMED_WITHIN})
          and walk_from <= to_timestamp(${range.from}) and walked_until > to_timestamp(${range.from})
          and walked_until <= to_timestamp(${range.until})
        order by walked_until desc limit 1 for update
      ) cut
      where w.walk_id = cut.walk_id
      returning w.walk_id,
        ceil(extract(epoch from least(w.walked_until, w.began_at - make_interval(secs => ${LATE_IN_THE_LIST}))))::float8 as next,
        w.began_at
    `
    if (cut && cut.next > range.from) {
      return { walkId: cut.walkId, from: cut.next, goesOnFrom: cut.beganAt }
    }
    const [begun] = await tx<{ walkId: string }[]>`
      insert into stripe.missed_walks (walk_from, walk_until, walked_until)
      values (to_timestamp(${range.from}), to_timestamp(${range.until}), to_timestamp(${range.from}))
      returning walk_id
    `
    return { walkId: begun!.walkId, from: range.from, goesOnFrom: null }
  })
}

/** Says how far a walk has come, once what was missing up to there is stored. It never goes back, whoever says it. */
export async function noteWalked(db: Db, walkId: string, walkedUntil: number, taken: number): Promise<void> {
  await db`
    update stripe.missed_walks
    set walked_until = greatest(walked_until, to_timestamp(${walkedUntil})), taken = taken + ${taken},
      updated_at = clock_timestamp()
    where walk_id = ${walkId}
  `
}

export async function finishWalk(db: Db, walkId: string): Promise<void> {
  await db`
    update stripe.missed_walks set finished_at = clock_timestamp(), updated_at = clock_timestamp() where walk_id = ${walkId}
  `
}
