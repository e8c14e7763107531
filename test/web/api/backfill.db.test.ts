import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
beforeAll(async () => {
  world = await apiWorld()
  await world.ask('POST', '/org-types', { key: 'guild', name: 'Guild' })
})
afterAll(() => world.close())

const backfill = (body?: object) => world.ask('POST', '/org-types/guild/backfill', body)

test('R42: without a default it is refused: 409, and the next step is named', async () => {
  const { status, body } = await backfill()
  expect([status, body.code]).toEqual([409, 'no_default_ladder'])
  expect(body.next).toContain('/org-types/guild/default-ladder')
})

test('R41: it tells how many were updated, skipped and failed, and why each; so many in one call', async () => {
  const ids: string[] = []
  for (let n = 0; n < 3; n++) ids.push(await world.organization({ org_type: 'guild', name: `Guild ${n}` }))
  await world.ask('POST', `/organizations/${ids[0]}/grants`, { product: 'pro', reason: 'x' })
  const theirs = (await world.askAsOther('POST', '/organizations', { name: 'Theirs', org_type: 'guild' }))
    .body
  await world.ask('PUT', '/org-types/guild/default-ladder', { ladder: 'core' })

  const first = await backfill({ limit: 2 })
  expect(first.status).toBe(200)
  const second = await backfill({ limit: 2, cursor: first.body.next_cursor })
  expect(second.body.next_cursor).toBeNull()
  type Line = { organization_id: string; name: string; outcome: string; reason: string }
  const lines = [first, second].flatMap(({ body }) => body.organizations as Line[])
  expect(lines.map(({ organization_id }) => organization_id)).toEqual([...ids].sort())
  expect(lines.find(({ organization_id }) => organization_id === ids[0])).toEqual({
    organization_id: ids[0],
    name: 'Guild 0',
    outcome: 'skipped',
    reason: 'stands on pro of core, which is higher',
  })
  const sum = (what: string) => [first, second].reduce((total, { body }) => total + (body[what] as number), 0)
  expect([sum('updated'), sum('skipped'), sum('failed')]).toEqual([2, 1, 0])

  // Another tenant's organizations are another operator's affair.
  const places = await world.askAsOther('GET', `/enrollments?organization=${theirs.organization_id}`)
  expect(places.body.items).toEqual([])
  expect((await backfill()).body).toMatchObject({ updated: 0, skipped: 3, failed: 0, next_cursor: null })
})
