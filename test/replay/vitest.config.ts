import { defineConfig } from 'vitest/config'

/** `npm run test:replay`: public traces of real systems through the OTLP intake, and what the product makes of them. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/replay/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    reporters: process.env['CI'] ? ['default', './test/support/plain-reporter.ts'] : ['default'],
  },
})
