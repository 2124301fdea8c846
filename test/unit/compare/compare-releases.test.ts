import { describe, expect, test } from 'vitest'
import {
  type ComparedReleases,
  compareReleases,
} from '../../../collector/service/compare/compare-releases.ts'
import type { AspectId, Comparison, OperationCalls } from '../../../collector/service/compare/comparison.ts'
import { randomFrom } from '../../property/rollup-world.ts'
import { callsOf, comparison, gauss, noCalls, side } from './side.ts'

/** The same draws in every run; more of them, or others, by the environment. */
const seed = Number(process.env['BINNACLE_TEST_SEED'] ?? 1)
const trials = Number(process.env['BINNACLE_TRIALS'] ?? 150)
const random = randomFrom(seed).next

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))
/** Median 20 ms, p95 46 ms. */
const lognormal = (count: number, scale = 1) => many(count, () => 20 * scale * Math.exp(0.5 * gauss(random)))
/** Only the slowest tenth is slower. */
const slowTail = (count: number, scale: number) =>
  lognormal(count).map((ms) => (ms > 20 * Math.exp(0.5 * 1.2816) ? ms * scale : ms))
const failing = (count: number, ratio: number) =>
  many(count, () => (random() < ratio ? 1 : 0)).reduce((x, y) => x + y, 0 as number)
const aspect = (of: Comparison, id: AspectId) => compareReleases(of).aspects.find((one) => one.id === id)
const outcomeOf = (of: Comparison) => compareReleases(of).verdict.outcome
const share = (times: number, is: () => boolean) => many(times, is).filter(Boolean).length / times

/** A release like any other: two operations, errors, one kind of exception, restarts, usage that wanders. */
function equalSide(calls: number): {
  fast: OperationCalls
  slow: OperationCalls
  exceptions: number[]
  facts: ReturnType<typeof side>
} {
  let level = 0
  const series = many(60, () => {
    level = 0.7 * level + gauss(random)
    return 100 * Math.exp(0.1 * level)
  })
  return {
    fast: callsOf(lognormal(calls), { errors: failing(calls, 0.01) }),
    slow: callsOf(lognormal(calls / 2, 8), { errors: failing(calls / 2, 0.05) }),
    exceptions: many(5, () => failing(calls, 0.001)),
    facts: side({
      cpuMillicores: series,
      cpuMsPerCall: series,
      memoryBytes: series.map((one) => one * 1e6),
      restarts: failing(4, 0.2),
    }),
  }
}

function equalReleases(callsA: number, callsB: number): Comparison {
  const [a, b] = [equalSide(callsA), equalSide(callsB)]
  return comparison(noCalls, noCalls, {
    a: a.facts,
    b: b.facts,
    operations: [
      { operation: 'GET /fast', kind: 'server', a: a.fast, b: b.fast },
      { operation: 'GET /slow', kind: 'server', a: a.slow, b: b.slow },
    ],
    exceptions: a.exceptions.map((count, index) => ({
      group: String(index),
      type: 'Error',
      a: count,
      b: b.exceptions[index] ?? 0,
      known: false,
    })),
  })
}

