import { apiAnswer } from '../../src/simulator/api-answer.ts'
import type { Life } from '../../src/simulator/life.ts'
import { SIMULATED_PRICES } from '../../src/simulator/prices.ts'
import { customerCreated, customerEventId, stripeEvent } from '../../src/simulator/stripe-event.ts'
import { customerObject } from '../../src/simulator/stripe-object.ts'
import type { StandInOptions } from './stripe-stand-in.ts'

type Json = Record<string, unknown>

/** An object that a list may show; rendered when it is on the page that was asked for. */
type Listed = { id: string; object: () => Json }

type Kind = {
  /** At a true time, Unix seconds; newest first. */
  list: (at: number, query: URLSearchParams) => readonly Listed[]
  find: (id: string, at: number, query: URLSearchParams) => Json | null
}

/** A Stripe account, by the second part of its paths. */
export type StandInAccount = Record<
  'events' | 'subscriptions' | 'subscription_items' | 'customers' | 'products' | 'prices',
  Kind
>

const DAY = 86_400

/** The account in which these lives are lived. */
export function accountOf(lives: readonly Life[], options: StandInOptions): StandInAccount {
  const bySubscription = new Map(lives.map((life) => [life.subscription, life]))
  const byCustomer = new Map(lives.map((life) => [life.customer, life]))
  const customerOf = (life: Life): Json =>
    options.customer?.(life) ?? customerObject(life.customer, life.events[0]!.after.started - 1)
  const subscriptionOf = (life: Life, at: number, query: URLSearchParams): Json | null => {
    const object = apiAnswer(life, at)?.object() ?? null
    const expanded = query.getAll('expand[]').some((path) => path.endsWith('customer'))
    return object && expanded ? { ...object, customer: customerOf(life) } : object
  }
  const newestLives = [...lives].sort((a, b) => b.events[0]!.at - a.events[0]!.at)
  return {
    events: eventsOf(lives, options.keepDays ?? 30),
    subscriptions: {
      list: (at, query) =>
        newestLives.flatMap((life) => {
          const status = apiAnswer(life, at)?.snapshot.state.status
          const wanted = query.get('status')
          const listed = wanted === 'all' || (wanted ? status === wanted : status !== 'canceled')
          if (status === undefined || !listed) return []
          if (query.has('customer') && query.get('customer') !== life.customer) return []
          return [{ id: life.subscription, object: () => subscriptionOf(life, at, query)! }]
        }),
      find: (id, at, query) => {
        const life = bySubscription.get(id)
        return life ? subscriptionOf(life, at, query) : null
      },
    },
    subscription_items: {
      list: (at, query) => {
        const life = bySubscription.get(query.get('subscription') ?? '')
        const items = life && (subscriptionOf(life, at, query)?.items as { data: Json[] } | undefined)
        return listOf(items?.data ?? []).list(at, query)
      },
      find: () => null,
    },
    customers: {
      list: () => newestLives.map((life) => ({ id: life.customer, object: () => customerOf(life) })),
      find: (id) => {
        const life = byCustomer.get(id)
        return life ? customerOf(life) : null
      },
    },
    products: listOf(options.products ?? simulatedProducts()),
    prices: listOf(options.prices ?? simulatedPrices()),
  }
}

/** Events as Stripe keeps them, newest first; of one second, in the order in which the simulator made them. */
function eventsOf(lives: readonly Life[], keepDays: number): Kind {
  const all = lives
    .flatMap((life) => [
      {
        id: customerEventId(life),
        type: 'customer.created',
        at: life.events[0]!.at - 1,
        created: life.events[0]!.after.started - 1,
        object: (): Json => customerCreated(life),
      },
      ...life.events.map((event) => ({
        id: event.event,
        type: event.type as string,
        at: event.at,
        created: event.created,
        object: (): Json => stripeEvent(event),
      })),
    ])
    .sort((a, b) => b.created - a.created)
  const byId = new Map(all.map((event) => [event.id, event]))
  const isThere = (event: { at: number }, at: number) => event.at <= at && event.at > at - keepDays * DAY
  return {
    list: (at, query) => {
      const bound = (name: string, otherwise: number) => Number(query.get(`created[${name}]`) ?? otherwise)
      const from = Math.max(bound('gte', 0), bound('gt', -1) + 1)
      const until = Math.min(
        bound('lte', Number.POSITIVE_INFINITY),
        bound('lt', Number.POSITIVE_INFINITY) - 1,
      )
      const types = query.getAll('types[]')
      return all.filter(
        (event) =>
          event.created >= from &&
          event.created <= until &&
          (types.length === 0 || types.includes(event.type)) &&
          isThere(event, at),
      )
    },
    find: (id, at) => {
      const event = byId.get(id)
      return event && isThere(event, at) ? event.object() : null
    },
  }
}

function listOf(objects: readonly Json[]): Kind {
  const listed = objects.map((object) => ({ id: String(object.id), object: () => object }))
  return { list: () => listed, find: (id) => listed.find((one) => one.id === id)?.object() ?? null }
}

function simulatedProducts(): Json[] {
  return [...new Set(SIMULATED_PRICES.map(({ stripeProduct }) => stripeProduct))].map((id) => ({
    id,
    object: 'product',
    active: true,
    created: 1_700_000_000,
    default_price: null,
    description: null,
    livemode: false,
    marketing_features: [],
    metadata: {},
    name: SIMULATED_PRICES.find(({ stripeProduct }) => stripeProduct === id)!.product,
    type: 'service',
  }))
}

function simulatedPrices(): Json[] {
  return SIMULATED_PRICES.map(({ price, stripeProduct, amount, interval }) => ({
    id: price,
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: 1_700_000_000,
    currency: 'usd',
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: stripeProduct,
    recurring: { interval, interval_count: 1, meter: null, usage_type: 'licensed' },
    type: 'recurring',
    unit_amount: amount,
  }))
}
