import { defineConfig } from 'vitest/config'

/** `npm run test:interop`: needs the package registries of Python, Go and Java once, so it is no part of `npm test`. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    fileParallelism: false,
    reporters: process.env['CI'] ? ['default', './test/support/plain-reporter.ts'] : ['default'],
  },
})