describe(`by chance (seed ${seed})`, () => {
  test.each([
    [1_000, 1_000],
    [1_800, 200],
  ])('of equal releases with %i and %i calls at most 5 %% are called worse', (callsA, callsB) => {
    const results = many(trials, () => compareReleases(equalReleases(callsA, callsB)))
    const part = (is: (one: ComparedReleases) => boolean) => results.filter(is).length / trials
    expect(part((one) => one.verdict.outcome === 'worse')).toBeLessThanOrEqual(0.05)
    // Each test by itself is as strict as it says, neither more nor less: the exact ones are somewhat more.
    for (const id of ['p50', 'p95', 'errors', 'memory'] as const) {
      const low = part((one) => (one.aspects.find((a) => a.id === id)?.p ?? 1) < 0.2)
      expect(low, id).toBeGreaterThan(0.05)
      expect(low, id).toBeLessThan(0.3)
    }
  })

  test.each([
    ['all calls are', (count: number) => lognormal(count, 1.2)],
    ['only the slowest tenth is', (count: number) => slowTail(count, 1.2)],
  ])('a p95 that is 20 %% slower because %s slower is found with 2,000 calls on each side', (_, slower) => {
    const found = share(trials / 2, () => {
      const { verdict } = compareReleases(comparison(callsOf(lognormal(2_000)), callsOf(slower(2_000))))
      return verdict.outcome === 'worse' && /p\d\d/.test(verdict.sentence)
    })
    expect(found).toBeGreaterThanOrEqual(0.9)
  })

  test('errors of 3 % instead of 1 % are found with 2,000 calls on each side', () => {
    const found = share(trials / 2, () => {
      const [a, b] = [0.01, 0.03].map((ratio) => callsOf(lognormal(2_000), { errors: failing(2_000, ratio) }))
      return compareReleases(comparison(a ?? noCalls, b ?? noCalls)).verdict.reasons[0]?.aspect === 'errors'
    })
    expect(found).toBeGreaterThanOrEqual(0.9)
  })
})

test('another mix of operations is not a slower or failing release (Simpson’s paradox)', () => {
  const fast = many(2_000, (index) => 5 + (index % 100) / 20)
  const slow = many(2_000, (index) => 200 + (index % 100))
  const mixed = comparison(noCalls, noCalls, {
    operations: [
      { operation: 'GET /fast', kind: 'server', a: callsOf(fast), b: callsOf(fast.slice(0, 400)) },
      {
        operation: 'GET /slow',
        kind: 'server',
        a: callsOf(slow.slice(0, 400), { errors: 40 }),
        b: callsOf(slow, { errors: 200 }),
      },
    ],
  })
  expect(outcomeOf(mixed)).toBe('no-difference')
  expect(aspect(mixed, 'p95')?.change?.value).toBeCloseTo(0, 1)
  expect(aspect(mixed, 'errors')?.change?.value).toBeCloseTo(0, 3)
  // Thrown together, the same calls look worse in both.
  const pooled = comparison(
    callsOf([...fast, ...slow.slice(0, 400)], { errors: 40 }),
    callsOf([...fast.slice(0, 400), ...slow], { errors: 200 }),
  )
  expect(compareReleases(pooled).verdict.reasons.map((one) => one.aspect)).toEqual(['errors', 'p95'])
})

test('the other way round: each operation slower, the whole faster by its mix, is worse', () => {
  const [fast, slow] = [lognormal(2_000, 0.1), lognormal(2_000, 10)]
  const turned = comparison(noCalls, noCalls, {
    operations: [
      {
        operation: 'GET /fast',
        kind: 'server',
        a: callsOf(fast.slice(0, 300)),
        b: callsOf(fast.map((ms) => ms * 1.4)),
      },
      {
        operation: 'GET /slow',
        kind: 'server',
        a: callsOf(slow),
        b: callsOf(slow.slice(0, 300).map((ms) => ms * 1.4)),
      },
    ],
  })
  expect(outcomeOf(turned)).toBe('worse')
})

test('one operation that became slow is found among many calls of others', () => {
  const { verdict } = compareReleases(
    comparison(noCalls, noCalls, {
      operations: [
        { operation: 'GET /', kind: 'server', a: callsOf(lognormal(20_000)), b: callsOf(lognormal(20_000)) },
        { operation: 'GET /rare', kind: 'server', a: callsOf(lognormal(200)), b: callsOf(lognormal(200, 3)) },
      ],
    }),
  )
  expect(verdict.reasons).toMatchObject([{ operation: 'GET /rare', outcome: 'worse' }])
  expect(verdict.sentence).toMatch(/^v2 is worse than v1: GET \/rare: p95 .* ms → .* ms \(\+\d+ %\)\.$/)
})

