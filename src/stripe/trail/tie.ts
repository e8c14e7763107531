import { isSelfEdge, type TrailEvent } from './trail-event.ts'
import { isFurtherCopy, type Told } from './twins.ts'

/** A vertex at which the subscription may stand, and the event or fetch that led there. */
export type Head = { vertex: string; by: string }

/** Where the subscription may stand between two ties. null: anywhere, because nothing is known yet. */
export type Heads = readonly Head[] | null

export type TieOutcome =
  | { kind: 'passed'; heads: readonly Head[] }
  /** A trail in itself that does not start where the last tie ended; `heads` as if its start were unknown. */
  | { kind: 'does not join'; heads: readonly Head[] }
  | { kind: 'broken tie' | 'unknown before' | 'ambiguous'; head: Head | null }

/** Beyond so many readings of doubtful twins a tie is given up as ambiguous: one hostile second must not cost a worker. */
const MOST_READINGS = 256

/** From ⊥ (before `created`, numbered like any vertex under the name null) or a vertex, to a vertex. */
type Passage = { start: number; end: number }

type Graph = {
  /** ⊥ is null. */
  names: (string | null)[]
  numbers: Map<string | null, number>
  /** Entered minus left, further copies of doubtful twins not counted. */
  surplus: number[]
  connected: boolean
  /** The newest change that enters a vertex; where none does, its first sighting. */
  entering: TrailEvent[]
  unknownBefore: boolean
  /** Edges told by further copies without a request: each copy may be one more change, or none. */
  doubtful: { from: number; to: number; copies: number }[]
}

/**
 * Walks one tie, `events[first]` to `events[last - 1]` in trail order, whose inner order is unknown:
 * as a multigraph it must be one connected trail, open (one vertex entered once more than left, one left once more than
 * entered) or closed, and a closed one ends where it began.
 */
export function passTie(
  events: readonly TrailEvent[],
  first: number,
  last: number,
  before: Heads,
): TieOutcome {
  if (last - first === 1) return passAlone(events[first]!, before)
  const graph = graphOf(events, first, last)
  if (graph.unknownBefore) return { kind: 'unknown before', head: onlySurplus(graph) }
  if (!graph.connected) return { kind: 'broken tie', head: null }
  const readings = readingsOf(graph)
  if (readings === null) return { kind: 'ambiguous', head: null }
  if (readings.passages.length === 0 && !readings.closed)
    return { kind: 'broken tie', head: onlySurplus(graph) }
  const heads = join(graph, readings, before)
  return heads.length > 0
    ? { kind: 'passed', heads }
    : { kind: 'does not join', heads: join(graph, readings, null) }
}

/** Nearly every tie of a real subscription is one event: no graph for it. */
function passAlone(event: TrailEvent, before: Heads): TieOutcome {
  const heads = [{ vertex: event.to, by: event.event }]
  if (isSelfEdge(event)) {
    const known = before?.find((head) => head.vertex === event.to)
    if (known) return { kind: 'passed', heads: before?.length === 1 ? before : [known] }
  } else if (event.from === null && event.kind !== 'root') {
    return { kind: 'unknown before', head: heads[0]! }
  } else if (before?.some((head) => head.vertex === event.from)) {
    return { kind: 'passed', heads }
  }
  return { kind: before === null ? 'passed' : 'does not join', heads }
}

