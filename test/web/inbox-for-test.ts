import { recordChanges } from '../../src/stripe/changes/record-changes.ts'
import { enroll } from '../../src/stripe/enrollment/enroll.ts'
import type { RingAgain } from '../../src/stripe/inbox/ring-replay.ts'
import { event, PRICES, subscription, type World } from '../support/world.ts'

/** Both workers, who hear a bell at once and are done when it has been rung. */
export function workersOf(world: World): RingAgain {
  return async (inboxIds, { queues, again }) => {
    const work = { events: [...inboxIds], again }
    if (queues.includes('enrollment')) await enroll(world.app, work, world.parts)
    if (queues.includes('subscription-changes')) await recordChanges(world.app, work, world.parts)
    return true
  }
}

/** A customer's life on standard and pro, a customer whose price nobody mapped, and what comes along with them. */
export async function fillInbox(world: World): Promise<void> {
  const at = Math.floor(Date.now() / 1000) - 7200
  const pro = subscription({ items: [['si_1', PRICES.pro]] })
  const previous = { items: subscription().items }
  await world.deliver(
    event('customer.subscription.created', subscription(), { id: 'evt_created', created: at }),
  )
  await world.deliver(
    event('customer.subscription.updated', pro, { id: 'evt_upgraded', created: at + 60, previous }),
  )
  await world.deliver(
    event(
      'customer.subscription.created',
      subscription({ id: 'sub_2', customer: 'cus_2', items: [['si_2', 'price_new']] }),
      { id: 'evt_unmapped', created: at + 90 },
    ),
  )
  const invoice = { id: 'in_1', object: 'invoice', customer: 'cus_1', subscription: 'sub_1' }
  await world.deliver(event('invoice.paid', invoice, { id: 'evt_paid', created: at + 120 }))
}
