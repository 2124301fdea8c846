import type { Chart } from '@binnacle/collector/api/common'
import { describe, expect, test } from 'vitest'
import { axisSplits } from '../../../dashboards/web/src/parts/axis-splits.ts'
import { besideOf, besideText, runsOf, topBeside } from '../../../dashboards/web/src/parts/chart-beside.ts'
import { chartData, lonePoints, seriesColors } from '../../../dashboards/web/src/parts/chart-series.ts'

function chart(points: readonly (number | null)[][], unit = '1'): Chart {
  return {
    stepMs: 1000,
    timesMs: (points[0] ?? []).map((_, index) => index * 1000),
    series: points.map((one, index) => ({ name: `s${index}`, unit, points: [...one] })),
  }
}

describe('what a chart draws', () => {
  test('lines as they are, in seconds', () => {
    expect(chartData(chart([[1, null, 3]]), 'lines').drawn).toEqual([
      [0, 1, 2],
      [1, null, 3],
    ])
  })

  test('bars of several series on top of each other, while the legend says their own values', () => {
    const data = chartData(
      chart([
        [1, 2, null],
        [10, null, 30],
      ]),
      'bars',
    )
    expect(data.drawn.slice(1)).toEqual([
      [1, 2, null],
      [11, null, 30],
    ])
    expect(data.values[1]).toEqual([10, null, 30])
  })

  test('counts add up over the range, levels end with the last that is known', () => {
    expect(chartData(chart([[1, null, 3]]), 'bars').totals).toEqual([4])
    expect(chartData(chart([[1, 3, null]], 'By'), 'lines').totals).toEqual([3])
    expect(chartData(chart([[null, null]], 'By'), 'lines').totals).toEqual([null])
  })

  test('at most eight series; the rest is summed up as others', () => {
    const data = chartData(chart(Array.from({ length: 10 }, (_, index) => [index])), 'lines')
    expect(data.names).toHaveLength(8)
    expect(data.names.at(-1)).toBe('3 others')
    expect(data.values.at(-1)).toEqual([7 + 8 + 9])
  })

  test('no series at all is an empty chart', () => {
    expect(chartData(chart([]), 'stacked')).toMatchObject({ names: [], drawn: [[]], unit: '' })
  })
})

test('colours mean state where a series means one, and follow the palette elsewhere', () => {
  expect(seriesColors(['error', 'p95'], { colors: { error: '--bad' } })).toEqual(['--bad', '--series-2'])
  expect(seriesColors(['errors'], { tone: 'bad' })).toEqual(['--bad'])
})

describe('lines of an axis', () => {
  const cases: readonly [max: number, unit: string, want: number[]][] = [
    [16, '1', [0, 5, 10, 15]],
    [1, '1', [0, 1]],
    [2.16, '1', [0, 1, 2]],
    [0.5, 'ms', [0, 0.2, 0.4]],
    [108, '%', [0, 50, 100]],
    [6.7 * 1024 ** 3, 'By', [0, 2, 4, 6].map((gib) => gib * 1024 ** 3)],
    [300 * 1024 ** 2, 'By', [0, 100, 200, 300].map((mib) => mib * 1024 ** 2)],
  ]
  test.each(cases)('up to %s %s', (max, unit, want) => {
    expect(axisSplits(0, max, unit)).toEqual(want)
  })

  test('are few, whatever the span', () => {
    for (let power = -6; power < 15; power += 1) {
      for (const unit of ['1', 'ms', 'By']) {
        const { length } = axisSplits(0, 3.7 * 10 ** power, unit)
        expect(length).toBeGreaterThan(0)
        expect(length).toBeLessThanOrEqual(6)
      }
    }
  })
})

test.each([
  [[], []],
  [[1], [0]],
  [[null, null, 3], [2]],
  [[1, 2, null, 4, null, 6, 7], [3]],
  [
    [0, null, 0],
    [0, 2],
  ],
] as const)('of %j the points without a neighbour are %j', (values, want) => {
  expect(lonePoints(values)).toEqual(want)
})

describe('what a series is compared with', () => {
  const baseline = { center: [10, 10], lower: [5, 0], upper: [15, 100], hours: [30, 12] }
  const compared = (more: object): Chart => {
    const plain = chart([[12, 20]], 'ms')
    return { ...plain, series: plain.series.map((one) => ({ ...one, ...more })) }
  }

  test('the legend says the band with its n, of the step at the cross-hair or of the last', () => {
    const [band] = besideOf(compared({ baseline }))
    expect(band && besideText(band, 0)).toBe('usual s0 5 ms – 15 ms (n = 30 h)')
    expect(band && besideText(band, null)).toBe('usual s0 0 ms – 100 ms (n = 12 h)')
  })

  test('too few hours say that the baseline warms up', () => {
    const nothing = { center: [null, null], lower: [null, null], upper: [null, null], hours: [2, 1] }
    const [band] = besideOf(compared({ baseline: nothing }))
    expect(band && besideText(band, 0)).toBe('baseline warms up: 2 of 3 hours like this one')
  })

  test('the period before is a line of its own', () => {
    const [before] = besideOf(compared({ previous: [7, null] }))
    expect(before && besideText(before, 0)).toBe('s0 before 7 ms')
    expect(before && besideText(before, 1)).toBe('s0 before –')
  })

  test('nothing is drawn beside stacked series', () => {
    expect(chartData(compared({ baseline }), 'lines').beside).toHaveLength(1)
    expect(chartData(compared({ baseline }), 'stacked').beside).toEqual([])
  })

  test('a band far wider than its series is cut, one that is not fits', () => {
    const beside = besideOf(compared({ baseline }))
    expect(topBeside(beside, 20)).toBe(40)
    expect(topBeside(beside, 80)).toBe(100)
    expect(topBeside([], 20)).toBe(20)
  })

  test('gaps divide a band', () => {
    expect(runsOf([null, 1, 2, null, 0])).toEqual([
      [1, 2],
      [4, 4],
    ])
  })
})
