import { expect, test } from 'vitest'
import { deliveriesOf } from '../../src/simulator/deliveries.ts'
import { livesOf } from '../../src/simulator/life.ts'

const lives = livesOf(300, { seed: 5, now: 1_793_000_000 })
const all = lives.reduce((sum, life) => sum + life.events.length, 0)
const ids = (deliveries: { event: string }[]) => deliveries.map((d) => d.event)

test('undisturbed, every event comes once, by true time, each life after its customer', () => {
  const deliveries = deliveriesOf(lives, { seed: 1 })
  expect(deliveries.length).toBe(all + lives.length)
  expect(new Set(ids(deliveries)).size).toBe(all + lives.length)
  for (const life of lives) {
    const own = deliveries.filter((d) => d.life === life.index)
    expect(own[0]!.type).toBe('customer.created')
    expect(ids(own.slice(1))).toEqual(life.events.map((e) => e.event))
  }
})

test('the same seed delivers the same, byte for byte', () => {
  const options = { seed: 3, duplicates: 0.2, shuffle: true, loss: 0.1 }
  const [one, two] = [deliveriesOf(lives, options), deliveriesOf(lives, options)]
  expect(ids(one)).toEqual(ids(two))
  expect(one.slice(0, 50).map((d) => d.body())).toEqual(two.slice(0, 50).map((d) => d.body()))
  expect(ids(deliveriesOf(lives, { ...options, seed: 4 }))).not.toEqual(ids(one))
})

test('a share of deliveries comes twice, later and with the same bytes', () => {
  const deliveries = deliveriesOf(lives, { seed: 1, duplicates: 0.2, customers: false })
  const share = deliveries.length / all - 1
  expect(share).toBeGreaterThan(0.15)
  expect(share).toBeLessThan(0.25)
  const twice = deliveries.find((d, i) => ids(deliveries).indexOf(d.event) < i)!
  const copies = deliveries.filter((d) => d.event === twice.event)
  expect(copies[0]!.body()).toBe(copies[1]!.body())
})

test('a share of subscription events is lost, and no customer', () => {
  const deliveries = deliveriesOf(lives, { seed: 1, loss: 0.1 })
  expect(deliveries.filter((d) => d.type === 'customer.created').length).toBe(lives.length)
  const left = (deliveries.length - lives.length) / all
  expect(left).toBeGreaterThan(0.86)
  expect(left).toBeLessThan(0.94)
})

test('shuffled, most come out of order; a share only delays some', () => {
  const inOrder = ids(deliveriesOf(lives, { seed: 1 }))
  const moved = (order: string[]) => {
    const place = new Map(inOrder.map((id, i) => [id, i]))
    return order.filter((id, i) => i > 0 && place.get(id)! < place.get(order[i - 1]!)!).length / order.length
  }
  expect(moved(ids(deliveriesOf(lives, { seed: 1, shuffle: true })))).toBeGreaterThan(0.4)
  const late = moved(ids(deliveriesOf(lives, { seed: 1, shuffle: 0.05 })))
  expect(late).toBeGreaterThan(0.02)
  expect(late).toBeLessThan(0.1)
})
