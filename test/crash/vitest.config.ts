import { defineConfig } from 'vitest/config'

/**
 * `npm run test:crash`: minutes of outage, a minute and a half of kills, every fault; and more rounds of what `npm test` looks
 * at for short: worlds of the cluster, the main job through a minute without a service, a cluster that is cut off for longer than
 * its spool holds.
 */
export default defineConfig({
  test: {
    root: '.',
    include: [
      'test/crash/**/*.test.ts',
      'test/property/kube-pipeline.test.ts',
      'test/e2e/main-job.test.ts',
      'test/e2e/failover.test.ts',
    ],
    env: {
      BINNACLE_E2E_OUTAGE_MS: '60000',
      BINNACLE_KUBE_ROUNDS: '40',
      BINNACLE_FAILOVER: 'long',
      BINNACLE_DISCONNECTION: 'long',
    },
    testTimeout: 30_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    // Real processes with limits of seconds on a shared machine: CI says that a test was tried again, and fails at the second.
    retry: process.env['CI'] ? 1 : 0,
    reporters: process.env['CI'] ? ['default', './test/support/plain-reporter.ts'] : ['default'],
  },
})