test('what is certain but tiny is no difference', () => {
  const ms = many(200_000, () => 20 * Math.exp(0.2 * gauss(random)))
  const tiny = comparison(
    callsOf(ms, { errors: 2_000 }),
    callsOf(
      ms.map((one) => one * 1.03),
      { errors: 2_090 },
    ),
  )
  expect(aspect(tiny, 'p50')?.adjustedP).toBeLessThan(1e-6)
  expect(outcomeOf(tiny)).toBe('no-difference')
})

test('a faster release with fewer errors is better, and says by how much', () => {
  const ms = many(1_000, (index) => 40 + (index % 50))
  const { verdict } = compareReleases(
    comparison(
      callsOf(ms, { errors: 60 }),
      callsOf(
        ms.map((one) => one / 2),
        { errors: 5 },
      ),
    ),
  )
  expect(verdict.outcome).toBe('better')
  expect(verdict.sentence).toMatch(
    /^v2 is better than v1: errors 6 % → 0.5 %; p95 8\d.* ms → 4\d.* ms \(−50 %\)\.$/,
  )
})

test('few calls, or calls of other operations, are not enough', () => {
  const few = compareReleases(comparison(callsOf(lognormal(900)), callsOf(lognormal(20)))).verdict
  expect(few).toMatchObject({
    outcome: 'not-enough-data',
    sentence:
      'Not enough data to compare v2 with v1: 900 calls of v1, 20 of v2 (fewer than 30 calls on a side).',
  })
  expect(outcomeOf(comparison(callsOf(lognormal(900)), callsOf(lognormal(60))))).toBe('not-enough-data')
  const others = comparison(noCalls, noCalls, {
    operations: [
      { operation: 'GET /old', kind: 'server', a: callsOf(lognormal(900)), b: noCalls },
      { operation: 'GET /', kind: 'server', a: callsOf(lognormal(100)), b: callsOf(lognormal(900)) },
    ],
  })
  expect(compareReleases(others).verdict).toMatchObject({
    outcome: 'not-enough-data',
    sentence: expect.stringContaining('mostly called for different operations'),
    notes: expect.arrayContaining(['Only v1 was called for GET /old.']),
  })
})

test('a large difference is told from a few dozen calls', () => {
  expect(outcomeOf(comparison(callsOf(lognormal(900)), callsOf(lognormal(40, 4))))).toBe('worse')
})

test('sampled calls count for what was stored', () => {
  const facts = (weight: number) => {
    const [a, b] = [6, 18].map((errors) =>
      callsOf(
        many(300, (index) => 20 + (index % 10)),
        { errors: errors * weight, worth: 1 / weight },
      ),
    )
    return comparison(a ?? noCalls, b ?? noCalls)
  }
  expect(aspect(facts(50), 'errors')?.p).toBeCloseTo(aspect(facts(1), 'errors')?.p ?? 0, 8)
  expect(aspect(facts(50), 'errors')?.a?.value).toBeCloseTo(0.02, 8)
  expect(compareReleases(facts(50)).verdict.notes.join()).toContain('sampled')
})

describe('exceptions', () => {
  const calls = callsOf(many(1_000, (index) => 20 + (index % 10)))
  const thrown = (a: number, b: number, known: boolean, callsBefore = 0) =>
    compareReleases(
      comparison(calls, calls, {
        exceptions: [{ group: '1', type: 'TypeError', a, b, known }],
        callsBefore,
      }),
    )
  test.each([
    ['many new ones', 12, 0, false, 0, 'worse'],
    ['as many, but known on the other side', 12, 1, false, 0, 'no-difference'],
    ['as many, but known from the days before', 12, 0, true, 0, 'no-difference'],
    ['a few, with no days before to know better', 4, 0, false, 0, 'no-difference'],
    ['a few, never seen in a million calls', 4, 0, false, 1_000_000, 'worse'],
    ['one alone', 1, 0, false, 1_000_000, 'no-difference'],
  ])('%s', (_, b, a, known, callsBefore, want) => {
    const { verdict } = thrown(a, b, known, callsBefore)
    expect(verdict.outcome).toBe(want)
    if (want === 'worse')
      expect(verdict.sentence).toContain(`new exception TypeError (${b} times), unknown before v2`)
  })
})

