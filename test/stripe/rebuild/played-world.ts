import { readCatalogFile } from '../../../src/billing/catalog-file.ts'
import { forceTransition } from '../../../src/entitlements/force-transition.ts'
import { issueGrant } from '../../../src/entitlements/issue-grant.ts'
import { apiAnswer } from '../../../src/simulator/api-answer.ts'
import { deliveriesOf } from '../../../src/simulator/deliveries.ts'
import { type Life, livesOf } from '../../../src/simulator/life.ts'
import { SIMULATED_CATALOG } from '../../../src/simulator/prices.ts'
import { applyCatalog } from '../../../src/stripe/catalog/apply-catalog.ts'
import { subscriptionStateOf } from '../../../src/stripe/event/subscription-state.ts'
import { newWorld, type World } from '../../support/world.ts'

const operator = { type: 'operator', id: 'key_1', name: 'Ada' } as const

export type PlayedWorld = World & {
  lives: Life[]
  /** The organization of a life's customer. */
  organizationOf(customer: string): Promise<{ tenantId: string; organizationId: string }>
  give(customer: string, product: string, validUntil?: Date): Promise<void>
  atMost(customer: string, product: string): Promise<void>
  /** Takes up what waits for its time, until nothing does: holes are asked about. */
  comeToRest(): Promise<void>
}

/** Simulated lives told out of order and partly twice, and worked off to the end: what a deployment looks like after a while. */
export async function playedWorld(count: number, seed: number): Promise<PlayedWorld> {
  const now = Math.floor(Date.now() / 1000)
  const lives = livesOf(count, { seed, now, jitter: 2 })
  const bySubscription = new Map(lives.map((life) => [life.subscription, life]))
  const world = await newWorld({
    stripe: {
      subscription: async (id) => {
        const { object, date } = apiAnswer(bySubscription.get(id)!, Date.now() / 1000)!
        const state = subscriptionStateOf(object())
        if ('unreadable' in state) return { kind: 'failed', why: state.unreadable }
        return { kind: 'found', state, date, elapsed: 0 }
      },
    },
  })
  await applyCatalog(world.app, readCatalogFile(SIMULATED_CATALOG))
  const played: PlayedWorld = {
    ...world,
    lives,
    async organizationOf(customer) {
      const [row] = await world.owner<{ tenantId: string; organizationId: string }[]>`
        select tenant_id, organization_id from stripe.customers join organization.organizations using (organization_id)
        where stripe_customer_id = ${customer}`
      return row!
    },
    async give(customer, product, validUntil) {
      const organization = await played.organizationOf(customer)
      const asked = { ...organization, product, reason: 'agreed', actor: operator }
      await world.app.begin((tx) => issueGrant(tx, { ...asked, ...(validUntil && { validUntil }) }))
    },
    async atMost(customer, product) {
      const organization = await played.organizationOf(customer)
      const asked = { ...organization, product, ladder: 'core', reason: 'agreed', actor: operator }
      await world.app.begin((tx) => forceTransition(tx, { ...asked, mode: 'at_most' }))
    },
    async comeToRest() {
      for (let later = 0; later < 20; later++) {
        world.parts.now = () => new Date(Date.now() + later * 15_000)
        await world.takeUpWhatIsDue()
        const [open] = await world.owner<{ count: number }[]>`
          select count(*)::int as count from stripe.event_writes where state = 'waiting'`
        if (open!.count === 0) break
      }
      world.parts.now = () => new Date()
    },
  }
  const bodies = deliveriesOf(lives, { seed, duplicates: 0.1, shuffle: true }).map((delivery) =>
    JSON.parse(delivery.body()),
  )
  for (let at = 0; at < bodies.length; at += 40) await world.deliver(...bodies.slice(at, at + 40))
  await played.comeToRest()
  return played
}
