import { type PriceMeaning, type Target, targetOf } from '../enrollment/target.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import { asides, isTerminalStatus } from '../event/vertex.ts'
import {
  type Addon,
  type HeldSubscription,
  type Names,
  type Tier,
  toldHere,
  toldThere,
} from './tell-subscription.ts'

/** In how many ways a subscription at Stripe can differ from what stands here. A closed list: docs/lifecycle.md has what each means. */
export type DifferenceClass =
  | 'missing_here'
  | 'ended_here'
  | 'wrong_tier'
  | 'wrong_status'
  | 'unmapped_price'
  | 'unlinked_customer'
  | 'ended_there'
  | 'unknown_there'
  | 'unreadable_there'

/** One of them, in words that a person understands without looking anything up. */
export type Difference = {
  class: DifferenceClass
  subscription: string
  customer: string | null
  /** Whose it is here; null where that is not known. */
  organization: string | null
  atStripe: string
  here: string
  next: string
}

/** How a customer could come to an organization, should its subscription be taken in now. */
export type CustomerLink =
  | { kind: 'linked' }
  | { kind: 'would be linked' }
  | { kind: 'unlinked'; why: string; next: string }

export type Compared = {
  state: SubscriptionState
  /** Null: here it belongs to nobody yet. */
  held: HeldSubscription | null
  link: CustomerLink
  meaningOf: (price: string, product: string | null) => PriceMeaning | null
  nameOf: Names
}

/**
 * How Stripe's answer and what stands here differ: compared is what the subscription claims, and not the place that its
 * organization has, so that a ceiling or an operator's grant is no difference. Empty: they agree. Pure.
 */
export function differencesOf({ state, held, link, meaningOf, nameOf }: Compared): Difference[] {
  const target = targetOf(state, meaningOf)
  const about = {
    subscription: state.subscription,
    customer: state.customer,
    organization: held?.organization ?? null,
    atStripe: toldThere(state, target, nameOf),
    here: toldHere(held, nameOf),
  }
  const differs = (kind: DifferenceClass, next: string, here = about.here): Difference => ({
    class: kind,
    ...about,
    here,
    next,
  })
  const priceUnknown = target.kind === 'waiting' && isPrice(target.reason)
  const unmapped = priceUnknown
    ? [
        differs(
          'unmapped_price',
          `Map ${target.on.slice('price:'.length)}, or its Stripe product, in the catalog file (\`catalog apply\`): it is taken up by itself.`,
        ),
      ]
    : []

  if (target.kind === 'ended')
    return held && standsLive(held)
      ? [differs('ended_there', 'Repair ends it here: its last event was lost.')]
      : []
  if (held === null) {
    if (target.kind === 'none yet') return []
    if (link.kind === 'unlinked')
      return [differs('unlinked_customer', link.next, `${about.here}: ${link.why}`), ...unmapped]
    return [differs('missing_here', 'Repair takes it in.'), ...unmapped]
  }
  if (held.status === null)
    return target.kind === 'none yet'
      ? []
      : [differs('missing_here', 'Repair resolves it from what Stripe shows.'), ...unmapped]
  if (isTerminalStatus(held.status)) {
    const said = held.resolvedBy?.startsWith('evt_') ? ` \`explain ${state.subscription}\` tells of it.` : ''
    return [
      differs(
        'ended_here',
        `Repair resolves it again. If an event ended it, it stays ended, since an end is never undone: ask Stripe about ${held.resolvedBy ?? 'it'}.${said}`,
      ),
    ]
  }
  const found = [...unmapped]
  if (tierDiffers(target, held))
    found.push(differs('wrong_tier', 'Repair resolves it from what Stripe shows.'))
  if (target.kind === 'waiting' && !priceUnknown)
    found.push(
      target.reason === 'unknown_status'
        ? differs(
            'wrong_status',
            'Look for a newer Stepladder: this one does not know that status, and holds the last tier.',
          )
        : differs(
            'wrong_tier',
            'Look at its items at Stripe: without them no tier is known, and the last one is held.',
          ),
    )
  else if (statusDiffers(state, held))
    found.push(differs('wrong_status', 'Repair resolves it from what Stripe shows.'))
  return found
}

/** Live here, and Stripe does not know it at all: never taken for an end. */
export function unknownThere(
  subscription: string,
  customer: string | null,
  held: HeldSubscription,
  nameOf: Names,
): Difference {
  return {
    class: 'unknown_there',
    subscription,
    customer,
    organization: held.organization,
    atStripe: 'not known (404)',
    here: toldHere(held, nameOf),
    next: 'Look whether STRIPE_API_KEY is of the right account. What Stripe deleted with its test data has to be ended by hand: force the place, or transfer its customer.',
  }
}

/** Stripe shows an object that no version of its API writes: nothing is compared. */
export function unreadableThere(subscription: string, customer: string | null, why: string): Difference {
  return {
    class: 'unreadable_there',
    subscription,
    customer,
    organization: null,
    atStripe: `not to be read: ${why}`,
    here: 'not compared',
    next: 'Report it with the API version of the account. Nobody is moved by it.',
  }
}

/** Whether anything of it would have to end. */
export function standsLive(held: HeldSubscription): boolean {
  return (
    held.tiers.length > 0 ||
    held.addons.length > 0 ||
    (held.status !== null && !isTerminalStatus(held.status))
  )
}

function isPrice(reason: string): boolean {
  return reason === 'unmapped_price' || reason === 'product_without_kind'
}

function tierDiffers(target: Target, held: HeldSubscription): boolean {
  if (target.kind === 'waiting') return false
  const { tiers, addons } = target.kind === 'live' ? target : { tiers: [], addons: [] }
  return (
    !sameSet(tiers.map(keyOfTier), held.tiers.map(keyOfTier)) ||
    !sameSet(addons.filter(({ quantity }) => quantity > 0).map(keyOfAddon), held.addons.map(keyOfAddon))
  )
}

/** The status beside the subscription and beside all that it claims, and what is written beside the tier: cancellation, pause, trial. */
function statusDiffers(state: SubscriptionState, held: HeldSubscription): boolean {
  const beside = [...held.tiers, ...held.addons].some(({ status }) => status !== state.status)
  const { cancelAt, pause, trialEnd } = held
  const [there, here] = [asides(state), asides({ ...state, cancelAt, pause, trialEnd })]
  return (
    held.status !== state.status ||
    beside ||
    there.cancellation !== here.cancellation ||
    there.pause !== here.pause ||
    there.trial !== here.trial
  )
}

const keyOfTier = ({ planLadderId, productId }: Tier) => `${planLadderId} ${productId}`
const keyOfAddon = ({ productId, quantity }: Addon) => `${productId} ${quantity}`

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one))
}
