import type { SpanRow } from '@binnacle/collector/api/applications'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { criticalPath } from '../../../dashboards/web/src/traces/critical-path.ts'
import { buildTraceTree, mainRoot } from '../../../dashboards/web/src/traces/trace-tree.ts'
import { span } from './support.ts'

function path(spans: readonly SpanRow[]): string[] {
  const root = mainRoot(buildTraceTree(spans))
  return root ? criticalPath(root).map(({ key, startMs, endMs }) => `${key} ${startMs}–${endMs}`) : []
}

describe('the critical path', () => {
  const cases: [name: string, spans: SpanRow[], want: string[]][] = [
    ['a lone span is its own path', [span('a', '', [0, 10])], ['a 0–10']],
    [
      'one child takes its part',
      [span('a', '', [0, 10]), span('b', 'a', [2, 5])],
      ['a 7–10', 'b 2–7', 'a 0–2'],
    ],
    [
      'of parallel children the one that ended last counts',
      [span('a', '', [0, 10]), span('fast', 'a', [1, 3]), span('slow', 'a', [1, 8])],
      ['a 9–10', 'slow 1–9', 'a 0–1'],
    ],
    [
      'children one after the other all count',
      [span('a', '', [0, 10]), span('b', 'a', [1, 3]), span('c', 'a', [5, 4])],
      ['a 9–10', 'c 5–9', 'a 4–5', 'b 1–4', 'a 0–1'],
    ],
    [
      'work that outlives its parent is not on it',
      [span('a', '', [0, 10]), span('consumer', 'a', [9, 50]), span('b', 'a', [1, 3])],
      ['a 4–10', 'b 1–4', 'a 0–1'],
    ],
    [
      'a child a little late by another clock counts up to its parent’s end',
      [span('a', '', [0, 10]), span('b', 'a', [2, 8.5])],
      ['b 2–10', 'a 0–2'],
    ],
  ]
  test.each(cases)('%s', (_name, spans, want) => expect(path(spans)).toEqual(want))

  test('its stretches never overlap and add up to the duration of the root', () => {
    const child = fc.tuple(fc.nat(20), fc.integer({ min: -20, max: 120 }), fc.nat(80))
    fc.assert(
      fc.property(fc.array(child, { maxLength: 20 }), (children) => {
        const spans = children.map(([parent, start, lasts], index) =>
          span(`s${index}`, parent < index ? `s${parent}` : 'root', [start, lasts]),
        )
        const root = mainRoot(buildTraceTree([span('root', '', [0, 100]), ...spans]))
        if (!root) throw new Error('no root')
        const stretches = criticalPath(root)
        expect(stretches.reduce((sum, one) => sum + one.endMs - one.startMs, 0)).toBe(100)
        for (const [index, one] of stretches.entries()) {
          expect(one.endMs).toBe(stretches[index - 1]?.startMs ?? 100)
        }
      }),
    )
  })
})
