import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { Unavailable } from '../src/errors.ts'
import { createLog, type Log, type LogFields } from '../src/log.ts'

test('only named fields are logged: a body, a key or a name that is near them is left out', () => {
  const { log, lines } = capture('json')
  log.info({ event: 'evt_1', body: '{"email":"a@b.c"}', apiKey: 'sl_x' } as LogFields, 'Stored')
  expect(JSON.parse(lines()[0]!)).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    event: 'evt_1',
    msg: 'Stored',
  })
})

test('an error is told as its code, its message and its place, without what it carries', () => {
  const { log, lines } = capture('json')
  const error = Object.assign(new Unavailable('database_unavailable', 'No answer', 'Start it'), {
    parameters: ['cus_secret'],
  })
  log.error({ error }, 'Failed')
  expect(JSON.parse(lines()[0]!).error).toMatchObject({ code: 'database_unavailable', message: 'No answer' })
  expect(lines()[0]).not.toContain('cus_secret')
})

test('a password in an address does not reach the log by way of an error', () => {
  const { log, lines } = capture('json')
  log.error({ error: new Error('cannot reach postgres://app:hunter2@db/x') }, 'Failed')
  expect(lines()[0]).not.toContain('hunter2')
})

test('an address, a card number or a key is masked in whatever field, message or error it got into', () => {
  const { log, lines } = capture('json')
  const error = new Error('no such customer jenny@mail.example')
  log.warn({ name: 'jenny@mail.example', events: ['4242424242424242', 'evt_1'], error }, 'With sk_live_51H')
  expect(JSON.parse(lines()[0]!)).toMatchObject({
    name: '[e-mail]',
    events: ['[card]', 'evt_1'],
    msg: 'With [secret]',
    error: { message: 'no such customer [e-mail]' },
  })
})

test('a child adds its fields to every line, by the same rule', () => {
  const { log, lines } = capture('json')
  log.child({ queue: 'enrollment', secret: 'x' } as LogFields).warn({ count: 2 }, 'Slow')
  const line = JSON.parse(lines()[0]!)
  expect(line).toMatchObject({ queue: 'enrollment', count: 2, level: 40 })
  expect(line).not.toHaveProperty('secret')
})

test('for a person each line is a sentence with its fields behind it', () => {
  const { log, lines } = capture('lines')
  log.warn({ queue: 'enrollment', error: new Error('gone') }, 'Redis is away')
  expect(lines()[0]).toMatch(/^\d\d:\d\d:\d\d warning: Redis is away \(gone.*\) queue=enrollment\n$/)
})

test('what is below the level is not written', () => {
  const { log, lines } = capture('json', 'warn')
  log.info({}, 'Nothing')
  expect(lines()).toEqual([])
})

function capture(
  form: 'json' | 'lines',
  level: 'info' | 'warn' = 'info',
): { log: Log; lines: () => string[] } {
  const written: string[] = []
  const to = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk))
      done()
    },
  })
  return { log: createLog({ level, form, to }), lines: () => written }
}
