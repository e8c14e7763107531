import { expect, test, vi } from 'vitest'
import { remembered } from '../../src/entitlements/remembered.ts'

function slowReading(value: string | null = 'read') {
  let answer = (_: string | null) => {}
  let fail = (_: Error) => {}
  const read = vi.fn(
    () =>
      new Promise<string | null>((resolve, reject) => {
        answer = resolve
        fail = reject
      }),
  )
  return { read, answer: () => answer(value), fail: () => fail(new Error('away')) }
}

test('a hundred who ask at once share one reading', async () => {
  const pools = remembered<string>(10)
  const { read, answer } = slowReading()
  const asked = Array.from({ length: 100 }, () => pools.ask('p', read))
  answer()
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['read']))
  expect([read.mock.calls.length, pools.get('p')]).toEqual([1, 'read'])
})

test('what changes while it is read is not remembered, and who comes after the change reads anew', async () => {
  const pools = remembered<string>(10)
  for (const change of [() => pools.forget('p'), () => pools.forgetAll()]) {
    const before = slowReading('before')
    const after = slowReading('after')
    const first = pools.ask('p', before.read)
    change()
    const second = pools.ask('p', after.read)
    after.answer()
    before.answer()
    expect([await first, await second, pools.get('p')]).toEqual(['before', 'after', 'after'])
    pools.forget('p')
  }
})

test('a reading that is stuck holds up nobody who comes later, and what it brings in the end is thrown away', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const pools = remembered<string>(10)
    const stuck = slowReading('old')
    const first = pools.ask('p', stuck.read)
    vi.advanceTimersByTime(600)
    const later = slowReading('new')
    const second = pools.ask('p', later.read)
    later.answer()
    expect(await second).toBe('new')
    stuck.answer()
    expect([await first, pools.get('p')]).toEqual(['old', 'new'])
  } finally {
    vi.useRealTimers()
  }
})

test('nothing found and a failure are not remembered', async () => {
  const pools = remembered<string>(10)
  const nothing = slowReading(null)
  const asked = pools.ask('p', nothing.read)
  nothing.answer()
  expect([await asked, pools.get('p')]).toEqual([null, undefined])
  const failing = slowReading()
  const failed = pools.ask('p', failing.read)
  failing.fail()
  await expect(failed).rejects.toThrow('away')
  const again = slowReading()
  const found = pools.ask('p', again.read)
  again.answer()
  expect(await found).toBe('read')
})
