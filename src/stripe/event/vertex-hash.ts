import { hash } from 'node:crypto'
import type { SubscriptionState } from './subscription-event.ts'
import { isTerminalStatus, tierVertex } from './vertex.ts'

const ENDED = 'ended:'

/**
 * A tier vertex as the inbox and the trail's index keep it: 32 hex digits, so that a trail is read without its states.
 * A terminal status is told by a prefix, because the trail must know an ending without reading the state behind the hash.
 */
export function vertexHash(state: SubscriptionState): string {
  const told = hash('sha256', tierVertex(state), 'hex').slice(0, 32)
  return isTerminalStatus(state.status) ? ENDED + told : told
}

export function isTerminalHash(hash: string): boolean {
  return hash.startsWith(ENDED)
}
