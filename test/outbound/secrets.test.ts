import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { headersOf } from '../../src/outbound/message.ts'
import { newSecret, signingSecrets } from '../../src/outbound/secrets.ts'

const until = new Date('2026-11-20T10:00:00.000Z')
const rotating = { secret: 'old', nextSecret: 'next', secretUntil: until }

test('until its last millisecond the old secret signs after the new one, and not at its end', () => {
  expect(signingSecrets(rotating, new Date(until.getTime() - 1))).toEqual(['next', 'old'])
  expect(signingSecrets(rotating, until)).toEqual(['next'])
  expect(signingSecrets({ secret: 'one', nextSecret: null, secretUntil: null }, until)).toEqual(['one'])
})

test('signed by two secrets, a message is believed by whoever knows one of them, and by nobody else', () => {
  const [old, next, other] = [newSecret(), newSecret(), newSecret()]
  const headers = headersOf('msg_1', [next, old], '{"a":1}', new Date())
  expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
  for (const secret of [old, next]) expect(new Webhook(secret).verify('{"a":1}', headers)).toEqual({ a: 1 })
  expect(() => new Webhook(other).verify('{"a":1}', headers)).toThrow('No matching signature')
})
