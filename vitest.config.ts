import { defineConfig } from 'vitest/config'

/** Tests that need no database start none: only the second project has the server of the whole run. */
const needsServer = ['test/**/*.db.test.ts', 'test/**/*.e2e.test.ts', 'test/**/*.browser.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: needsServer,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'server',
          include: needsServer,
          globalSetup: ['test/support/test-server.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
    // A loaded machine is slow and not wrong: what is waited for may take its time.
    expect: { poll: { timeout: 20_000 } },
    coverage: { include: ['src/**', 'workers/**'] },
  },
})
