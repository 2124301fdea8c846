import { describe, expect, test } from 'vitest'
import {
  normalTwoSided,
  studentTwoSided,
  upperGamma,
} from '../../../collector/service/compare/distributions.ts'
import { holm } from '../../../collector/service/compare/holm.ts'
import {
  differenceInterval,
  proportionTest,
  shareTest,
  wilson,
} from '../../../collector/service/compare/proportions.ts'
import { rankTest } from '../../../collector/service/compare/rank-test.ts'
import { effectiveSize, worthOfSample } from '../../../collector/service/compare/sample-size.ts'
import { ratioTest } from '../../../collector/service/compare/trimmed-test.ts'

/** p-values without a source beside them were computed with SciPy 1.15 (mannwhitneyu, fisher_exact, hypergeom, binomtest, ttest_ind). */
const counts = (values: readonly number[]) =>
  [...new Set(values)]
    .sort((x, y) => x - y)
    .map((value) => [value, values.filter((one) => one === value).length] as const)

test.each([
  ['normal', normalTwoSided(1.959963984540054), 0.05],
  ['normal, far out', normalTwoSided(-3.3), 0.0009668482847675549],
  ['chi-square, 1 degree of freedom', upperGamma(0.5, 10.5 / 2), 0.0011937454448720044],
  ['chi-square, 4 degrees of freedom at its 95 % point', upperGamma(2, 9.487729036781154 / 2), 0.05],
  ['t, 7 degrees of freedom', studentTwoSided(2.5, 7), 0.04099221858575289],
  ['t, 2.5 degrees of freedom', studentTwoSided(1.2, 2.5), 0.3314388376658776],
])('the tail of the %s distribution', (_, got, want) => {
  expect(got / want).toBeCloseTo(1, 8)
})

describe('ranks', () => {
  const x = [1, 1, 2, 2, 2, 3, 4, 4, 5, 7]
  const y = [2, 3, 3, 4, 5, 5, 6, 7, 8, 8, 9]
  test('without ties: Hollander & Wolfe, Nonparametric Statistical Methods, 1973, p. 69', () => {
    const a = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    const b = [1.15, 0.88, 0.9, 0.74, 1.21]
    const { p, z } = rankTest([{ a: counts(a), b: counts(b) }])
    expect(p).toBeCloseTo(0.22067136191984693, 8)
    expect(z).toBeLessThan(0)
  })
  test('with ties, and the other way round', () => {
    expect(rankTest([{ a: counts(x), b: counts(y) }]).p).toBeCloseTo(0.023093261740591453, 8)
    const turned = rankTest([{ a: counts(y), b: counts(x) }])
    expect(turned.p).toBeCloseTo(0.023093261740591453, 8)
    expect(turned.z).toBeLessThan(0)
  })
  test('two strata alike are √2 times as much evidence as one; values of strata are not compared', () => {
    const one = { a: counts(x), b: counts(y) }
    const far = { a: counts(x.map((v) => v + 100)), b: counts(y.map((v) => v + 100)) }
    expect(rankTest([one, far]).z).toBeCloseTo(Math.SQRT2 * rankTest([one]).z, 8)
    const mixed = rankTest([
      { a: counts([...x, ...x, ...x]), b: counts(x) },
      { a: counts(x.map((v) => v + 100)), b: counts([...x, ...x, ...x].map((v) => v + 100)) },
    ])
    expect(mixed.p).toBeCloseTo(1, 8)
  })
  test('nothing on a side is no evidence', () => {
    expect(rankTest([{ a: counts(x), b: [] }])).toEqual({ z: 0, p: 1 })
  })
})

