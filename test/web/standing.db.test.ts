import { afterEach, expect, test } from 'vitest'
import { changeEndpoint, createEndpoint } from '../../src/outbound/endpoints.ts'
import { readStanding } from '../../src/web/standing.ts'
import { event, newWorld, PRICES, subscription, type World } from '../support/world.ts'
import { listeningApp } from './app-for-test.ts'

let world: World
afterEach(() => world.close())

test('moves that others are still to be told are counted, with the age of the oldest, but for endpoints that are disabled', async () => {
  world = await newWorld()
  const outbound = async () => (await readStanding(world.app)).outbound
  expect(await outbound()).toEqual({ waiting: 0, oldest: 0 })
  const [tenant] = await world.app<{ tenantId: string }[]>`
    select tenant_id from organization.tenants where tenant_key = 'default'`
  const { tenantId } = tenant!
  const endpoint = (url: string) =>
    world.app.begin((tx) => createEndpoint(tx, { tenantId, url, description: '', allowed: 'none' }))
  const { endpointId: first } = await endpoint('https://first.example/')
  const { endpointId: second } = await endpoint('https://second.example/')
  const bought = subscription({ items: [['si_1', PRICES.pro]] })
  await world.deliver(event('customer.subscription.created', bought))
  const [moves] = await world.app<{ count: number }[]>`
    select count(*)::int as count from entitlements.pool_provision_transitions`
  expect(moves!.count).toBeGreaterThan(1)
  expect((await outbound()).waiting).toBe(2 * moves!.count)

  // As if the first of them had been made two hours ago, and the last an hour ago. Only the owner, without the guard, could write that.
  await world.owner`alter table entitlements.pool_provision_transitions disable trigger user`
  await world.owner`
    update entitlements.pool_provision_transitions
    set effective_at = now() - case when sequence = 1 then interval '2 hours' else interval '1 hour' end`
  const hours = async () => Math.floor((await outbound()).oldest / 3600)
  expect(await hours()).toBe(2)
  // It was taken by one of the two: the other one still does not know.
  const taken = (endpointId: string) => world.app`
    update outbound.deliveries set delivered_at = now() where endpoint_id = ${endpointId} and sequence = 1`
  await taken(first)
  expect(await hours()).toBe(2)
  await taken(second)
  expect(await hours()).toBe(1)
  expect((await outbound()).waiting).toBe(2 * moves!.count - 2)

  const server = await listeningApp(world.app)
  const text = await (await fetch(`${server.url}/metrics`)).text()
  await server.close(100)
  expect(text.split('\n')).toContain(`stepladder_outbound_waiting ${2 * moves!.count - 2}`)
  expect(text).toMatch(/^stepladder_outbound_oldest_seconds 3[67]\d\d(\.\d+)?$/m)

  for (const endpointId of [first, second])
    await world.app.begin((tx) =>
      changeEndpoint(tx, { tenantId, endpointId, disabled: true, allowed: 'none' }),
    )
  expect(await outbound()).toEqual({ waiting: 0, oldest: 0 })
})
