import type { Reader } from '../../db/types.ts'
import {
  earlierMoves,
  explainMoves,
  type MoveExplained,
  newestMoves,
  type PlaceThen,
  placesAt,
} from '../../entitlements/explain-moves.ts'
import {
  explainOrganization,
  type LadderExplained,
  type OrganizationExplained,
} from '../../entitlements/explain-organization.ts'
import { Refused } from '../../errors.ts'
import { type CauseExplained, readEvidence } from './explain-cause.ts'
import { explainKnownAt, type KnownThen } from './explain-known-at.ts'
import { explainNext, type NextExplained } from './explain-next.ts'
import { readSchedules } from './explain-schedule.ts'
import type { Subject } from './explain-subject.ts'
import { explainSubscriptions, type SubscriptionExplained } from './explain-subscription.ts'
import { explainWaiting, type WaitingExplained } from './explain-waiting.ts'

type Told<Move extends { cause: unknown }> = Omit<Move, 'cause'> & { cause: CauseExplained }

/** Everything that `explain` knows of one organization, customer or subscription: the document that --json prints. */
export type Explained = {
  organization: string | null
  name: string | null
  customers: string[]
  /** The moment that is explained; ISO 8601. */
  at: string
  ladders: (Omit<LadderExplained, 'history'> & { history: Told<LadderExplained['history'][number]>[] })[]
  subscriptions: SubscriptionExplained[]
  waiting: WaitingExplained[]
  next: NextExplained[]
}

/** The same for a moment that has passed, as far as it is written down. */
export type ExplainedThen = {
  organization: string | null
  name: string | null
  customers: string[]
  at: string
  ladders: (Omit<PlaceThen, 'move'> & {
    /** What the inbox knew of the holder's subscription then; `active` for a grant. */
    status: string | null
    /** The last of the moves until then, the one that brought the place or took it away. */
    brought_by: number | null
    /** The newest of them, in order, and how many came before those. */
    history: Told<Omit<MoveExplained, 'ladder'>>[]
    earlier: number
  })[]
  known: KnownThen
}

/**
 * Why a subject stands where it does: the places, every claim, the chain from each move to what caused it, what is held and what
 * comes next. Ask within one transaction that reads at one moment, or the parts may be of different ones.
 * @param mostMoves of each ladder, the newest; null: all. No other part of it looks at the history.
 */
export async function explain(
  reader: Reader,
  subject: Subject,
  now: Date,
  mostMoves: number | null = newestMoves,
): Promise<Explained> {
  const { organizationId } = subject
  const [organization, subscriptions, waiting, schedules] = await Promise.all([
    organizationId === null ? null : explainOrganization(reader, organizationId, mostMoves),
    explainSubscriptions(reader, subject),
    explainWaiting(reader, subject),
    readSchedules(reader, subject.customers, now),
  ])
  const ladders = organization?.ladders ?? []
  const told = await withCauses(
    reader,
    ladders.flatMap(({ history }) => history),
  )
  return {
    ...about(subject, organization),
    at: now.toISOString(),
    ladders: ladders.map((ladder) => ({ ...ladder, history: ladder.history.map(told) })),
    subscriptions,
    waiting,
    next: explainNext({ ladders, subscriptions, schedules }, now),
  }
}

/**
 * Where a subject stood at a moment that has passed, which move had brought it there, and what was known then.
 * @throws Refused `time_ahead` (400)
 */
export async function explainAt(
  reader: Reader,
  subject: Subject,
  at: Date,
  now: Date,
): Promise<ExplainedThen> {
  if (at > now) {
    throw new Refused(
      'time_ahead',
      `${at.toISOString()} is ahead of now (${now.toISOString()}): what was can be explained, and not what will be.`,
      'Name a time that has passed; without one, `explain` says what is known to come next.',
      400,
    )
  }
  const { organizationId } = subject
  const [[name], moves, known] = await Promise.all([
    organizationId === null
      ? []
      : reader<{ name: string }[]>`
          select name from organization.organizations where organization_id = ${organizationId}`,
    organizationId === null ? [] : explainMoves(reader, organizationId, { most: newestMoves, at }),
    explainKnownAt(reader, subject, at),
  ])
  const told = await withCauses(reader, moves)
  const statusOf = ({ holder }: PlaceThen) => {
    if (holder === null) return null
    if (holder.kind !== 'subscription') return 'active'
    return known.subscriptions.find(({ id }) => id === holder.id)?.status ?? null
  }
  return {
    ...about(subject, name ?? null),
    at: at.toISOString(),
    ladders: placesAt(moves, at).map((place) => {
      const { move, ...stood } = place
      const history = moves.filter(
        ({ ladder, sequence }) => ladder === place.ladder && move !== null && sequence <= move.sequence,
      )
      return {
        ...stood,
        status: statusOf(place),
        brought_by: move?.sequence ?? null,
        history: history.map(({ ladder: _, ...entry }) => told(entry)),
        earlier: earlierMoves(history),
      }
    }),
    known,
  }
}

function about(subject: Subject, organization: Pick<OrganizationExplained, 'name'> | null) {
  const { organizationId, customers } = subject
  return { organization: organizationId, name: organization?.name ?? null, customers }
}

/** Reads what the causes of these moves were, once for all of them. */
async function withCauses(reader: Reader, moves: readonly Pick<MoveExplained, 'cause'>[]) {
  const evidence = await readEvidence(
    reader,
    moves.flatMap(({ cause }) => cause.id ?? []),
  )
  return <Move extends Pick<MoveExplained, 'cause'>>(move: Move): Told<Move> => ({
    ...move,
    cause: { ...move.cause, ...(move.cause.id === null ? {} : evidence.get(move.cause.id)) },
  })
}
