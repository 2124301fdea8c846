import { appendFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends a run with one plain line, `N passed, N failed[, N skipped]`, for CI systems that know no vitest. With
 * BINNACLE_TEST_COUNTS it also adds `passed failed skipped` to that file, so that several runs can be summed (.ci/run).
 */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        count[test.result().state]++
        if (test.diagnostic()?.flaky) process.stdout.write(`passed at the second try: ${test.fullName}\n`)
      }
      if (module.errors().length > 0) count.failed++
    }
    const failed = count.failed + count.pending
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
    const file = process.env['BINNACLE_TEST_COUNTS']
    if (file) appendFileSync(file, `${count.passed} ${failed} ${count.skipped}\n`)
    process.stdout.write(`\n${count.passed} passed, ${failed} failed${skipped}\n`)
  }
}
