import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { SpanRow } from '../../../collector/record/span.ts'
import { decodeTraces } from '../../../collector/wire/trace-decoder.ts'
import { createCorpus } from '../../bench/corpus/fresh.ts'
import type { Shape } from '../../bench/corpus/request.ts'

const endMs = Date.UTC(2026, 10, 27, 12)
const corpusOf = (shape: Shape) => createCorpus({ shape, seed: 7, templates: 3, endMs, spreadMs: 60_000 })

function rowsOf(body: Uint8Array): SpanRow[] {
  const decoded = decodeTraces(
    { signal: 'traces', encoding: 'protobuf', body },
    { receivedAtMs: endMs + 1_000, batchId: '' },
  )
  if (decoded.type === 'invalid') throw new Error(decoded.message)
  expect(decoded.rejected).toBe(0)
  return decoded.rows
}

const hex = (id: Uint8Array) => Buffer.from(id).toString('hex')

describe.each(['lean', 'rich'] as const)('the %s corpus', (shape) => {
  const corpus = corpusOf(shape)
  const requests = [0, 1, 2, 3, 4, 5].map((n) => corpus.request(n))
  const rows = requests.map(rowsOf)

  test('has spans of the stated size', () => {
    const bytes = requests.reduce((sum, body) => sum + body.length, 0) / (6 * corpus.spansPerRequest)
    const [low, high] = shape === 'lean' ? [510, 550] : [1_800, 2_000]
    expect(bytes).toBeGreaterThan(low)
    expect(bytes).toBeLessThan(high)
    expect(gzipSync(requests[0] ?? new Uint8Array()).length / corpus.spansPerRequest).toBeLessThan(bytes / 5)
  })

  test('has no span twice, though templates are used again', () => {
    const spans = rows.flat()
    expect(spans.length).toBe(6 * corpus.spansPerRequest)
    expect(new Set(spans.map((row) => hex(row.span_id))).size).toBe(spans.length)
    expect(new Set(spans.map((row) => hex(row.trace_id))).size).toBeGreaterThan(spans.length / 10)
  })

  test('has traces of eight to ten spans whose parents are there', () => {
    for (const request of rows) {
      const byTrace = Map.groupBy(request, (row) => hex(row.trace_id))
      // The last one may be cut.
      for (const spans of [...byTrace.values()].slice(0, -1)) {
        const ids = new Set(spans.map((row) => hex(row.span_id)))
        const roots = spans.filter((row) => !ids.has(hex(row.parent_span_id)))
        if (spans.length >= 8) expect(roots.map((row) => hex(row.parent_span_id))).toEqual(['0'.repeat(16)])
        expect(spans.length).toBeLessThanOrEqual(10)
      }
    }
  })

  test('has times within its range that need no clamping', () => {
    for (const row of rows.flat()) {
      expect(row.clamped).toBe(false)
      expect(Number(row.start_time / 1_000_000n)).toBeGreaterThanOrEqual(endMs - 60_000)
      expect(row.duration_ns).toBeGreaterThan(0n)
    }
  })

  test('is the same on every run', () => {
    expect(
      corpusOf(shape)
        .request(4)
        .equals(requests[4] ?? new Uint8Array()),
    ).toBe(true)
  })
})

test('the lean corpus has twelve attributes a span and ten a resource', () => {
  const [row] = rowsOf(corpusOf('lean').request(0))
  expect(row?.attributes.size).toBe(12)
  expect(corpusOf('lean').spansPerRequest).toBe(1_024)
})
