import { defineConfig } from 'vitest/config'
import { longTests } from './test/long/files.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    exclude: [
      '**/node_modules/**',
      'test/bench/**',
      'test/interop/**',
      'test/crash/**',
      'test/replay/**',
      ...longTests,
    ],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // A third of the time goes by waiting for processes: one worker more than two cores.
    maxWorkers: 3,
    // Real processes with limits of seconds on a shared machine: CI says that a test was tried again, and fails at the second.
    retry: process.env['CI'] ? 1 : 0,
    reporters: process.env['CI'] ? ['default', './test/support/plain-reporter.ts'] : ['default'],
  },
})
