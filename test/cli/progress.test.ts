import { expect, test } from 'vitest'
import { createProgress, createTempo, duration } from '../../src/cli/progress.ts'

/** A stream that remembers what was written. */
function written(isTTY: boolean) {
  const said: string[] = []
  const to = { isTTY, write: (text: string) => said.push(text) } as unknown as NodeJS.WriteStream
  return { to, said }
}

test('on a terminal a bar tells how far, how fast and how long still', () => {
  const { to, said } = written(true)
  const progress = createProgress('Taking in', 200, to)
  progress.at(50, '40/s, 4 s to go')
  expect(said.at(-1)).toBe(`\r\u001b[2KTaking in ${'█'.repeat(7)}${'░'.repeat(21)} 50/200 40/s, 4 s to go`)
  progress.end()
  expect(said.at(-1)).toBe('\r\u001b[2K')
})

test('in a log there are lines, and what is counted may be told in other words', () => {
  const { to, said } = written(false)
  const progress = createProgress('Comparing', 86_400, to, (done) => `${Math.floor(done / 864)} %`)
  progress.at(43_200, '3 missing')
  progress.end()
  expect(said).toEqual(['Comparing: 50 %, 3 missing\n'])
})

test('the tempo tells nothing in the first moments, then rate and time to go, and no time once it is done', () => {
  let now = 100
  const tempo = createTempo(1000, () => now)
  now = 100.2
  expect(tempo(10)).toBe('')
  now = 110
  expect(tempo(250)).toBe('25/s, 30 s to go')
  expect(tempo(250, 4120)).toBe('412/s, 30 s to go')
  expect(tempo(1000)).toBe('100/s')
  now = 1100
  expect(tempo(100)).toBe('0.1/s, 2 h 30 min to go')
})

test.each([
  [0.2, '1 s'],
  [89, '89 s'],
  [91, '2 min'],
  [5400, '1 h 30 min'],
])('%d seconds read as %s', (seconds, text) => expect(duration(seconds)).toBe(text))