function graphOf(events: readonly TrailEvent[], first: number, last: number): Graph {
  const graph: Graph = {
    names: [],
    numbers: new Map(),
    surplus: [],
    connected: true,
    entering: [],
    unknownBefore: false,
    doubtful: [],
  }
  const parents: number[] = []
  let parts = 0
  const numberOf = (name: string | null) => {
    let number = graph.numbers.get(name)
    if (number === undefined) {
      number = graph.names.push(name) - 1
      graph.numbers.set(name, number)
      graph.surplus.push(0)
      parents.push(number)
      parts++
    }
    return number
  }
  const doubtful = new Map<number, Graph['doubtful'][number]>()
  const told: Told = new Map()
  for (let i = first; i < last; i++) {
    const event = events[i]!
    const to = numberOf(event.to)
    if (isSelfEdge(event)) {
      graph.entering[to] ??= event
      continue
    }
    if (event.from === null && event.kind !== 'root') {
      graph.unknownBefore = true
      graph.surplus[to]!++
      graph.entering[to] = event
      continue
    }
    const from = numberOf(event.from)
    if (isFurtherCopy(told, event)) {
      if (event.request !== null) continue
      const key = from * (last - first + 1) * 2 + to
      const edge = doubtful.get(key)
      if (edge) edge.copies++
      else doubtful.set(key, { from, to, copies: 1 })
      continue
    }
    graph.surplus[from]!--
    graph.surplus[to]!++
    graph.entering[to] = event
    const a = rootOf(parents, from)
    const b = rootOf(parents, to)
    if (a !== b) {
      parents[a] = b
      parts--
    }
  }
  graph.connected = parts === 1
  graph.doubtful = [...doubtful.values()]
  return graph
}

/** Union-find with path halving. */
function rootOf(parents: number[], number: number): number {
  let at = number
  while (parents[at] !== at) {
    parents[at] = parents[parents[at]!]!
    at = parents[at]!
  }
  return at
}

/** Every way to read the doubtful twins that makes a trail; null beyond the bound. Connectedness does not depend on the reading. */
function readingsOf(graph: Graph): { passages: Passage[]; closed: boolean } | null {
  const { doubtful, surplus } = graph
  let count = 1
  for (const edge of doubtful) {
    count *= edge.copies + 1
    if (count > MOST_READINGS) return null
  }
  const passages: Passage[] = []
  let closed = false
  for (let reading = 0; reading < count; reading++) {
    const balance = reading === 0 ? surplus : [...surplus]
    let rest = reading
    for (const edge of doubtful) {
      const changes = rest % (edge.copies + 1)
      rest = (rest - changes) / (edge.copies + 1)
      if (changes === 0) continue
      balance[edge.from]! -= changes
      balance[edge.to]! += changes
    }
    const passage = passageOf(balance)
    if (passage === 'closed') closed = true
    else if (passage && !passages.some((p) => p.start === passage.start && p.end === passage.end))
      passages.push(passage)
  }
  return { passages, closed }
}

function passageOf(balance: readonly number[]): Passage | 'closed' | null {
  let start = -1
  let end = -1
  for (let v = 0; v < balance.length; v++) {
    const surplus = balance[v]!
    if (surplus === 0) continue
    if (surplus === 1 && end < 0) end = v
    else if (surplus === -1 && start < 0) start = v
    else return null
  }
  return start < 0 ? 'closed' : { start, end }
}

function join(graph: Graph, readings: { passages: Passage[]; closed: boolean }, before: Heads): Head[] {
  const heads = new Map<string, Head>()
  const add = (vertex: string, number: number, known?: Head) => {
    const entering = graph.entering[number]!
    // A tie of sightings alone moves nothing: what led there before still does.
    heads.set(vertex, known && isSelfEdge(entering) ? known : { vertex, by: entering.event })
  }
  for (const { start, end } of readings.passages) {
    const from = graph.names[start]
    if (before === null || before.some((head) => head.vertex === from)) add(graph.names[end]!, end)
  }
  if (readings.closed && before === null) {
    for (const [number, name] of graph.names.entries()) add(name!, number)
  } else if (readings.closed) {
    for (const head of before!) {
      const number = graph.numbers.get(head.vertex)
      if (number !== undefined) add(head.vertex, number, head)
    }
  }
  return [...heads.values()]
}

/** What a tie that is no trail points to all the same: the one vertex entered more often than left. */
function onlySurplus(graph: Graph): Head | null {
  let found = -1
  for (let v = 0; v < graph.surplus.length; v++) {
    if (graph.surplus[v]! <= 0) continue
    if (found >= 0) return null
    found = v
  }
  return found < 0 ? null : { vertex: graph.names[found]!, by: graph.entering[found]!.event }
}
