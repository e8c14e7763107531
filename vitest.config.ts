import { defineConfig } from 'vitest/config'

/** Tests that need no database start none; those of whole processes and of browsers are apart, since they are slow. */
const database = ['test/**/*.db.test.ts']
const whole = ['test/**/*.e2e.test.ts', 'test/**/*.browser.test.ts']
/** A loaded machine is slow and not wrong: what is waited for may take its time. */
const patient = { expect: { poll: { timeout: 20_000 } } }
/** The server of the whole run. */
const withServer = {
  ...patient,
  globalSetup: ['test/support/test-server.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
}

/** Most files wait for a database most of the time. The number says after which other projects. */
function twoAtATime(groupOrder: number) {
  return { maxWorkers: 2, sequence: { groupOrder } }
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: [...database, ...whole],
          testTimeout: 60_000,
          ...patient,
          ...twoAtATime(1),
        },
      },
      { test: { name: 'database', include: database, ...withServer, ...twoAtATime(2) } },
      // One at a time: they start processes of their own.
      { test: { name: 'whole', include: whole, ...withServer, maxWorkers: 1, sequence: { groupOrder: 3 } } },
    ],
    coverage: { include: ['src/**', 'workers/**'] },
  },
})
