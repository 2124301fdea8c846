import type { SpanRow } from '@binnacle/collector/api/applications'
import { describe, expect, test } from 'vitest'
import { mendClocks } from '../../../dashboards/web/src/traces/clock-skew.ts'
import { span } from './support.ts'

const client = (id: string, parent: string, [startMs, durationMs]: [number, number]): SpanRow => ({
  ...span(id, parent, [startMs, durationMs]),
  ...{ service: 'a', pod: 'a-0', kind: 'client' },
})
const server = (id: string, parent: string, [startMs, durationMs]: [number, number]): SpanRow => ({
  ...span(id, parent, [startMs, durationMs]),
  ...{ service: 'b', pod: 'b-0', kind: 'server' },
})

describe('clocks that differ', () => {
  const cases: [name: string, spans: SpanRow[], starts: number[], skews: number[]][] = [
    ['a server within its client stays', [client('c', '', [0, 10]), server('s', 'c', [1, 8])], [0, 1], []],
    [
      'so does one that is off by less than a message travels',
      [client('c', '', [0, 10]), server('s', 'c', [-0.5, 8])],
      [0, -0.5],
      [],
    ],
    [
      'one before its client moves to its middle',
      [client('c', '', [100, 10]), server('s', 'c', [40, 8])],
      [100, 101],
      [61],
    ],
    [
      'one that ends after it, too',
      [client('c', '', [100, 10]), server('s', 'c', [160, 8])],
      [100, 101],
      [-59],
    ],
    [
      'one that took longer than its client waited begins with it, and may end later',
      [client('c', '', [100, 10]), server('s', 'c', [60, 30])],
      [100, 100],
      [40],
    ],
    [
      'one that took longer and began within stays',
      [client('c', '', [100, 10]), server('s', 'c', [101, 30])],
      [100, 101],
      [],
    ],
    [
      'what its host did below moves with it; the next host is held against the moved client',
      [
        client('c', '', [100, 10]),
        server('s', 'c', [40, 8]),
        { ...server('w', 's', [41, 6]), kind: 'internal' },
        { ...server('d', 's', [41, 6]), kind: 'client' },
        { ...server('t', 'd', [103, 4]), service: 'c', pod: 'c-0' },
      ],
      [100, 101, 102, 102, 103],
      [61],
    ],
    [
      'a consumer comes when it comes',
      [client('c', '', [100, 10]), { ...server('s', 'c', [400, 8]), kind: 'consumer' }],
      [100, 400],
      [],
    ],
    ['a ring of parents ends', [server('x', 'y', [0, 1]), client('y', 'x', [5, 1])], [0, 5], []],
  ]
  test.each(cases)('%s', (_, spans, starts, skews) => {
    const mended = mendClocks(spans)
    expect(mended.spans.map((one) => one.startMs)).toEqual(starts)
    expect(mended.skews.map((one) => one.movedMs)).toEqual(skews)
    expect(mended.spans.map((one) => one.durationMs)).toEqual(spans.map((one) => one.durationMs))
  })
})
