import type { ListPage, StripeApi } from '../../../src/stripe/api/stripe-api.ts'
import { subscriptionStateOf } from '../../../src/stripe/event/subscription-state.ts'
import {
  type Reconciled,
  type ReconcileParts,
  reconcileOnce,
} from '../../../src/stripe/reconcile/reconcile.ts'
import { readDifferences } from '../../../src/stripe/reconcile/reconcile-runs.ts'
import { event, type SubscriptionSketch, subscription, type World } from '../../support/world.ts'

/** Stripe as a test has it: what stands there now, told in pages of two. */
export type ToldStripe = {
  /** By id, the newest first as Stripe lists them. */
  truth: Map<string, SubscriptionSketch>
  /** Raw objects that replace what the sketches would show. */
  raw: Map<string, Record<string, unknown>>
  api: Pick<StripeApi, 'subscriptions' | 'subscription'>
  /** What was asked for by itself, in order. */
  asked: string[]
  /** Called before each page, with how many were told and after which one it goes on. */
  beforePage: (told: number, after: string | undefined) => void | Promise<void>
  /** Called before one is told by itself. */
  beforeAnswer: (id: string) => void | Promise<void>
}

export function toldStripe(pageSize = 2): ToldStripe {
  const objectOf = (id: string) => stripe.raw.get(id) ?? subscription({ id, ...stripe.truth.get(id) })
  const date = () => Math.floor(Date.now() / 1000)
  const stripe: ToldStripe = {
    truth: new Map(),
    raw: new Map(),
    asked: [],
    beforePage: () => {},
    beforeAnswer: () => {},
    api: {
      async subscription(id) {
        stripe.asked.push(id)
        await stripe.beforeAnswer(id)
        if (!stripe.truth.has(id)) return { kind: 'missing' }
        const state = subscriptionStateOf(objectOf(id))
        if ('unreadable' in state) return { kind: 'failed', why: state.unreadable }
        return { kind: 'found', state, date: date(), elapsed: 0.1 }
      },
      async *subscriptions({ startingAfter } = {}): AsyncGenerator<ListPage> {
        const ids = [...stripe.truth].filter(([, { status }]) => status !== 'canceled').map(([id]) => id)
        let from = startingAfter === undefined ? 0 : ids.indexOf(startingAfter) + 1
        for (;;) {
          await stripe.beforePage(from, startingAfter)
          const page = ids.slice(from, from + pageSize)
          from += page.length
          const more = from < ids.length
          yield { objects: page.map(objectOf), last: page.at(-1) ?? null, more, date: date(), elapsed: 0.1 }
          if (!more) return
        }
      },
    },
  }
  return stripe
}

/** One run over all of it, which waits for nothing. */
export function reconcile(
  world: World,
  stripe: ToldStripe,
  options: Partial<ReconcileParts> = {},
): Promise<Reconciled> {
  const { app: db, parts } = world
  return reconcileOnce({
    db,
    api: stripe.api,
    repair: false,
    autoProvision: parts.autoProvision,
    settleSeconds: 0,
    ...options,
  })
}

/** Each difference of a run as `class outcome subscription`. */
export async function told(world: World, { run }: Reconciled): Promise<string[]> {
  const found = await readDifferences(world.app, run)
  return found.map((one) => `${one.class} ${one.outcome} ${one.subscription}`)
}

/** A subscription whose life began ten minutes ago, here and at Stripe alike. */
export async function subscribed(
  world: World,
  stripe: ToldStripe,
  sketch: SubscriptionSketch & { id: string },
) {
  stripe.truth.set(sketch.id, sketch)
  await world.deliver(
    event('customer.subscription.created', subscription(sketch), {
      created: Math.floor(Date.now() / 1000) - 600,
    }),
  )
}
