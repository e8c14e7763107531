import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cpuMsOf, parseStat } from '../../src/bench/cpu-time.ts'

test('a name with spaces and parentheses does not shift the fields', () => {
  const line = '4242 (postgres: (a) b) S 17 4242 4242 0 -1 4194560 1 2 3 4 55 44 33 22 20 0 1 0 9'
  expect(parseStat(line)).toEqual({ pid: 4242, parent: 17, own: 99, reaped: 55 })
})

test.runIf(existsSync('/proc/self/stat'))(
  'what a child used counts while it runs and after it ended',
  async () => {
    const busy = 'const end = Date.now() + 400; while (Date.now() < end);'
    const script = `require('child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(busy)}]); process.stdout.write('done'); setTimeout(() => {}, 60000)`
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const before = cpuMsOf([parent.pid!])!
      await once(parent.stdout, 'data')
      // The grandchild is gone by now: only its parent still knows what it cost. A busy machine gives it less than it asks for.
      expect(cpuMsOf([parent.pid!])! - before).toBeGreaterThan(100)
    } finally {
      parent.kill('SIGKILL')
    }
  },
)
