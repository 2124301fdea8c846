import { describe, expect, test } from 'vitest'
import { boxAt, flameRows } from '../../../dashboards/web/src/traces/flame-layout.ts'
import { buildTraceTree, type TraceNode, walkTrace } from '../../../dashboards/web/src/traces/trace-tree.ts'
import { span } from './support.ts'

const rowsOf = (spans: Parameters<typeof buildTraceTree>[0]) =>
  flameRows(walkTrace<TraceNode>(buildTraceTree(spans)))
const keys = (spans: Parameters<typeof buildTraceTree>[0]) =>
  rowsOf(spans).map((row) => row.map((node) => node.key).join(' '))

describe('the rows of a flame graph', () => {
  test.each<[string, Parameters<typeof buildTraceTree>[0], string[]]>([
    [
      'siblings one after the other share a row',
      [span('a', '', [0, 10]), span('b', 'a', [1, 3]), span('c', 'a', [4, 3])],
      ['a', 'b c'],
    ],
    [
      'siblings at once lie below each other',
      [span('a', '', [0, 10]), span('b', 'a', [1, 5]), span('c', 'a', [2, 5])],
      ['a', 'b', 'c'],
    ],
    [
      'a child finds room below its parent, past what lies there',
      [span('a', '', [0, 10]), span('b', 'a', [1, 8]), span('c', 'a', [2, 8]), span('d', 'b', [3, 1])],
      ['a', 'b', 'c', 'd'],
    ],
    [
      'a child that starts before its parent by its clock still lies below it',
      [span('a', '', [5, 5]), span('b', 'a', [1, 3])],
      ['a', 'b'],
    ],
    ['roots of one trace, one after the other', [span('a', '', [0, 2]), span('b', '', [3, 2])], ['a b']],
  ])('%s', (_name, spans, want) => expect(keys(spans)).toEqual(want))

  test('every span has its place once, also in a chain of 10,000 and among 10,000 siblings at once', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) =>
      span(`c${i}`, i === 0 ? '' : `c${i - 1}`, [i, 20_000 - 2 * i]),
    )
    expect(rowsOf(chain).map((row) => row.length)).toEqual(chain.map(() => 1))
    const wide = [
      span('a', '', [0, 100]),
      ...Array.from({ length: 9_999 }, (_, i) => span(`w${i}`, 'a', [1, 50])),
    ]
    expect(new Set(rowsOf(wide).flat()).size).toBe(10_000)
  })

  test('a box is found at its time, and a thin one nearby', () => {
    const row = rowsOf([span('a', '', [0, 2]), span('b', '', [3, 2]), span('c', '', [9, 0.01])])[0] ?? []
    expect([1, 2.4, 2.6, 7, 9.2].map((ms) => boxAt(row, ms, 0.5)?.key)).toEqual([
      'a',
      'a',
      'b',
      undefined,
      'c',
    ])
  })
})
