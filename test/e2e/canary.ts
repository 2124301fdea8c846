import { expect, test } from 'vitest'
import type { ReleaseComparison } from '../../collector/service/api/schema/releases.ts'
import { eventually, freePort } from '../support/processes.ts'
import { pod, type Stack } from './stack.ts'

/** A part of the main job: four versions of one demo service as real processes, compared by the running product. */
export function canary(stack: () => Stack): void {
  test('a canary that is slow or fails is worse for that reason, an equal one is not', {
    timeout: 120_000,
  }, async () => {
    const versions = ['v1', 'v2-equal', 'v2-slow', 'v2-failing']
    const ports = await Promise.all(versions.map(() => freePort()))
    const apps = versions.map((version, index) =>
      stack().startApp('benigno.ts', pod(stack().kube, 'shop', { name: 'canarino', version }), {
        PORT: String(ports[index]),
        SERVICE_VERSION: version.slice(0, 2),
        CANARY: version.slice(3),
        SLOW_RATIO: '0',
        ...(version === 'v2-failing' ? {} : { ERROR_RATIO: '0' }),
      }),
    )
    for (const app of apps)
      await eventually('the service listens', () => (app.output().includes('listens') ? true : undefined), {
        hint: app.output,
      })
    const callsEach = 300
    const callAll = async () => {
      for (let call = 0; call < callsEach / 10; call++)
        for (const port of ports) await (await fetch(`http://127.0.0.1:${port}/hello`)).arrayBuffer()
    }
    // Ten callers at once, each of all versions in turn: whatever else this machine does slows all of them alike.
    await Promise.all(Array.from({ length: 10 }, callAll))
    const compare = async (version: string) => {
      const path = `/api/v1/applications/shop/tiers/canarino/compare?from=now-15m&a=v1&b=${version}`
      return (await (await fetch(`${stack().serviceUrl}${path}`)).json()) as ReleaseComparison
    }
    await eventually(
      'all calls are stored',
      async () => {
        const sides = await Promise.all(versions.slice(1).map(compare))
        return sides.every(({ a, b }) => a.calls >= callsEach && b.calls >= callsEach) ? true : undefined
      },
      { withinMs: 60_000, everyMs: 500, hint: stack().agent().output },
    )
    const verdictOf = async (version: string) => {
      const { verdict } = await compare(version)
      return {
        outcome: verdict.outcome,
        worse: verdict.reasons.filter((one) => one.outcome === 'worse').map((one) => one.aspect),
        sentence: verdict.sentence,
      }
    }
    const equal = await verdictOf('v2-equal')
    expect(equal.outcome, equal.sentence).not.toBe('worse')
    // On a busy machine the slowest calls of all versions are slow.
    const slow = await verdictOf('v2-slow')
    expect(slow.sentence).toMatch(
      /^v2-slow is worse than v1: p(50|95) [\d.]+ ms → [\d.]+ ms \(\+[\d.]+ %\)\.$/,
    )
    expect(slow.worse).toHaveLength(1)
    const failing = await verdictOf('v2-failing')
    expect(failing.worse, failing.sentence).toEqual(expect.arrayContaining(['errors', 'exceptions']))
    expect(failing.sentence).toMatch(/new exception TypeError \(\d+ times\).*, unknown before v2-failing/)
    await Promise.all(apps.map((app) => app.kill('SIGTERM')))
  })
}
