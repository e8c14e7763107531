import { Unavailable } from '../../errors.ts'
import { pause } from '../api/pause.ts'
import type { ListPage, SubscriptionReader } from '../api/stripe-api.ts'
import type { ToldState } from '../enrollment/keep-answers.ts'
import { isJsonObject, textOf } from '../event/envelope.ts'
import { organizationIn, subscriptionStateOf } from '../event/subscription-state.ts'
import { type Difference, unreadableThere } from './differences.ts'

/** Tries for one subscription, with 1, 2, 4 … seconds between them. */
const MOST_TRIES = 6

/**
 * A page of Stripe's list as answers about each of its subscriptions. Where a subscription has more items than a list shows, it is asked for
 * by itself; a customer's own `metadata.organization` counts where the subscription names nobody, as with events.
 * @throws Unavailable where a page bears no date: nobody could say when it was true.
 */
export async function readPage(
  api: SubscriptionReader,
  page: ListPage,
  signal?: AbortSignal,
): Promise<{ told: ToldState[]; unreadable: Difference[] }> {
  const { objects, date, elapsed } = page
  if (Number.isNaN(date))
    throw new Unavailable(
      'stripe_without_date',
      'Stripe told a list without a Date header, so that nobody can say when it was true.',
      'Look at STRIPE_API_BASE_URL: a proxy on the way may take the header away.',
    )
  const told: ToldState[] = []
  const unreadable: Difference[] = []
  for (const object of objects) {
    const state = subscriptionStateOf(object)
    const { customer } = object
    if ('unreadable' in state) {
      const customerId = isJsonObject(customer) ? textOf(customer.id) : textOf(customer)
      unreadable.push(unreadableThere(String(object.id), customerId, state.unreadable))
      continue
    }
    const organization =
      state.organization ??
      (isJsonObject(customer) && customer.deleted !== true ? organizationIn(customer) : null)
    if (state.itemsComplete) {
      told.push({ state: { ...state, organization }, date, elapsed })
      continue
    }
    const whole = await askPatiently(api, state.subscription, signal)
    // One that is gone since stands in no list: it is looked at with those.
    if (whole) told.push({ ...whole, state: { ...whole.state, organization } })
  }
  return { told, unreadable }
}

/**
 * What Stripe shows of one subscription; null: it does not know it.
 * @throws Unavailable `stripe_unavailable` after some tries; the signal's reason when it ends them.
 */
export async function askPatiently(
  api: SubscriptionReader,
  subscription: string,
  signal?: AbortSignal,
): Promise<ToldState | null> {
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted()
    const answer = await api.subscription(subscription)
    if (answer.kind === 'found') return answer
    if (answer.kind === 'missing') return null
    if (tries === MOST_TRIES)
      throw new Unavailable(
        'stripe_unavailable',
        `Stripe did not answer about ${subscription} after ${tries} tries: ${answer.why}`,
        'Look at status.stripe.com, then run the same again: it goes on where it was.',
      )
    await pause(1000 * 2 ** (tries - 1), signal)
  }
}
