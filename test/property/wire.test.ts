import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OtlpEncoding, OtlpSignal } from '../../collector/record/otlp.ts'
import { logsTable, metricsTable } from '../../collector/record/signal.ts'
import { resourcesTable, spansTable } from '../../collector/record/span.ts'
import type { AnyTable, RowOf } from '../../collector/record/table.ts'
import { encodeRowBinary } from '../../collector/service/store/row-binary.ts'
import type { DecodeResult } from '../../collector/wire/decoded.ts'
import { decodeLogs, type LogItem } from '../../collector/wire/log-decoder.ts'
import { decodeMetrics } from '../../collector/wire/metric-decoder.ts'
import { WireError } from '../../collector/wire/proto-reader.ts'
import { splitRequest } from '../../collector/wire/split-request.ts'
import { decodeTraces } from '../../collector/wire/trace-decoder.ts'
import { mutate, mutations } from './mutations.ts'
import { nowNs, requests, toJson, toProtobuf } from './wire-model.ts'

const context = { receivedAtMs: Number(nowNs / 1_000_000n), batchId: 'batch' }
const signals: readonly OtlpSignal[] = ['traces', 'logs', 'metrics']
const numRuns = 150

const tables: Record<OtlpSignal, AnyTable> = { traces: spansTable, logs: logsTable, metrics: metricsTable }

type Rows = DecodeResult<RowOf<AnyTable>>

function decode(signal: OtlpSignal, encoding: OtlpEncoding, body: Uint8Array): Rows {
  const request = { signal, encoding, body }
  switch (signal) {
    case 'traces':
      return decodeTraces(request, context)
    case 'metrics':
      return decodeMetrics(request, context)
    case 'logs': {
      const decoded: DecodeResult<LogItem> = decodeLogs(request, context)
      if (decoded.type === 'invalid') return decoded
      return { ...decoded, rows: decoded.rows.map((item) => item.row) }
    }
  }
}

/** Bytes as hex, so that views and copies compare alike. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, plain(one)]))
  if (Array.isArray(value)) return value.map(plain)
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
  return value
}

describe.each(signals)('%s', (signal) => {
  test('JSON and protobuf of the same request decode to equal rows', () => {
    fc.assert(
      fc.property(requests[signal], (model) => {
        const fromProtobuf = decode(signal, 'protobuf', toProtobuf(model))
        const fromJson = decode(signal, 'json', Buffer.from(JSON.stringify(toJson(model))))
        expect(plain(fromJson)).toEqual(plain(fromProtobuf))
        expect(fromProtobuf.type).toBe('decoded')
      }),
      { numRuns },
    )
  })

  test('received = rows + rejected, every row fits its columns and names a resource of the answer', () => {
    fc.assert(
      fc.property(requests[signal], (model) => {
        const decoded = decode(signal, 'protobuf', toProtobuf(model))
        if (decoded.type === 'invalid') throw new Error(decoded.message)
        expect(decoded.received).toBe(decoded.rows.length + decoded.rejected)
        expect(decoded.rejected > 0).toBe(decoded.messages.length > 0)
        encodeRowBinary(tables[signal], decoded.rows)
        encodeRowBinary(resourcesTable, decoded.resources)
        const named = new Set((decoded.rows as { resource_id: bigint }[]).map((row) => row.resource_id))
        expect(named).toEqual(new Set(decoded.resources.map((resource) => resource.resource_id)))
        expect(decoded.resources).toHaveLength(named.size)
      }),
      { numRuns },
    )
  })

  test('damaged bytes decode to rows that can be stored, or are refused; they never throw', () => {
    fc.assert(
      fc.property(requests[signal], mutations, fc.boolean(), (model, steps, json) => {
        const body = json ? Buffer.from(JSON.stringify(toJson(model))) : toProtobuf(model)
        const encoding = json ? 'json' : 'protobuf'
        const decoded = decode(signal, encoding, mutate(body, steps))
        if (decoded.type === 'decoded') encodeRowBinary(tables[signal], decoded.rows)
        else expect(decoded.message).not.toBe('')
      }),
      { numRuns: numRuns * 4 },
    )
  })

  test('junk is refused or empty, and splits into nothing or fails as a WireError', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('json', 'protobuf'),
        (body, encoding) => {
          decode(signal, encoding, body)
          try {
            for (const part of splitRequest({ signal, encoding, body })) part.encode(new Map([['a', 'b']]))
          } catch (error) {
            expect(error).toBeInstanceOf(WireError)
          }
        },
      ),
      { numRuns: numRuns * 4 },
    )
  })

  test('damaged requests split into parts that can be encoded, or fail as a WireError when they are split', () => {
    fc.assert(
      fc.property(requests[signal], mutations, (model, steps) => {
        const body = mutate(toProtobuf(model), steps)
        let parts: ReturnType<typeof splitRequest> = []
        try {
          parts = splitRequest({ signal, encoding: 'protobuf', body })
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
        for (const part of parts) {
          const encoded = Buffer.concat(
            part.encode(
              new Map([
                ['x', 'y'],
                ['service.name', 's'],
              ]),
            ),
          )
          expect(decode(signal, 'protobuf', encoded)).toMatchObject({
            type: 'decoded',
            received: expect.any(Number),
          })
        }
      }),
      { numRuns: numRuns * 2 },
    )
  })

  test('a split request decodes to the same items, with the attributes added to each resource', () => {
    const added = new Map([
      ['k8s.namespace.name', 'shop'],
      ['k8s.node.name', 'node-1'],
      ['k8s.cluster.uid', 'c-1'],
    ])
    fc.assert(
      fc.property(requests[signal], fc.constantFrom('json', 'protobuf'), (model, encoding) => {
        const body = encoding === 'json' ? Buffer.from(JSON.stringify(toJson(model))) : toProtobuf(model)
        const before = decode(signal, encoding, body)
        if (before.type === 'invalid') throw new Error(before.message)
        const parts = splitRequest({ signal, encoding, body })
        expect(parts.reduce((sum, part) => sum + part.items, 0)).toBe(before.received)
        const after = parts.map((part) => decode(signal, 'protobuf', Buffer.concat(part.encode(added))))
        const rows = after.flatMap((one) => (one.type === 'decoded' ? one.rows : []))
        expect(rows.map(withoutIdentity)).toEqual(before.rows.map(withoutIdentity))
        const resources = after.flatMap((one) => (one.type === 'decoded' ? one.resources : []))
        for (const { attributes } of resources) {
          expect(attributes.get('k8s.cluster.uid')).toBe('c-1')
          expect(attributes.get('k8s.namespace.name')).toBe('shop')
          expect(attributes.get('k8s.node.name')).toBe('node-1')
        }
      }),
      { numRuns },
    )
  })
})

/** A row without what the added attributes change. */
function withoutIdentity(row: Record<string, unknown>): unknown {
  const { resource_id, cluster_id, namespace, application, node, ...rest } = row
  return plain(rest)
}
