import { appendFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends a run with one plain line, `N passed, N failed[, N skipped]`, for CI systems that know no vitest. For .ci/run, which sums
 * several runs, it also adds a line `file passed failed skipped` for each file to that of BINNACLE_TEST_COUNTS, and what failed,
 * as `file > test: message`, to that of BINNACLE_TEST_FAILURES.
 */
export default class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const total = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const failures: string[] = []
    const counts: string[] = []
    for (const module of modules) {
      const file = module.relativeModuleId
      const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
      for (const test of module.children.allTests()) {
        const { state, errors: reasons } = test.result()
        count[state]++
        if (state === 'failed' || state === 'pending')
          failures.push(`${file} > ${test.fullName}: ${messageOf(reasons?.[0])}`)
        if (test.diagnostic()?.flaky) process.stdout.write(`passed at the second try: ${test.fullName}\n`)
      }
      // What fails outside of tests, a hook for instance.
      const suites = [module, ...module.children.allSuites()]
      for (const error of suites.flatMap((suite) => suite.errors())) {
        count.failed++
        failures.push(`${file} > outside of its tests: ${messageOf(error)}`)
      }
      counts.push(`${file} ${count.passed} ${count.failed + count.pending} ${count.skipped}`)
      for (const state of Object.keys(total) as (keyof typeof total)[]) total[state] += count[state]
    }
    for (const error of errors) failures.push(`- > outside of the tests: ${messageOf(error)}`)
    if (errors.length > 0) counts.push(`- 0 ${errors.length} 0`)

    append(process.env['BINNACLE_TEST_COUNTS'], counts)
    append(process.env['BINNACLE_TEST_FAILURES'], failures)
    const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
    process.stdout.write(
      `\n${total.passed} passed, ${total.failed + total.pending + errors.length} failed${skipped}\n`,
    )
  }
}

function append(file: string | undefined, lines: readonly string[]): void {
  if (file && lines.length > 0) appendFileSync(file, `${lines.join('\n')}\n`)
}

/** At most 600 characters of what an error says, on one line. */
function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown }
  return stripVTControlCharacters(String(message ?? 'did not end'))
    .replace(/\s+/g, ' ')
    .slice(0, 600)
}
