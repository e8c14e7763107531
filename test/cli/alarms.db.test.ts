import { afterEach, expect, test } from 'vitest'
import { raiseAlarm } from '../../src/stripe/alarms.ts'
import { type CommandWorld, commandWorld } from './replay-world.ts'

let world: CommandWorld
afterEach(() => world.close())

test('alarms are listed, the latest first, and a person clears one of them', async () => {
  world = await commandWorld()
  expect((await world.run('alarms')).stdout).toBe('No alarm is open.\n')
  await raiseAlarm(world.app, 'same_id_other_body', 'evt_1', 'the first')
  await raiseAlarm(world.app, 'customer_link_conflict', 'cus_1', 'the second')
  await raiseAlarm(world.app, 'customer_link_conflict', 'cus_1', 'the second again')
  const { alarms } = (await world.run('alarms', '--json')).json<{ alarms: Record<string, unknown>[] }>()
  expect(alarms).toMatchObject([
    { kind: 'customer_link_conflict', subject: 'cus_1', times: 2, detail: 'the second again' },
    { kind: 'same_id_other_body', subject: 'evt_1', times: 1 },
  ])
  expect((await world.run('alarms', 'list')).stdout).toMatch(/^kind +subject +times +since +last +detail\n/)

  const clearing = await world.run('alarms', 'clear', 'same_id_other_body', 'evt_1', '--json')
  expect([clearing.code, clearing.json()]).toEqual([
    0,
    { cleared: { kind: 'same_id_other_body', subject: 'evt_1' } },
  ])
  expect((await world.run('alarms')).stdout).not.toContain('evt_1')
  const again = await world.run('alarms', 'clear', 'same_id_other_body', 'evt_1')
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('Next: See `stepladder alarms`')])
})
