import { expect, test } from 'vitest'
import { masked } from '../src/mask.ts'

test('addresses, card numbers, keys and tokens are taken out, and the sentence around them stays', () => {
  expect(masked('jenny.rosen+x@mail.example.com paid')).toBe('[e-mail] paid')
  expect(masked('jörg@bücher.example')).toBe('[e-mail]')
  for (const card of ['4242424242424242', '4242 4242 4242 4242', '3782-822463-10005', '6011000990139424'])
    expect(masked(`with ${card}.`)).toBe('with [card].')
  for (const secret of ['sk_live_51Hx', 'rk_test_x', 'whsec_abc', `sl_aaaaaaaa_${'b'.repeat(32)}`])
    expect(masked(`key ${secret}!`)).toBe('key [secret]!')
  expect(masked('Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.')).toBe('Bearer [token]')
})

test('what merely looks alike stays as it is', () => {
  for (const text of [
    'evt_1NG8Du2eZvKYlo2C4242424242424242',
    'sub_1',
    '2026-11-20T09:44:10.123Z',
    '6f9619ff-8b86-4011-b42d-00cf4fc964ff',
    '4242424242424241',
    '1763633100000',
    'customer.subscription.updated',
    'postgres://db/x',
  ])
    expect(masked(text)).toBe(text)
})
