import { describe, expect, test } from 'vitest'
import { type CountTrace, createCountTrace } from '../../../collector/agent/watch/count-trace.ts'
import { createSelfCheck } from '../../../collector/agent/watch/self-check.ts'
import type { KubeApi, KubeError, ListPage } from '../../../collector/record/kube-api.ts'
import { podsResource } from '../../../collector/record/kube-api.ts'
import { silentLog } from '../../../collector/std/log.ts'
import type { SelfMetrics } from '../../../collector/std/self-metrics.ts'
import { createManualClock } from '../../support/manual-clock.ts'

describe('the count of a collection at a version', () => {
  function trace(stepsMax = 100): CountTrace {
    const all = createCountTrace({ version: '10', count: 5 }, { stepsMax })
    all.step('12', 1)
    all.step('15', -1)
    all.step('100', 1)
    return all
  }
  test.each([
    ['9', 'unknown'],
    ['10', 5],
    ['11', 5],
    ['12', 6],
    ['14', 6],
    ['99', 5],
    ['100', 6],
    ['101', 'later'],
  ] as const)('%s: %s', (version, want) => {
    expect(trace().at(version)).toBe(want)
  })
  test('is unknown after the collection was read anew, and beyond its limit', () => {
    const broken = trace()
    broken.break()
    expect(broken.at('12')).toBe('unknown')
    expect(trace(4).at('12')).toBe(6)
    expect(trace(3).at('12')).toBe('unknown')
  })
})

describe('the self-check', () => {
  const page = (resourceVersion: string, items: number): ListPage & { items: number } => ({
    type: 'page',
    resourceVersion,
    continueToken: items > 1 ? 'more' : '',
    ...(items > 1 ? { remainingItems: items - 1 } : {}),
    items,
  })

  /** What the mirror holds at version 10; what the server answers, one after the other. */
  async function run({
    held,
    answers,
    rounds = 1,
  }: {
    held: number
    answers: ((ListPage & { items: number }) | KubeError)[]
    rounds?: number
  }) {
    const clock = createManualClock()
    const outcomes: string[] = []
    let resyncs = 0
    const traces: CountTrace[] = []
    const client = {
      async list(_request, onItem) {
        const answer = answers.shift() ?? page('10', held)
        if (answer.type === 'page' && answer.items > 0) onItem({})
        return answer
      },
    } as Partial<KubeApi> as KubeApi
    const check = createSelfCheck(
      {
        client,
        clock,
        random: () => 0.5,
        log: silentLog,
        metrics: {
          counter: () => ({ add: (_n: number, labels = {}) => outcomes.push(String(labels['outcome'])) }),
        } as Partial<SelfMetrics> as SelfMetrics,
        targets: () => [target],
      },
      { intervalMs: 600_000 },
    )
    const reflector = {
      resource: podsResource,
      trace() {
        const one = createCountTrace({ version: '10', count: held })
        traces.push(one)
        return one
      },
      resync: () => resyncs++,
    }
    const target = { namespace: 'shop', reflector }
    const stop = new AbortController()
    const running = check.run(stop.signal)
    for (let round = 0; round < rounds; round++) {
      await clock.advance(600_000)
      // The mirror comes to version 12 a while after the server.
      traces.at(-1)?.step('12', 1)
      await clock.advance(5_000)
    }
    stop.abort()
    await clock.advance(0)
    await running
    return { outcomes, resyncs }
  }

  test('the same count is all', async () => {
    expect(await run({ held: 3, answers: [page('10', 3)] })).toEqual({ outcomes: ['same'], resyncs: 0 })
    expect(await run({ held: 0, answers: [page('10', 0)] })).toEqual({ outcomes: ['same'], resyncs: 0 })
  })
  test('it waits until the mirror comes to the version of the server', async () => {
    expect(await run({ held: 3, answers: [page('12', 4)] })).toEqual({ outcomes: ['same'], resyncs: 0 })
  })
  test('a difference found twice is counted and mended by reading again, but not for ever', async () => {
    const answers = Array.from({ length: 6 }, () => page('10', 4))
    const { outcomes, resyncs } = await run({ held: 3, answers, rounds: 3 })
    expect(outcomes).toEqual(['different', 'different', 'different'])
    expect(resyncs).toBe(1)
  })
  test('a difference found once is none', async () => {
    const { outcomes, resyncs } = await run({ held: 3, answers: [page('10', 4), page('10', 3)] })
    expect({ outcomes, resyncs }).toEqual({ outcomes: ['same'], resyncs: 0 })
  })
  test.each([
    ['an error', { type: 'error', status: 500, reason: '', message: '' } as KubeError],
    ['no remaining count', { type: 'page', resourceVersion: '10', continueToken: 'more', items: 1 } as const],
    ['a version before the trace', page('9', 7)],
  ])('%s tells nothing', async (_, answer) => {
    expect(await run({ held: 3, answers: [answer] })).toEqual({ outcomes: ['unknown'], resyncs: 0 })
  })
})
