import { createHmac } from 'node:crypto'
import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { signBody, verifySignature } from '../../src/stripe/signature.ts'

const NOW = 1_790_000_000
const SECRET = 'whsec_first'
const bytes = (text: string) => new TextEncoder().encode(text)
const BODY = bytes('{"id":"evt_1","object":"event"}')
const HEX = 'a'.repeat(64)

const answer = (header: string | undefined, body = BODY, secrets = [SECRET], now = NOW) => {
  const got = verifySignature(body, header, secrets, now)
  return got.ok ? 'ok' : got.reason
}

describe('a delivery that Stripe signed', () => {
  test('is accepted, and its header is what the SDK of Stripe makes', () => {
    const payload = Buffer.from(BODY).toString()
    const theirs = Stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET, timestamp: NOW })
    expect(signBody(BODY, SECRET, NOW)).toBe(theirs)
    expect(answer(theirs)).toBe('ok')
  })

  test('is accepted with any of the secrets, and with any of several v1 entries, while a secret is being rolled', () => {
    const header = signBody(BODY, 'whsec_second', NOW)
    expect(answer(header, BODY, [SECRET, 'whsec_second'])).toBe('ok')
    const own = header.split('v1=')[1]
    expect(answer(`t=${NOW},v1=${HEX},v1=${own},v0=anything`, BODY, ['whsec_second'])).toBe('ok')
  })

  test('is accepted whatever its bytes are, also where they are no text', () => {
    const body = Uint8Array.from([0xff, 0x00, 0xfe, 0x80])
    expect(answer(signBody(body, SECRET, NOW), body)).toBe('ok')
    // Two bodies that decode to the same replacement character have different signatures.
    expect(answer(signBody(Uint8Array.of(0xff), SECRET, NOW), Uint8Array.of(0xfe))).toBe('mismatch')
  })

  test.each([
    [300, 'ok'],
    [301, 'stale'],
    [-300, 'ok'],
    [-301, 'future'],
  ])('signed %i s ago: %s', (age, expected) => {
    expect(answer(signBody(BODY, SECRET, NOW - age))).toBe(expected)
  })
})

describe('a delivery that Stripe did not sign', () => {
  test('one altered byte, another secret, no secret and the empty secret do not match', () => {
    const header = signBody(BODY, SECRET, NOW)
    const altered = Uint8Array.from(BODY)
    altered[3] = altered[3]! ^ 1
    expect(answer(header, altered)).toBe('mismatch')
    expect(answer(header, BODY, ['whsec_other'])).toBe('mismatch')
    expect(answer(header, BODY, [])).toBe('mismatch')
    const empty = createHmac('sha256', '').update(`${NOW}.`).update(BODY).digest('hex')
    expect(answer(`t=${NOW},v1=${empty}`, BODY, [''])).toBe('mismatch')
  })

  test('a moment that was moved afterwards does not match', () => {
    const own = signBody(BODY, SECRET, NOW - 1000).split('v1=')[1]
    expect(answer(`t=${NOW},v1=${own}`)).toBe('mismatch')
  })

  test('a signature of another scheme is no signature', () => {
    const own = signBody(BODY, SECRET, NOW).split('v1=')[1]
    expect(answer(`t=${NOW},v0=${own}`)).toBe('malformed')
  })

  test.each([undefined, ''])('no header (%j) is missing', (header) => {
    expect(answer(header)).toBe('missing')
  })

  test.each([
    ['t twice', `t=${NOW},t=${NOW},v1=${HEX}`],
    ['no t', `v1=${HEX}`],
    ['no v1', `t=${NOW}`],
    ['a t of letters', `t=now,v1=${HEX}`],
    ['a negative t', `t=-5,v1=${HEX}`],
    ['a t with a leading zero', `t=0${NOW},v1=${HEX}`],
    ['a t of 13 digits', `t=${NOW}000,v1=${HEX}`],
    ['a short v1', `t=${NOW},v1=abc`],
    ['a v1 that is not hex', `t=${NOW},v1=${'z'.repeat(64)}`],
    ['an entry without =', `t=${NOW},v1=${HEX},nonsense`],
    ['seventeen v1', `t=${NOW}${`,v1=${HEX}`.repeat(17)}`],
    ['5 KB', `t=${NOW},v1=${HEX},x=${'x'.repeat(5000)}`],
  ])('%s is malformed', (_, header) => {
    expect(answer(header)).toBe('malformed')
  })
})
