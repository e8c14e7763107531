import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { changesOf } from '../src/stripe/changes/subscription-changes.ts'
import { inboxFactsOf, readEnvelope } from '../src/stripe/event/envelope.ts'
import { linkOf } from '../src/stripe/event/links.ts'
import { subscriptionEventOf } from '../src/stripe/event/subscription-event-of.ts'

const folder = process.env.STRIPE_EVENTS_DIR

if (folder) {
  describe('the events that others recorded', () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.json') && !file.startsWith('resources'))
      .sort()
    const tally = new Map<string, number>()

    test.each(files)('%s passes the door', (file) => {
      const outcome = outcomeOf(readFileSync(join(folder, file)))
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1)
      expect(outcome).toMatch(/^(told|of another kind|thin|unreadable)/)
    })

    test('and the tally is printed', () => {
      const lines = [...tally]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([outcome, count]) => `${count}\t${outcome}`)
      console.log(`${files.length} events under ${relative('.', folder) || '.'}\n${lines.join('\n')}`)
      expect(files.length).toBeGreaterThan(0)
      expect([...tally.values()].reduce((a, b) => a + b, 0)).toBe(files.length)
    })
  })
} else {
  test('the events that others recorded were NOT run: STRIPE_EVENTS_DIR is not set', () => {
    console.log('corpus: not run. Set STRIPE_EVENTS_DIR to a folder of recorded Stripe events to run it.')
    expect(process.env.STRIPE_EVENTS_DIR || undefined).toBeUndefined()
  })
}

function outcomeOf(body: Uint8Array): string {
  const envelope = readEnvelope(body)
  if (envelope.kind === 'unreadable') return `unreadable envelope: ${envelope.reason}`
  expect(inboxFactsOf(envelope).event).not.toBe('')
  const link = linkOf(envelope) ? ', with a link' : ''
  if (envelope.kind === 'thin') return 'thin'
  const event = subscriptionEventOf(envelope)
  if (event === null) return `of another kind${link}`
  if ('unreadable' in event) return `unreadable subscription: ${event.unreadable}`
  const answer = changesOf(event, () => null)
  const rows =
    answer.kind === 'told'
      ? `changes: ${answer.changes.map((c) => c.kind).join(' + ') || 'none'}`
      : answer.why
  return `told as ${event.kind}, ${rows}${link}`
}
