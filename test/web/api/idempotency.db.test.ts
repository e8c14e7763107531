import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { bearer } from '../app-for-test.ts'
import { type Answer, type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
let organization: string
beforeAll(async () => {
  world = await apiWorld()
})
afterAll(() => world.close())
afterEach(() => world.owner`delete from auth.idempotent_requests`)

let count = 0
const newKey = () => `test-${++count}`

function send(key: string, path: string, body: unknown, as = world.key): Promise<Answer> {
  return world.send('POST', path, {
    headers: { ...bearer(as), 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  })
}
const made = async (name: string) =>
  (await world.owner`select from organization.organizations where name = ${name}`).length
const create = (key: string, name: string, as?: string) =>
  send(key, '/organizations', { name, org_type: 'coop' }, as)

test('sent again, a request is answered as at first, and done once', async () => {
  const key = newKey()
  const first = await create(key, 'Once')
  const again = await create(key, 'Once')
  expect(first.status).toBe(201)
  expect(again).toEqual(first)
  expect(await made('Once')).toBe(1)
  const [actions] = await world.owner<{ count: number }[]>`
    select count(*)::int as count from auth.operator_actions a
    join auth.idempotent_requests r using (request_id) where r.idempotency_key = ${key}`
  expect(actions!.count).toBe(1)
})

test('without a key it is done again', async () => {
  await world.ask('POST', '/organizations', { name: 'Twice', org_type: 'coop' })
  await world.ask('POST', '/organizations', { name: 'Twice', org_type: 'coop' })
  expect(await made('Twice')).toBe(2)
})

test('the answer says that it was given before', async () => {
  const key = newKey()
  const ask = () =>
    world.raw('POST', '/organizations', {
      headers: { ...bearer(world.key), 'content-type': 'application/json', 'idempotency-key': key },
      body: '{ "org_type": "coop", "name": "Replayed" }',
    })
  expect((await ask()).headers.get('idempotency-replayed')).toBeNull()
  expect((await ask()).headers.get('idempotency-replayed')).toBe('true')
})

test('the same key with something else is refused, whatever is different', async () => {
  const key = newKey()
  await create(key, 'Body')
  for (const other of [
    () => create(key, 'Another body'),
    () => send(key, '/ladders', { key: 'x', name: 'Body' }),
  ]) {
    const { status, body } = await other()
    expect([status, body.code]).toEqual([422, 'idempotency_key_reused'])
  }
  expect(await made('Another body')).toBe(0)
})

test('what stands in the path is a part of what was asked', async () => {
  const [one, two] = [await world.organization(), await world.organization()]
  const key = newKey()
  const grant = { product: 'pro', reason: 'x' }
  expect((await send(key, `/organizations/${one}/grants`, grant)).status).toBe(201)
  expect((await send(key, `/organizations/${two}/grants`, grant)).body.code).toBe('idempotency_key_reused')
})

test('a key is its caller’s own: another tenant’s is another', async () => {
  const key = newKey()
  const ours = await create(key, 'Whose')
  const theirs = await create(key, 'Whose', world.otherKey)
  expect([ours.status, theirs.status]).toEqual([201, 201])
  expect(theirs.body.organization_id).not.toBe(ours.body.organization_id)
})

test('a refusal is kept too, so that the same question has one answer', async () => {
  organization = await world.organization()
  const key = newKey()
  const ask = () => send(key, `/organizations/${organization}/grants`, { product: 'nothing', reason: 'x' })
  const first = await ask()
  expect(first.status).toBeGreaterThanOrEqual(400)
  await world.ask('POST', '/products', { key: 'nothing', name: 'Nothing' })
  await world.ask('POST', '/products/nothing/publish-and-attach', { ladder: 'core', rank: 70 })
  expect(await ask()).toEqual(first)
  expect(
    (await send(newKey(), `/organizations/${organization}/grants`, { product: 'nothing', reason: 'x' }))
      .status,
  ).toBe(201)
})

test('what cannot be read is no request yet: the key is free', async () => {
  const key = newKey()
  expect((await send(key, '/organizations', { nme: 'Typo' })).body.code).toBe('invalid_body')
  expect((await create(key, 'Free')).status).toBe(201)
})

test('asked twenty times at once it is done once, and nobody is told otherwise', async () => {
  const key = newKey()
  const answers = await Promise.all(Array.from({ length: 20 }, () => create(key, 'At once')))
  expect(await made('At once')).toBe(1)
  const ids = new Set(answers.flatMap(({ body }) => (body.organization_id as string) ?? []))
  expect(ids.size).toBe(1)
  for (const { status, body } of answers)
    expect(status === 201 || body.code === 'idempotency_in_flight', JSON.stringify(body)).toBe(true)
  expect((await create(key, 'At once')).status).toBe(201)
})

test('while it is being done it is not begun again', async () => {
  const key = newKey()
  await create(key, 'Long')
  await world.owner`update auth.idempotent_requests set answered_at = null, status = null, answer = null`
  const { status, body } = await create(key, 'Long')
  expect([status, body.code]).toEqual([409, 'idempotency_in_flight'])
})

test('its process died after the commit: that it was done is told, and it is not done twice', async () => {
  const key = newKey()
  await create(key, 'Died after')
  await world.owner`
    update auth.idempotent_requests
    set answered_at = null, status = null, answer = null, begun_at = begun_at - interval '6 minutes'`
  const { status, body } = await create(key, 'Died after')
  expect([status, body.code]).toEqual([409, 'idempotency_answer_lost'])
  expect(await made('Died after')).toBe(1)
})

test('its process died before the commit: it is done now', async () => {
  const key = newKey()
  await create(key, 'Died before')
  await world.owner`
    update auth.idempotent_requests
    set answered_at = null, status = null, answer = null, request_id = gen_random_uuid(),
        begun_at = begun_at - interval '6 minutes'`
  const answers = await Promise.all([create(key, 'Died before'), create(key, 'Died before')])
  expect(answers.map(({ status }) => status)).toContain(201)
  expect(await made('Died before')).toBe(2)
})

test('after a day the key is new again, and what was kept is gone', async () => {
  const [key, other] = [newKey(), newKey()]
  await create(key, 'Daily')
  await create(other, 'Daily')
  await world.owner`update auth.idempotent_requests set begun_at = begun_at - interval '25 hours'`
  expect((await create(key, 'Daily')).status).toBe(201)
  expect(await made('Daily')).toBe(3)
  const rows = await world.owner`select idempotency_key from auth.idempotent_requests`
  expect(rows.map((row) => row.idempotencyKey)).toEqual([key])
})

test('a fault of ours that changed nothing frees the key', async () => {
  const key = newKey()
  await world.owner`alter table organization.organizations add constraint never check (name <> 'Broken') not valid`
  expect((await create(key, 'Broken')).status).toBe(500)
  await world.owner`alter table organization.organizations drop constraint never`
  expect((await create(key, 'Broken')).status).toBe(201)
})

test.each(['', ' ', 'with space', 'ü', 'x'.repeat(256)])('the key %j is refused', async (key) => {
  const headers = { ...bearer(world.key), 'content-type': 'application/json', 'idempotency-key': key }
  const body = JSON.stringify({ name: 'Odd', org_type: 'coop' })
  const answer = await world.send('POST', '/organizations', { headers, body })
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_idempotency_key'])
})

test('a reading request takes no notice of a key', async () => {
  const headers = { ...bearer(world.key), 'idempotency-key': 'any' }
  expect((await world.send('GET', '/organizations', { headers })).status).toBe(200)
  expect((await world.owner`select from auth.idempotent_requests`).length).toBe(0)
})
