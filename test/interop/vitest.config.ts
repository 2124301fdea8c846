import { defineConfig } from 'vitest/config'

/** `npm run test:interop` and `test:injection`: they need the package registries of Python, Go and Java once, so they are no part of `npm test`. */
export default defineConfig({
  test: {
    root: '.',
    include: ['test/interop/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 90_000,
    fileParallelism: false,
    // Verbose, so that what is skipped is told by its title.
    reporters: process.env['CI'] ? ['verbose', './test/support/plain-reporter.ts'] : ['verbose'],
  },
})
