import { expect, test } from 'vitest'
import { minuteOf, pastMoment, refuseReversed } from '../../src/cli/moment.ts'

const now = new Date('2026-11-20T09:30:00Z')
const moment = (text: string) => pastMoment(text, '--since', now).toISOString()

test.each([
  ['2026-11-20', '2026-11-20T00:00:00.000Z'],
  ['2026-11-19T08:15', '2026-11-19T08:15:00.000Z'],
  ['2026-11-19 08:15:30Z', '2026-11-19T08:15:30.000Z'],
  ['2026-11-19T08:15:30.5+02:00', '2026-11-19T06:15:30.500Z'],
  ['72h', '2026-11-17T09:30:00.000Z'],
  ['90m', '2026-11-20T08:00:00.000Z'],
  ['2w', '2026-11-06T09:30:00.000Z'],
])('%s is %s', (text, iso) => expect(moment(text)).toBe(iso))

test.each([
  'yesterday',
  '',
  '2026-13-01',
  '2026-02-30',
  '20.11.2026',
  '72',
  'h',
  '-3h',
  '2026-11-20T25:00',
  '1784567890',
])('“%s” is no time, and how one is written is said', (text) => {
  expect(() => moment(text)).toThrowError(
    expect.objectContaining({ code: 'time_invalid', fix: expect.stringContaining('--since 72h') }),
  )
})

test('what has not come yet is refused, with the present time', () => {
  expect(() => moment('2026-11-20T09:31')).toThrowError(
    expect.objectContaining({
      code: 'time_in_future',
      message: expect.stringContaining('2026-11-20 09:30 UTC'),
    }),
  )
})

test('a range that ends before it begins is refused with both ends', () => {
  const earlier = new Date('2026-11-19T00:00:00Z')
  expect(() => refuseReversed(now, earlier, ['--from', '--to'])).toThrowError(
    expect.objectContaining({
      code: 'range_reversed',
      message: `--from (${minuteOf(now)}) has to be before --to (2026-11-19 00:00 UTC).`,
    }),
  )
  expect(() => refuseReversed(now, now, ['--from', '--to'])).toThrow()
  expect(() => refuseReversed(earlier, now, ['--from', '--to'])).not.toThrow()
})