describe('proportions', () => {
  const table = (a: [number, number], b: [number, number]) => ({
    a: { hits: a[0], of: a[1] },
    b: { hits: b[0], of: b[1] },
  })
  test.each([
    ["Fisher's tea", [table([3, 4], [1, 4])], 0.48571428571428565],
    ['a lopsided table', [table([1, 12], [9, 12])], 0.0027594561852200836],
    ['two strata, exact', [table([2, 30], [7, 28]), table([1, 40], [5, 22])], 0.003628970429203125],
    ['misses instead of hits', [table([28, 30], [21, 28]), table([39, 40], [17, 22])], 0.003628970429203125],
    ['no hits', [table([0, 50], [0, 60])], 1],
    ['only hits', [table([50, 50], [60, 60])], 1],
    ['an empty side', [table([3, 50], [0, 0])], 1],
  ])('%s', (_, strata, want) => {
    expect(proportionTest(strata)).toBeCloseTo(want, 8)
  })
  test("admissions to Berkeley's six departments: most of what a mix of departments does, and none of the departments", () => {
    // Bickel, Hammel & O'Connell, Science 187, 1975, as in R's UCBAdmissions: [admitted, of] men, women.
    const departments = [
      table([512, 825], [89, 108]),
      table([353, 560], [17, 25]),
      table([120, 325], [202, 593]),
      table([138, 417], [131, 375]),
      table([53, 191], [94, 393]),
      table([22, 373], [24, 341]),
    ]
    expect(proportionTest(departments)).toBeCloseTo(0.21692369705551368, 8)
    const all = table([1198, 2691], [557, 1835])
    expect(proportionTest([all])).toBeLessThan(1e-15)
  })
  test('intervals: Wilson of 0 and 5 of 10; Newcombe 1998, table II, 56 of 70 and 48 of 80', () => {
    expect(wilson({ hits: 0, of: 10 }).high).toBeCloseTo(0.2775, 4)
    expect(wilson({ hits: 5, of: 10 }).low).toBeCloseTo(0.2366, 4)
    const { low, high } = differenceInterval({ hits: 48, of: 80 }, { hits: 56, of: 70 })
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(['0.0524', '0.3339'])
  })
  test.each([
    ['7 of 20, one in ten', 7, 20, 0.1, 0.002386089408966118],
    ['2 of 40, one in five', 2, 40, 0.2, 0.015857991148334357],
    ['as expected', 10, 100, 0.1, 1],
    ['none seen', 0, 0, 0.1, 1],
    ['many: 1,100 of 10,000, one in ten', 1_100, 10_000, 0.1, normalTwoSided(100 / 30)],
  ])('share of %s', (_, hits, of, expected, want) => {
    expect(shareTest({ hits, of }, expected)).toBeCloseTo(want, 8)
  })
})

test("Holm's method", () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02])
  expect(holm([0.5, 0.9])).toEqual([1, 1])
  expect(holm([])).toEqual([])
})

test('what weighted and related samples are worth', () => {
  expect(effectiveSize(10, 10)).toBe(10)
  // Ten stored calls of weight four.
  expect(effectiveSize(40, 160)).toBe(10)
  // Nine of weight 1 and one of weight 91 are little more than one.
  expect(effectiveSize(100, 9 + 91 ** 2)).toBeCloseTo(1.206, 3)
  expect(effectiveSize(0, 0)).toBe(0)
  expect(worthOfSample([5, 5, 5, 5])).toBe(1)
  expect(worthOfSample(Array.from({ length: 100 }, (_, index) => index % 2))).toBe(1)
  expect(worthOfSample(Array.from({ length: 100 }, (_, index) => index))).toBeLessThan(0.05)
})

describe('series', () => {
  // Neighbours that alternate are worth no less than independent ones.
  const p = [10, 12, 9.5, 13, 9, 12.5, 10.5, 11.8, 9.8, 12.2]
  const q = [12, 15, 11.5, 14.5, 11, 16, 12.5, 15.5, 11.2, 14]
  test("Yuen's test on logarithms", () => {
    expect(ratioTest(p, q)?.p).toBeCloseTo(0.06488745882207501, 6)
  })
  test('one outlier changes little; a trend is worth few samples', () => {
    expect(ratioTest(p, [...q.slice(0, -1), 1_000])?.ratio).toBeLessThan(1.3)
    const rising = Array.from({ length: 30 }, (_, index) => 100 + index)
    const later = rising.map((value) => value + 15)
    expect(ratioTest(rising, later)?.p).toBeGreaterThan(0.1)
    expect(
      ratioTest(
        rising,
        rising.map((value) => value * 8),
      )?.p,
    ).toBeLessThan(0.05)
  })
  test('steady series differ or not; a few samples say nothing', () => {
    const steady = new Array<number>(12).fill(64)
    expect(ratioTest(steady, steady)).toMatchObject({ ratio: 1, p: 1 })
    expect(
      ratioTest(
        steady,
        steady.map((value) => value * 3),
      )?.p,
    ).toBeLessThan(1e-9)
    expect(ratioTest(steady, [1, 2, 3])).toBeUndefined()
  })
})
