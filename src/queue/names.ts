/**
 * The queues and what a job in them carries. A job only rings a bell: it names rows of the inbox and says nothing of what
 * stands in them, so that losing it, or running it twice, loses and doubles nothing.
 */
export const queueNames = ['enrollment', 'subscription-changes'] as const

export type QueueName = (typeof queueNames)[number]

/** The queue of what is done at its time and not for an event. A job's name is its task; it carries nothing. */
export const upkeepQueueName = 'upkeep'

export type UpkeepPayload = Record<string, never>

export type WorkPayload = {
  /** Inbox ids, 0 to 64: what was rung within one pace, or one that failed and has a job of its own. */
  events: number[]
  /** Stripe's subscription ids: whose trail is to be looked at again, or whose fetches may tell of changes. */
  subscriptions?: string[]
  /** Our own ids of grants whose end is due, for `enrollment`. */
  grants?: string[]
  /** A deliberate replay: run although it is marked as handled. */
  again?: true
}

/** How many inbox ids one job carries at most. */
const mostInOneJob = 64

/**
 * The prefix of a queue's keys in Redis. Braces hold all keys of one queue in one slot, which Redis Cluster asks of a script
 * that touches several, and leave the queues free to live on different nodes.
 */
export function queuePrefix(name: QueueName | typeof upkeepQueueName): string {
  return `{stepladder:${name}}`
}

/** Splits work into payloads of at most `mostInOneJob` each. */
export function payloadsOf(work: Partial<WorkPayload>): WorkPayload[] {
  const { events = [], subscriptions = [] } = work
  const again = work.again ? ({ again: true } as const) : {}
  const payloads: WorkPayload[] = []
  for (let at = 0; at < events.length; at += mostInOneJob) {
    payloads.push({ events: events.slice(at, at + mostInOneJob), ...again })
  }
  for (let at = 0; at < subscriptions.length; at += mostInOneJob) {
    payloads.push({ events: [], subscriptions: subscriptions.slice(at, at + mostInOneJob), ...again })
  }
  return payloads
}

/** Each event, subscription and grant of a payload as a payload of its own. */
export function onesOf(work: WorkPayload): WorkPayload[] {
  const again = work.again ? ({ again: true } as const) : {}
  return [
    ...work.events.map((event) => ({ events: [event], ...again })),
    ...(work.subscriptions ?? []).map((subscription) => ({
      events: [],
      subscriptions: [subscription],
      ...again,
    })),
    ...(work.grants ?? []).map((grant) => ({ events: [], grants: [grant], ...again })),
  ]
}
