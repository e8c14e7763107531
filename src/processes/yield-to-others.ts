import { constants, setPriority } from 'node:os'

/**
 * Lets other processes of this machine go first: a receiver, for whose answer Stripe waits, and the worker of tiers. Where each has
 * its own cores, or a container of its own, it changes nothing.
 */
export function yieldToOthers(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // A sandbox may forbid it; then they share as equals.
  }
}
