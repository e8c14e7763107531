import type { Life, LifeEvent } from './life.ts'
import { chance, type Random, randomOf, shuffled, whole } from './random.ts'
import { customerCreated, customerEventId, stripeEvent } from './stripe-event.ts'

/** One POST that Stripe makes. The body is rendered when asked for: a long run holds no bodies. */
export type Delivery = {
  life: number
  event: string
  type: string
  /** JSON, unsigned; every delivery of one event has the same bytes. */
  body: () => string
}

export type DeliveryOptions = {
  seed: number
  /** Share of deliveries that come once more, at a random place later. */
  duplicates?: number
  /** true: any order over all lives; a share: so many deliveries come late, at a random later place. */
  shuffle?: boolean | number
  /** Share of subscription events that never come. */
  loss?: number
  /** Whether each life begins with its `customer.created`, which is never lost. Default true. */
  customers?: boolean
}

/** What Stripe delivers of these lives, in order of delivery; by true time unless shuffled. */
export function deliveriesOf(lives: readonly Life[], options: DeliveryOptions): Delivery[] {
  const random = randomOf(options.seed, 0xde11)
  const timed: { at: number; delivery: Delivery }[] = []
  for (const life of lives) {
    if (options.customers ?? true) timed.push({ at: life.events[0]!.at - 1, delivery: ofCustomer(life) })
    for (const event of life.events) {
      if (!chance(random, options.loss ?? 0)) timed.push({ at: event.at, delivery: ofEvent(life, event) })
    }
  }
  const inTime = timed.sort((a, b) => a.at - b.at).map(({ delivery }) => delivery)
  const { shuffle = false } = options
  if (shuffle === true) return shuffled(random, again(random, inTime, options.duplicates ?? 0))
  return again(random, late(random, inTime, shuffle === false ? 0 : shuffle), options.duplicates ?? 0)
}

function ofEvent(life: Life, event: LifeEvent): Delivery {
  return {
    life: life.index,
    event: event.event,
    type: event.type,
    body: () => JSON.stringify(stripeEvent(event)),
  }
}

function ofCustomer(life: Life): Delivery {
  const body = () => JSON.stringify(customerCreated(life))
  return { life: life.index, event: customerEventId(life), type: 'customer.created', body }
}

function again(random: Random, list: readonly Delivery[], share: number): Delivery[] {
  return share === 0
    ? [...list]
    : withPlaces(
        list.flatMap((delivery, i) =>
          chance(random, share)
            ? [
                { place: i, delivery },
                { place: whole(random, i, list.length), delivery },
              ]
            : [{ place: i, delivery }],
        ),
      )
}

function late(random: Random, list: readonly Delivery[], share: number): Delivery[] {
  return share === 0
    ? [...list]
    : withPlaces(
        list.map((delivery, i) => ({
          place: chance(random, share) ? whole(random, i, list.length) : i,
          delivery,
        })),
      )
}

function withPlaces(placed: { place: number; delivery: Delivery }[]): Delivery[] {
  return placed.sort((a, b) => a.place - b.place).map(({ delivery }) => delivery)
}
