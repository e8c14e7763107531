import { expect, test } from 'vitest'
import { boundedMemory } from '../../src/entitlements/bounded-memory.ts'

test('it never holds more than it may, and what is asked for again and again stays', () => {
  const memory = boundedMemory<number, string>(100)
  memory.set(-1, 'busy')
  let held = 0
  for (let n = 0; n < 10_000; n++) {
    memory.set(n, `${n}`)
    expect(memory.get(-1)).toBe('busy')
  }
  for (let n = 0; n < 10_000; n++) if (memory.get(n) !== undefined) held += 1
  expect(held).toBeGreaterThan(40)
  expect(held).toBeLessThanOrEqual(100)
})

test('what is written again is read as written last, whichever generation it was in', () => {
  const memory = boundedMemory<string, number>(4)
  memory.set('a', 1)
  memory.set('b', 1)
  memory.set('c', 1)
  memory.set('a', 2)
  expect([memory.get('a'), memory.get('b'), memory.get('c')]).toEqual([2, 1, 1])
  memory.delete('b')
  expect(memory.get('b')).toBeUndefined()
  memory.clear()
  expect([memory.get('a'), memory.get('c')]).toEqual([undefined, undefined])
})
