import type { SpanRow } from '@binnacle/collector/api/applications'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  buildTraceTree,
  mainRoot,
  outlivesParent,
  type TraceNode,
  walkTrace,
} from '../../../dashboards/web/src/traces/trace-tree.ts'
import { span } from './support.ts'

const outline = (spans: readonly SpanRow[]) =>
  walkTrace<TraceNode>(buildTraceTree(spans)).map((node) => `${'  '.repeat(node.depth)}${node.key}`)

describe('the tree of a trace', () => {
  const cases: [name: string, spans: SpanRow[], want: string[]][] = [
    ['no spans', [], []],
    [
      'children stand by start time, whatever the order of arrival',
      [span('c', 'a', [5, 1]), span('b', 'a', [1, 1]), span('a', '', [0, 10])],
      ['a', '  b', '  c'],
    ],
    [
      'of children that start together the longer one stands first',
      [span('a', '', [0, 9]), span('b', 'a', [1, 2]), span('c', 'a', [1, 5])],
      ['a', '  c', '  b'],
    ],
    [
      'spans with a missing parent share one placeholder',
      [span('a', '', [0, 9]), span('b', 'gone', [3, 2]), span('c', 'gone', [6, 1])],
      ['a', 'missing:gone', '  b', '  c'],
    ],
    [
      'a ring of parents is opened at its earliest span',
      [span('b', 'a', [2, 1]), span('a', 'b', [1, 5])],
      ['a', '  b'],
    ],
    ['a span that names itself is a root', [span('a', 'a', [0, 1])], ['a']],
    [
      'a repeated span id is kept under its own key',
      [span('a', '', [0, 9]), span('b', 'a', [1, 1]), span('b', 'a', [3, 1])],
      ['a', '  b', '  b#2'],
    ],
  ]
  test.each(cases)('%s', (_name, spans, want) => expect(outline(spans)).toEqual(want))

  test('a placeholder spans its children and counts none for itself', () => {
    const [root] = buildTraceTree([span('b', 'gone', [3, 2]), span('c', 'gone', [6, 4], { status: 'error' })])
    expect(root).toMatchObject({ type: 'missing', startMs: 3, endMs: 10, spans: 2, errors: 1 })
  })
  test('the main root is the first real one, not an earlier placeholder', () => {
    const roots = buildTraceTree([span('b', 'gone', [0, 2]), span('a', '', [1, 9])])
    expect(mainRoot(roots)?.key).toBe('a')
    expect(mainRoot(buildTraceTree([span('b', 'gone', [0, 2])]))?.key).toBe('missing:gone')
  })
  test('work that mostly runs after its parent was not waited for', () => {
    const tree = buildTraceTree([
      span('a', '', [0, 10]),
      span('skewed clock', 'a', [4, 6.5]),
      span('fire and forget', 'a', [8, 40]),
      span('consumer', 'a', [30, 2]),
    ])
    const nodes = walkTrace<TraceNode>(tree).filter(outlivesParent)
    expect(nodes.map((node) => node.key)).toEqual(['fire and forget', 'consumer'])
  })
  test('a chain of 10,000 spans does not overflow the stack', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) =>
      span(`s${index}`, index ? `s${index - 1}` : '', [index, 1]),
    )
    const [root] = buildTraceTree(chain)
    expect(root?.spans).toBe(10_000)
  })
  test('every span is in the tree exactly once, whatever the parents say', () => {
    const id = fc.integer({ min: 0, max: 12 }).map(String)
    const spans = fc.array(
      fc
        .tuple(id, fc.oneof(id, fc.constant('')), fc.nat(100), fc.nat(100))
        .map(([one, parent, start, lasts]) => span(one, parent, [start, lasts])),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(spans, (input) => {
        const nodes = walkTrace<TraceNode>(buildTraceTree(input))
        const kept = nodes.flatMap((node) => (node.type === 'span' ? [node.span] : []))
        expect(kept).toHaveLength(input.length)
        expect(new Set(kept).size).toBe(input.length)
        expect(new Set(nodes.map((node) => node.key)).size).toBe(nodes.length)
      }),
    )
  })
})