describe('pods', () => {
  const calls = callsOf(many(1_000, (index) => 20 + (index % 10)))
  const wave = (level: number) => many(60, (index) => level * (1 + 0.05 * Math.sin(index * 2.4)))
  const pods = (a: Parameters<typeof side>[0], b: Parameters<typeof side>[0]) =>
    comparison(calls, calls, { a: side(a), b: side(b) })
  test('restarts per pod-hour', () => {
    expect(outcomeOf(pods({ podHours: 20 }, { podHours: 2, restarts: 6 }))).toBe('worse')
    expect(outcomeOf(pods({ podHours: 20, restarts: 60 }, { podHours: 2, restarts: 6 }))).toBe(
      'no-difference',
    )
    expect(aspect(pods({ podHours: 20 }, { podHours: 0 }), 'restarts')?.outcome).toBe('not-enough-data')
  })
  test('memory', () => {
    const { verdict } = compareReleases(
      pods({ memoryBytes: wave(64 * 1024 ** 2) }, { memoryBytes: wave(120 * 1024 ** 2) }),
    )
    expect(verdict.sentence).toMatch(/^v2 is worse than v1: memory of a pod 6.* MiB → 1.* MiB \(\+8.* %\)\.$/)
    expect(outcomeOf(pods({ memoryBytes: wave(8e6) }, { memoryBytes: wave(16e6) }))).toBe('no-difference')
  })
  test.each([
    ['more for each call and each pod', [100, 5], [150, 7.5], 'worse'],
    ['more for each pod, which gets more calls', [100, 5], [150, 5], 'no-difference'],
    ['more for each call of a canary that gets few', [100, 5], [60, 30], 'no-difference'],
    ['less for both', [150, 7.5], [100, 5], 'better'],
  ] as const)('CPU: %s', (_, [podA, callA], [podB, callB], want) => {
    const facts = pods(
      { cpuMillicores: wave(podA), cpuMsPerCall: wave(callA) },
      { cpuMillicores: wave(podB), cpuMsPerCall: wave(callB) },
    )
    expect(outcomeOf(facts)).toBe(want)
  })
})

test('the share of calls is held against the intended one, and only noted', () => {
  const calls = (count: number) => callsOf(many(count, (index) => 20 + (index % 10)))
  const split = (b: number) =>
    compareReleases(comparison(calls(2_000 - b), calls(b), { intended: { share: 0.1, source: 'label' } }))
  expect(split(204).share).toMatchObject({ isAsIntended: true, intended: 0.1 })
  expect(split(500)).toMatchObject({
    share: { isAsIntended: false },
    verdict: {
      outcome: 'no-difference',
      notes: expect.arrayContaining(['v2 gets 25 % of the calls, but 10 % are intended.']),
    },
  })
})

test('sides of different times say so, with the change of load', () => {
  const calls = callsOf(many(1_000, (index) => 20 + (index % 10)))
  const { notes } = compareReleases(
    comparison(calls, calls, { a: side({ minutes: 60 }), b: side({ minutes: 30 }), sideBySide: false }),
  ).verdict
  expect(notes[0]).toBe(
    'The sides are of different times, and the load changed by +100 %: what else changed then counts too.',
  )
})

test('nothing at all is an answer', () => {
  expect(compareReleases(comparison(noCalls, noCalls, { operations: [] }))).toMatchObject({
    verdict: { outcome: 'not-enough-data' },
    share: null,
  })
})
