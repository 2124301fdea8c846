import { defineConfig } from 'vitest/config'
import { longTests } from './files.ts'

/** `npm run test:long`: what lies beside the other tests of its theme and takes minutes of the engine. */
export default defineConfig({
  test: {
    root: '.',
    include: longTests,
    env: { BINNACLE_ROLLUP_ROUNDS: '2' },
    testTimeout: 240_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    retry: process.env['CI'] ? 1 : 0,
    reporters: process.env['CI'] ? ['default', './test/support/plain-reporter.ts'] : ['default'],
  },
})
