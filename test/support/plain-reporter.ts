import { appendFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends a run with one plain line, `N passed, N failed[, N skipped]`, for CI systems that know no vitest. With
 * BINNACLE_TEST_COUNTS it also adds `passed failed skipped` to that file, so that several runs can be summed, and what failed
 * to the file of BINNACLE_TEST_FAILURES, so that the end of a long output tells it (.ci/run).
 */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 }
    const failures = errors.map((error) => `outside of a test: ${messageOf(error)}`)
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const result = test.result()
        count[result.state]++
        if (result.state === 'failed' || result.state === 'pending')
          failures.push(`${module.relativeModuleId} > ${test.fullName}: ${messageOf(result.errors?.[0])}`)
        if (test.diagnostic()?.flaky) process.stdout.write(`passed at the second try: ${test.fullName}\n`)
      }
      if (module.errors().length > 0) {
        count.failed++
        failures.push(`${module.relativeModuleId}: ${messageOf(module.errors()[0])}`)
      }
    }
    const failed = count.failed + count.pending
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
    const file = process.env['BINNACLE_TEST_COUNTS']
    if (file) appendFileSync(file, `${count.passed} ${failed} ${count.skipped}\n`)
    const failuresFile = process.env['BINNACLE_TEST_FAILURES']
    if (failuresFile && failures.length > 0) appendFileSync(failuresFile, `${failures.join('\n')}\n`)
    process.stdout.write(`\n${count.passed} passed, ${failed} failed${skipped}\n`)
  }
}

/** At most 600 characters of what an error says, on one line. */
function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown }
  return stripVTControlCharacters(String(message ?? 'did not end'))
    .replace(/\s+/g, ' ')
    .slice(0, 600)
}
