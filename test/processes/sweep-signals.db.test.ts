import { afterEach, expect, test, vi } from 'vitest'
import { type Log, silentLog } from '../../src/log.ts'
import { sweepSignals } from '../../src/processes/sweep-signals.ts'
import { created, newSignalWorld, type SignalWorld, T, updated } from '../governance/signals/signal-world.ts'

let world: SignalWorld
afterEach(() => world.close())

test('a sweep takes up what was told; what cannot be taken up keeps no other account waiting', async () => {
  world = await newSignalWorld()
  const stop = new AbortController()
  const said: string[] = []
  const log: Log = { ...silentLog, warn: (_, message) => said.push(message) }
  await world.deliver(created({}), created({ id: 'sub_2', customer: 'cus_2' }))
  await world.deliver(
    updated({ status: 'active' }, { status: 'past_due' }, T + 100),
    updated(
      { id: 'sub_2', customer: 'cus_2', status: 'active' },
      { id: 'sub_2', customer: 'cus_2', status: 'past_due' },
      T + 100,
    ),
  )
  // Of cus_1 something was told that nobody can make anything of.
  await world.owner`
    insert into stripe.subscription_signals (tenant_id, account_id, kind, cause, state, occurred_at)
    select tenant_id, account_id, 'past_due', 'evt_odd', '{}', now() from stripe.subscription_signals
    order by sequence limit 1`
  const swept = sweepSignals(world.app, { log, signal: stop.signal, everyMs: 20 })
  const soon = { timeout: 15_000, interval: 50 }
  await vi.waitFor(async () => expect(await world.plans('cus_2')).toHaveLength(1), soon)
  await vi.waitFor(
    () =>
      expect(said).toContain('What was told of an account could not be taken up; the next sweep tries again'),
    soon,
  )
  expect(await world.plans('cus_1')).toEqual([])
  await world.owner`update stripe.subscription_signals set taken_at = now() where cause = 'evt_odd'`
  await vi.waitFor(async () => expect(await world.plans('cus_1')).toHaveLength(1), soon)
  stop.abort()
  await swept
})
