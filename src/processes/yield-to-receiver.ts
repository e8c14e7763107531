import { constants, setPriority } from 'node:os'

/**
 * Lets other processes of this machine go first, a receiver above all: Stripe waits for its answer, and a tier may come some
 * milliseconds later. Where each has its own cores, or a container of its own, it changes nothing.
 */
export function yieldToReceiver(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // A sandbox may forbid it; then they share as equals.
  }
}
