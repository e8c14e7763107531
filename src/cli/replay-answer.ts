import type { ReplayWrite } from '../stripe/inbox/replay.ts'
import { type Answer, table } from './output.ts'
import { takenUpBy, typesTable } from './replay-words.ts'

export type ReplayOutcome =
  | { kind: 'dry_run' | 'declined'; toRing: ReplayWrite[]; settled: ReplayWrite[] }
  | { kind: 'nothing'; settled: ReplayWrite[] }
  /** `alone`: nothing is running that could hear it. */
  | { kind: 'rung'; toRing: ReplayWrite[]; settled: ReplayWrite[]; alone: boolean }
  /** `open`: rung for, and not handled within so many seconds. */
  | { kind: 'waited'; handled: ReplayWrite[]; open: ReplayWrite[]; settled: ReplayWrite[]; seconds: number }

/** What the inbox lacked and Stripe told. `notes`: what could not be looked for, and why. */
export type FromStripe = {
  missing: number
  taken: number
  byType: ReadonlyMap<string, number>
  notes?: readonly string[]
}

/** Rows that a person reads; --json has them all. */
const mostShown = 50

/** What a replay did, and what became of each write: parked again, or not handled in time, is a failure. */
export function replayAnswer(outcome: ReplayOutcome, fromStripe: FromStripe | null = null): Answer {
  const { kind, settled } = outcome
  const rung =
    kind === 'rung' ? outcome.toRing : kind === 'waited' ? [...outcome.handled, ...outcome.open] : []
  const shown = kind === 'waited' ? outcome.handled : 'toRing' in outcome ? outcome.toRing : []
  const open = kind === 'waited' ? outcome.open : []
  const failed =
    open.length > 0 || (kind === 'waited' && outcome.handled.some(({ state }) => state === 'parked'))
  return {
    json: {
      outcome: kind,
      rung: rung.length,
      writes: [
        ...shown.map(documented),
        ...open.map((one) => ({ ...documented(one), state: 'not_handled_yet' })),
      ],
      left_as_they_are: settled.map(documented),
      from_stripe: fromStripe && {
        missing: fromStripe.missing,
        taken: fromStripe.taken,
        by_type: Object.fromEntries(fromStripe.byType),
      },
    },
    text: [...toldByStripe(outcome, fromStripe), ...told(outcome, fromStripe), ...leftAlone(settled)].join(
      '\n',
    ),
    failed: failed || kind === 'declined',
  }
}

/** How many events of each type a selection has. */
export function typesOf(selected: readonly ReplayWrite[]): Map<string, number> {
  const types = new Map<string, number>()
  const seen = new Set<string>()
  for (const { event, type } of selected) {
    if (seen.has(event)) continue
    seen.add(event)
    types.set(type, (types.get(type) ?? 0) + 1)
  }
  return types
}

/** How many writes of which kind, in one line. */
export function summaryOf(selected: readonly ReplayWrite[]): string {
  const events = new Set(selected.map(({ event }) => event)).size
  const groups = new Map<string, number>()
  for (const one of selected) groups.set(kindOf(one), (groups.get(kindOf(one)) ?? 0) + 1)
  const parts = [...groups].sort(([, a], [, b]) => b - a).map(([what, count]) => `${count} ${what}`)
  return `${counted(selected.length, 'write')} of ${counted(events, 'event')}: ${parts.slice(0, 8).join('; ')}${parts.length > 8 ? '; …' : ''}`
}

function toldByStripe({ kind }: ReplayOutcome, fromStripe: FromStripe | null): string[] {
  if (fromStripe === null) return []
  const { missing, taken, byType, notes = [] } = fromStripe
  if (missing === 0 || kind === 'declined') return [...notes]
  const did = kind === 'dry_run' ? 'Would take in' : 'Took in'
  const count = kind === 'dry_run' ? missing : taken
  return [
    `${did} ${counted(count, 'event')} from Stripe, which the inbox lacked:`,
    typesTable(byType),
    ...notes,
  ]
}

function told(outcome: ReplayOutcome, fromStripe: FromStripe | null): string[] {
  switch (outcome.kind) {
    case 'nothing':
      if (fromStripe && fromStripe.taken > 0) return []
      return [outcome.settled.length > 0 ? 'There is nothing to do again.' : 'There is nothing to replay.']
    case 'dry_run':
      if (outcome.toRing.length === 0) return ['There is nothing to replay. Dry run: nothing was rung.']
      return [`Would replay ${summaryOf(outcome.toRing)}`, rows(outcome.toRing), 'Dry run: nothing was rung.']
    case 'declined':
      return ['Nothing was replayed.']
    case 'rung':
      return [`Rang for ${summaryOf(outcome.toRing)}`, takenUpBy(outcome.alone)]
    case 'waited':
      return [
        ...(outcome.handled.length > 0 ? [summaryOf(outcome.handled), rows(outcome.handled)] : []),
        ...late(outcome),
      ]
  }
}

function late({ open, seconds }: Extract<ReplayOutcome, { kind: 'waited' }>): string[] {
  if (open.length === 0) return []
  return [
    `Rung for and not handled within ${seconds} s: ${summaryOf(open)}`,
    rows(open),
    'A write that fails is tried again for some minutes (see the queue dashboard). Else look whether workers run, and whether',
    'they and this command have the same REDIS_URL.',
  ]
}

function leftAlone(settled: readonly ReplayWrite[]): string[] {
  if (settled.length === 0) return []
  return [`Left as they are, because what was received decided it: ${summaryOf(settled)}`, rows(settled)]
}

function rows(list: readonly ReplayWrite[]): string {
  const told = list.slice(0, mostShown).map((one) => [`  ${one.event}`, one.type, one.write, standing(one)])
  const more = list.length > mostShown ? [`  … and ${list.length - mostShown} more`] : []
  return [table(['  event', 'type', 'write', 'state'], told), ...more].join('\n')
}

function standing({ state, reason, waitingOn }: ReplayWrite): string {
  if (state === 'waiting') return `waiting on ${waitingOn} (${reason})`
  return reason === null ? state : `${state} (${reason})`
}

/** As `standing`, without the name of the very thing: a thousand may each wait on their own. */
function kindOf(one: ReplayWrite): string {
  return one.state === 'waiting'
    ? `waiting on a ${one.waitingOn?.split(':')[0]} (${one.reason})`
    : standing(one)
}

function documented({ event, type, write, state, reason, waitingOn, subscription }: ReplayWrite) {
  return { event, type, write, state, reason, on: waitingOn, subscription }
}

export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
