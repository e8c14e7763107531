import { Refused } from '../../errors.ts'
import type { Reconciled } from '../reconcile/reconcile.ts'

/** So many differences, or one subscription in so many, are events that were lost; more are something else. */
const FEW = 20
const ONE_IN = 100

/** `differed`: how many stood before anything was mended. */
export type ReconciledByItself = { differed: number; mended: boolean }

/**
 * The nightly reconcile: looks first, and has what differs fetched only where it is little. That is the same look that a hole in
 * a trail leads to. A night on which much differs is no night of lost events: the key may be another account's, or the catalog not what
 * is sold. Then nothing is touched, and the alarm that the look raised stands.
 * @param reconcile one run, with or without repair.
 */
export async function reconcileByItself(
  reconcile: (repair: boolean) => Promise<Pick<Reconciled, 'looked' | 'differs'>>,
): Promise<ReconciledByItself> {
  try {
    const { looked, differs } = await reconcile(false)
    const mended = differs > 0 && differs <= Math.max(FEW, looked / ONE_IN)
    if (mended) await reconcile(true)
    return { differed: differs, mended }
  } catch (error) {
    // A person is at it: it says the same to them.
    if (error instanceof Refused && error.code === 'reconcile_running') return { differed: 0, mended: false }
    throw error
  }
}
