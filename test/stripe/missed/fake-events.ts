import type { ListPage, StripeApi } from '../../../src/stripe/api/stripe-api.ts'
import { event, subscription } from '../../support/world.ts'

/** Stripe's list of events in memory: one for each of these seconds, as `evt_<n>` in their order. */
export function fakeEvents(created: readonly number[]) {
  const all = created
    .map((second, n) => ({ id: `evt_${n}`, created: second }))
    .sort((a, b) => b.created - a.created)
  const asked: { from: number; until: number; types: readonly string[] }[] = []
  const api: Pick<StripeApi, 'events'> = {
    async *events({ from, until, types = [] }): AsyncGenerator<ListPage> {
      asked.push({ from, until, types })
      const found = all.filter((one) => one.created >= from && one.created <= until)
      for (let at = 0; at === 0 || at < found.length; at += 100) {
        const page = found.slice(at, at + 100)
        yield {
          objects: page.map((one) =>
            event('customer.subscription.created', subscription({ id: `sub_${one.id}` }), one),
          ),
          last: page.at(-1)?.id ?? null,
          more: at + 100 < found.length,
          date: until,
          elapsed: 0.01,
        }
      }
    },
  }
  return { api, asked }
}
