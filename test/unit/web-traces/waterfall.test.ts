import { describe, expect, test } from 'vitest'
import { buildTraceTree, type TraceNode, walkTrace } from '../../../dashboards/web/src/traces/trace-tree.ts'
import {
  type Folding,
  foldToTiers,
  nothingFolded,
  reveal,
  rowIndexOf,
  toggleRow,
  type WaterfallRow,
  waterfallRows,
} from '../../../dashboards/web/src/traces/waterfall.ts'
import { span } from './support.ts'

const queries = Array.from({ length: 5 }, (_, index) =>
  span(`q${index}`, 'a', [index * 3 + 1, 1], { operation: 'SELECT', kind: 'client' }),
)
const failing = span('q5', 'a', [20, 1], { operation: 'SELECT', kind: 'client', status: 'error' })
const tree = buildTraceTree([
  span('a', '', [0, 40]),
  ...queries,
  failing,
  span('b', 'a', [25, 10]),
  span('c', 'b', [26, 1]),
])
const show = (row: WaterfallRow) =>
  `${'  '.repeat(row.depth)}${row.key}${row.type === 'repeated' ? ` ×${row.nodes.length}` : ''} ${row.fold}`
const rows = (folding: Folding) => waterfallRows(tree, folding).map(show)
const node = (key: string): TraceNode => {
  const found = walkTrace<TraceNode>(tree).find((one) => one.key === key)
  if (!found) throw new Error(`cannot find ${key}`)
  return found
}

describe('the rows of a waterfall', () => {
  test('repeated siblings are one row, and one with an error is never among them', () => {
    expect(rows(nothingFolded)).toEqual([
      'a open',
      '  repeated:q0 ×5 closed',
      '  q5 none',
      '  b open',
      '    c none',
    ])
  })
  test('three alike are shown one by one', () => {
    const three = buildTraceTree([span('a', '', [0, 9]), ...queries.slice(0, 3)])
    expect(waterfallRows(three, nothingFolded).map(show)).toEqual([
      'a open',
      '  q0 none',
      '  q1 none',
      '  q2 none',
    ])
  })
  test('an opened repeated row shows its spans below it', () => {
    expect(rows({ closed: new Set(), opened: new Set(['repeated:q0']) }).slice(1, 7)).toEqual([
      '  repeated:q0 ×5 open',
      ...[0, 1, 2, 3, 4].map((index) => `    q${index} none`),
    ])
  })
  test('a closed span hides its subtree', () => {
    expect(rows({ closed: new Set(['a']), opened: new Set() })).toEqual(['a closed'])
  })
  test('toggling twice changes nothing, and a leaf does not fold', () => {
    for (const row of waterfallRows(tree, nothingFolded)) {
      expect(toggleRow(toggleRow(nothingFolded, row), row)).toEqual(nothingFolded)
      if (row.fold === 'none') expect(toggleRow(nothingFolded, row)).toBe(nothingFolded)
    }
  })
  test.each(['q3', 'c', 'a'])('revealing %s opens what hides it', (key) => {
    const hidden: Folding = { closed: new Set(['a', 'b']), opened: new Set() }
    expect(waterfallRows(tree, reveal(hidden, node(key))).map((row) => row.key)).toContain(key)
  })
  test('a hidden span is found at the row that hides it', () => {
    const visible = waterfallRows(tree, { closed: new Set(['b']), opened: new Set() })
    expect(visible[rowIndexOf(visible, node('c'))]?.key).toBe('b')
    expect(visible[rowIndexOf(visible, node('q3'))]?.key).toBe('repeated:q0')
    expect(visible[rowIndexOf(visible, node('q5'))]?.key).toBe('q5')
  })
  test('10,000 alike siblings are one row within a moment', () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      span(`q${index}`, 'a', [index, 1], { operation: 'GET' }),
    )
    expect(waterfallRows(buildTraceTree([span('a', '', [0, 1e5]), ...many]), nothingFolded)).toHaveLength(2)
  })
  test('folded to tiers, only spans on the way to another tier are open', () => {
    const other = { service: 'benigno' }
    const roots = buildTraceTree([
      span('a', '', [0, 40]),
      span('b', 'a', [1, 9]),
      span('c', 'b', [2, 3], other),
      span('d', 'c', [3, 1], other),
      span('e', 'a', [20, 9]),
      span('f', 'e', [21, 1]),
    ])
    const folding = foldToTiers(walkTrace<TraceNode>(roots))
    expect(waterfallRows(roots, folding).map(show)).toEqual([
      'a open',
      '  b open',
      '    c closed',
      '  e closed',
    ])
  })
})
