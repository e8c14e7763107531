import { describe, expect, test } from 'vitest'
import { putBack } from '../../../src/stripe/event/previous-attributes.ts'

describe('putting previous_attributes back', () => {
  test('replaces plain values and leaves the rest', () => {
    expect(putBack({ status: 'past_due', id: 'sub_1' }, { status: 'active' })).toEqual({
      status: 'active',
      id: 'sub_1',
    })
  })

  test('merges objects deeply, and takes arrays whole', () => {
    const after = { a: { b: { c: 1, d: 2 }, e: 3 }, list: [1, 2, 3] }
    expect(putBack(after, { a: { b: { c: 9 } }, list: [1] })).toEqual({
      a: { b: { c: 9, d: 2 }, e: 3 },
      list: [1],
    })
  })

  test('puts an object where null is now, and null where an object is now', () => {
    const pause = { behavior: 'void', resumes_at: null }
    expect(putBack({ pause_collection: null }, { pause_collection: pause })).toEqual({
      pause_collection: pause,
    })
    expect(putBack({ pause_collection: pause }, { pause_collection: null })).toEqual({
      pause_collection: null,
    })
  })

  test('takes the items inside their list whole', () => {
    const after = { items: { object: 'list', data: [{ id: 'si_new' }], total_count: 1 } }
    const previous = { items: { data: [{ id: 'si_a' }, { id: 'si_b' }], total_count: 2 } }
    expect(putBack(after, previous)).toEqual({
      items: { object: 'list', data: [{ id: 'si_a' }, { id: 'si_b' }], total_count: 2 },
    })
  })

  test('changes neither of what it was given', () => {
    const after = { plan: { id: 'new', amount: 2 }, items: { data: [{ id: 'si_1', plan: { id: 'new' } }] } }
    const previous = { plan: { id: 'old' } }
    const copies = structuredClone([after, previous])
    putBack(after, previous)
    expect([after, previous]).toEqual(copies)
  })

  test('keeps a key __proto__ a key', () => {
    const previous = JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}}}')
    const before = putBack({ a: { b: 1 } }, previous)
    expect(JSON.stringify(before)).toBe('{"a":{"b":1,"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}')
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('gives up on what nests too deeply', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`)
    expect(putBack({}, deep)).toBeNull()
    expect(putBack(deep, { b: 1 })).not.toBeNull()
  })
})

describe('versions that put back only a plan or a quantity mean the single item', () => {
  const after = {
    plan: { id: 'new', amount: 2000, interval: 'year', product: 'prod_new' },
    quantity: 5,
    items: {
      has_more: false,
      data: [
        {
          id: 'si_1',
          quantity: 5,
          plan: { id: 'new', amount: 2000, interval: 'year', product: 'prod_new' },
          price: {
            id: 'new',
            product: 'prod_new',
            unit_amount: 2000,
            unit_amount_decimal: '2000',
            recurring: { interval: 'year', interval_count: 1 },
          },
        },
      ],
    },
  }
  const single = (before: ReturnType<typeof putBack>) =>
    (before?.items as { data: unknown[] } | undefined)?.data

  test('the plan, and the price that is its other name', () => {
    const plan = { id: 'old', amount: 900, interval: 'month' }
    const before = putBack(after, { plan })
    expect(before?.plan).toEqual({ ...plan, product: 'prod_new' })
    expect(single(before)).toEqual([
      {
        id: 'si_1',
        quantity: 5,
        plan: { ...plan, product: 'prod_new' },
        price: {
          id: 'old',
          product: 'prod_new',
          unit_amount: 900,
          // The decimal of the new amount would contradict the old one.
          unit_amount_decimal: null,
          recurring: { interval: 'month', interval_count: 1 },
        },
      },
    ])
  })

  test('the quantity', () => {
    expect(single(putBack(after, { quantity: 1 }))).toEqual([{ ...after.items.data[0], quantity: 1 }])
  })

  test('before there were items, the plan on top is all there is', () => {
    const old = { plan: { id: 'new', amount: 2 }, quantity: 5 }
    expect(putBack(old, { plan: { id: 'old' }, quantity: 1 })).toEqual({
      plan: { id: 'old', amount: 2 },
      quantity: 1,
    })
  })

  test('items that are put back themselves are believed, whatever the plan says', () => {
    const data = [{ id: 'si_0', plan: { id: 'older' } }]
    expect(single(putBack(after, { plan: { id: 'old' }, quantity: 9, items: { data } }))).toEqual(data)
  })

  test.each([
    ['several items', { items: { data: [{ id: 'si_1' }, { id: 'si_2' }] } }, { plan: { id: 'old' } }],
    ['several items and a quantity', { items: { data: [{ id: 'si_1' }, { id: 'si_2' }] } }, { quantity: 1 }],
    ['no item', { items: { data: [] } }, { plan: { id: 'old' } }],
    ['a list that was cut off', { items: { data: [{ id: 'si_1' }], has_more: true } }, { quantity: 1 }],
    ['a plan of null: there were several items', after, { plan: null }],
    ['items of no known shape', { items: 'x' }, { quantity: 1 }],
  ])('%s: it cannot be told, a gap', (_, object, previous) => {
    expect(putBack(object, previous)).toBeNull()
  })
})
