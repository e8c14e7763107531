import { expect, test } from 'vitest'
import { readFeatures } from '../../src/web/feature-fields.ts'

const held = { seats: 10, api: true, level: '10', 'api.calls': 'unlimited' }
const shown = {
  'value.seats': '10',
  'value.api': 'true',
  'value.level': '10',
  'value.api.calls': 'unlimited',
}
const read = (fields: Record<string, string>) => readFeatures(new URLSearchParams(fields), held)

test('a form that is sent as it was shown changes nothing, also where a text looks like a number', () => {
  expect(read(shown)).toMatchObject({ faults: {}, changes: {} })
})

test('true, false and numbers are read as those, and all else as a text; an emptied value takes the feature away', () => {
  const fields = {
    ...shown,
    'value.seats': '-2.5',
    'value.api': 'false',
    'value.level': 'deep',
    'value.api.calls': ' ',
  }
  expect(read(fields).changes).toEqual({ seats: -2.5, api: false, level: 'deep', 'api.calls': null })
})

test('a field that did not come says nothing about its feature', () => {
  expect(read({ 'value.seats': '11' }).changes).toEqual({ seats: 11 })
})

test('a new feature needs a name and a value, and one that is there is not new', () => {
  const { faults, changes } = read({
    ...shown,
    'new.0.feature': 'half',
    'new.1.value': '3',
    'new.2.feature': 'seats',
    'new.2.value': '9',
  })
  expect(changes).toBeNull()
  expect(faults).toEqual({
    'new.0.value': 'must not be empty',
    'new.1.feature': 'has to be named',
    'new.2.feature': 'is there already, above',
  })
})

test('the same new feature twice, or a name of another form, is told at its name', () => {
  const twice = { 'new.0.feature': 'hours', 'new.0.value': '1', 'new.1.feature': 'hours', 'new.1.value': '2' }
  expect(read(twice).faults).toEqual({ 'new.1.feature': 'is there already, above' })
  const odd = read({ 'new.0.feature': '__proto__', 'new.0.value': '1' })
  expect(odd.changes).toBeNull()
  expect(Object.keys(odd.faults)).toEqual(['new.0.feature'])
})
