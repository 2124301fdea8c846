import { describe, expect, test } from 'vitest'
import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import { type ProtoWriter, writeProto } from '../../../collector/wire/proto-writer.ts'
import { createJudge, type Outcome } from '../../property/fuzz/judge.ts'
import { nowNs, requestOf, validSpan } from './build.ts'

/**
 * The encoding rules of an OTLP receiver, each for both decoders: every case goes through the plain and the columnar one
 * (protobuf also through the reference), which must agree.
 */
function accepted(outcome: Outcome): { rows: Record<string, unknown>[]; rejected: number } {
  if (outcome.type === 'invalid') throw new Error(`invalid: ${JSON.stringify(outcome)}`)
  return { rows: outcome.rows.map(({ row }) => row as Record<string, unknown>), rejected: outcome.rejected }
}

function fromJson(signal: OtlpSignal, body: string | object): ReturnType<typeof accepted> {
  const judge = createJudge()
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const outcome = judge.json(signal, Buffer.from(text))
  judge.seal()
  return accepted(outcome)
}

function fromProtobuf(signal: OtlpSignal, body: Uint8Array): ReturnType<typeof accepted> {
  const judge = createJudge()
  const outcome = judge.protobuf(signal, body)
  judge.seal()
  return accepted(outcome)
}

const names = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
} as const

function request(signal: OtlpSignal, ...items: object[]): object {
  const [resources, scopes, item] = names[signal]
  return { [resources]: [{ [scopes]: [{ [item]: items }] }] }
}

const traceId = '5b8efff798038103d269b633813fc60c'
const spanId = 'eee19b7ec3c1b174'
const span = (fields: object) => ({
  traceId,
  spanId,
  startTimeUnixNano: String(nowNs - 5n),
  endTimeUnixNano: String(nowNs),
  ...fields,
})
const log = (fields: object) => ({ timeUnixNano: String(nowNs), ...fields })
const gauge = (point: object) => ({
  name: 'm',
  gauge: { dataPoints: [{ timeUnixNano: String(nowNs), ...point }] },
})

const hex = (value: unknown) => Buffer.from(value as Uint8Array).toString('hex')
const exemplarIds = (point: Record<string, unknown> | undefined) =>
  (point?.['exemplars_trace_id'] as Uint8Array[] | undefined)?.map(hex)

describe('8.1/10 JSON', () => {
  test('8.1/10 ids are hex in any case', () => {
    const upper = { traceId: traceId.toUpperCase(), spanId: spanId.toUpperCase() }
    const mixed = { traceId: traceId.replace('f', 'F'), spanId: spanId.replace('e', 'E') }
    for (const ids of [upper, mixed]) {
      const [row] = fromJson('traces', request('traces', span({ ...ids, parentSpanId: ids.spanId }))).rows
      expect([row?.['trace_id'], row?.['span_id'], row?.['parent_span_id']].map(hex)).toEqual([
        traceId,
        spanId,
        spanId,
      ])
      const [record] = fromJson('logs', request('logs', log(ids))).rows
      expect([record?.['trace_id'], record?.['span_id']].map(hex)).toEqual([traceId, spanId])
      const [point] = fromJson('metrics', request('metrics', gauge({ asInt: 1, exemplars: [ids] }))).rows
      expect(exemplarIds(point)).toEqual([traceId])
    }
  })

  test('8.1/10 an id in base64 is malformed: its span is rejected alone', () => {
    const malformed = span({ traceId: 'W47/95gDgQPSabYzgT/GDA==' })
    const decoded = fromJson('traces', request('traces', span({ name: 'good' }), malformed))
    expect(decoded.rows.map((row) => row['operation'])).toEqual(['good'])
    expect(decoded.rejected).toBe(1)
  })

  test('8.1/10 a malformed id of a log record or an exemplar is none, the record and the point stay', () => {
    const [record] = fromJson('logs', request('logs', log({ traceId: 'xyz', spanId: '!' }))).rows
    expect([record?.['trace_id'], record?.['span_id']].map(hex)).toEqual(['00'.repeat(16), '00'.repeat(8)])
    const [point] = fromJson('metrics', request('metrics', gauge({ exemplars: [{ traceId: 'xyz' }] }))).rows
    expect(exemplarIds(point)).toEqual(['00'.repeat(16)])
  })

  test('8.1/10 enums are integers; their names, which some senders write, are taken too', () => {
    for (const [kind, code] of [
      [3, 2],
      ['SPAN_KIND_CLIENT', 'STATUS_CODE_ERROR'],
    ]) {
      const [row] = fromJson('traces', request('traces', span({ kind, status: { code } }))).rows
      expect(row).toMatchObject({ kind: 3, status: 2 })
    }
    for (const aggregationTemporality of [2, 'AGGREGATION_TEMPORALITY_CUMULATIVE']) {
      const sum = {
        name: 'm',
        sum: { aggregationTemporality, isMonotonic: true, dataPoints: [{ asInt: '1' }] },
      }
      expect(fromJson('metrics', request('metrics', sum)).rows).toMatchObject([
        { temporality: 2, monotonic: true },
      ])
    }
    expect(fromJson('logs', request('logs', log({ severityNumber: 17 }))).rows).toMatchObject([
      { severity_number: 17 },
    ])
  })

  test('8.1/10 an enum beyond its names is unspecified, the item stays', () => {
    expect(
      fromJson('traces', request('traces', span({ kind: 77, status: { code: -1 } }))).rows,
    ).toMatchObject([{ kind: 0, status: 0 }])
  })

  test('8.1/10 unknown fields are ignored, whatever they hold', () => {
    for (const unknown of [1, 'x', null, [1, { a: [] }], { resourceSpans: [{}] }]) {
      const items = { traces: span({ unknown }), logs: log({ unknown }), metrics: gauge({ unknown }) }
      for (const [signal, item] of Object.entries(items) as [OtlpSignal, object][])
        expect(fromJson(signal, { ...request(signal, item), unknown }).rows).toHaveLength(1)
    }
  })

  test('8.1/10 only lowerCamelCase keys are known', () => {
    const [row] = fromJson('traces', request('traces', span({ trace_state: 'a=b', traceState: 'c=d' }))).rows
    expect(row?.['trace_state']).toBe('c=d')
    expect(fromJson('traces', { resource_spans: [{}] }).rows).toEqual([])
    expect(fromJson('logs', request('logs', log({ event_name: 'no' }))).rows).toMatchObject([
      { event_name: '' },
    ])
  })

  test('8.1/10 64-bit integers come as strings and as numbers, and keep all their digits', () => {
    for (const [text, want] of [
      ['"9223372036854775807"', 9_223_372_036_854_775_807n],
      ['9223372036854775807', 9_223_372_036_854_775_807n],
      ['"-9223372036854775808"', -9_223_372_036_854_775_808n],
      ['9007199254740993', 9_007_199_254_740_993n],
      ['5', 5n],
    ] as const) {
      const body = JSON.stringify(request('logs', log({ body: { intValue: '@' } }))).replace('"@"', text)
      expect(fromJson('logs', body).rows).toMatchObject([{ body: String(want) }])
    }
    const time = JSON.stringify(request('logs', { timeUnixNano: '@' })).replace('"@"', String(nowNs - 1n))
    expect(fromJson('logs', time).rows).toMatchObject([{ time: nowNs - 1n }])
    const histogram = {
      name: 'm',
      histogram: { dataPoints: [{ count: '18446744073709551615', bucketCounts: [1, '2'] }] },
    }
    expect(fromJson('metrics', request('metrics', histogram)).rows).toMatchObject([
      { count: 18_446_744_073_709_551_615n, bucket_counts: [1n, 2n] },
    ])
  })

  test('8.1/10 a byte order mark in front is no matter', () => {
    expect(fromJson('traces', `\ufeff${JSON.stringify(request('traces', span({})))}`).rows).toHaveLength(1)
  })

  test.each(['NaN', 'Infinity', '-Infinity'])('8.1/10 the double %s is a string', (text) => {
    expect(fromJson('metrics', request('metrics', gauge({ asDouble: text }))).rows[0]?.['value']).toBe(
      Number(text),
    )
    const value = { doubleValue: text }
    const attribute = { attributes: [{ key: 'd', value }] }
    expect(fromJson('traces', request('traces', span(attribute))).rows[0]?.['attributes']).toEqual(
      new Map([['d', text]]),
    )
    const bounds = { name: 'm', histogram: { dataPoints: [{ explicitBounds: [0.5, text] }] } }
    expect(fromJson('metrics', request('metrics', bounds)).rows[0]?.['bounds']).toEqual([0.5, Number(text)])
  })

  test('8.1/10 bytesValue is base64, and stays it', () => {
    expect(fromJson('logs', request('logs', log({ body: { bytesValue: '3q2+7w==' } }))).rows).toMatchObject([
      { body: '3q2+7w==' },
    ])
    const list = { arrayValue: { values: [{ bytesValue: '3q2+7w==' }] } }
    expect(fromJson('logs', request('logs', log({ body: list }))).rows).toMatchObject([
      { body: '["3q2+7w=="]' },
    ])
  })

  test('8.1/10 absent arrays, null and {} are the same', () => {
    const bare = fromJson('traces', request('traces', span({}))).rows
    for (const fields of [
      { attributes: null, events: null, links: null, status: null, parentSpanId: null, name: null },
      { attributes: [], events: [], links: [], status: {}, parentSpanId: '', name: '' },
    ])
      expect(fromJson('traces', request('traces', span(fields))).rows).toEqual(bare)
    for (const body of [{}, { resourceSpans: null }, { resourceSpans: [] }, { resourceSpans: [null, {}] }])
      expect(fromJson('traces', body)).toEqual({ rows: [], rejected: 0 })
  })

  test('8.1/10 values nest as deep as in protobuf, and deeper their item alone is rejected', () => {
    const nested = (depth: number): object =>
      depth === 0 ? { stringValue: 'core' } : { arrayValue: { values: [nested(depth - 1)] } }
    const at = (depth: number) => log({ body: nested(depth) })
    const decoded = fromJson('logs', request('logs', at(64), at(65), at(0)))
    expect(decoded.rows.map((row) => row['body'])).toEqual([
      `${'['.repeat(64)}"core"${']'.repeat(64)}`,
      'core',
    ])
    expect(decoded.rejected).toBe(1)
  })
})

describe('8.1/10 protobuf', () => {
  const items: Readonly<Record<OtlpSignal, (writer: ProtoWriter) => ProtoWriter>> = {
    traces: (writer) => validSpan(writer).text(5, 'n'),
    logs: (writer) => writer.fixed64(1, nowNs).text(3, 'INFO'),
    metrics: (writer) =>
      writer.text(1, 'm').message(5, (data) => data.message(1, (point) => point.double(4, 1))),
  }
  const signals = Object.keys(items) as OtlpSignal[]

  test.each(signals)('8.1/10 unknown fields and groups are skipped: %s', (signal) => {
    // Field 20 as a group that holds another group and a text, then the other wire types.
    const group = Buffer.from([0xa3, 0x01, 0xab, 0x01, 0xac, 0x01, 0x12, 0x01, 0x41, 0xa4, 0x01])
    const unknown = (writer: ProtoWriter) =>
      writer.varint(100, 1).fixed64(101, 1n).text(102, 'x').fixed32(103, 1).raw(group)
    const plain = fromProtobuf(signal, requestOf([items[signal]]))
    const dotted = requestOf([(writer) => unknown(items[signal](unknown(writer)))], unknown)
    expect(plain.rows).toHaveLength(1)
    expect(fromProtobuf(signal, Buffer.concat([group, dotted, group]))).toEqual(plain)
  })

  test.each(signals)(
    '8.1/10 fields come in any order, resource and scope behind their items: %s',
    (signal) => {
      const attribute = (writer: ProtoWriter) =>
        writer.message(1, (pair) => pair.message(2, (any) => any.text(1, 'shop')).text(1, 'service.name'))
      const body = writeProto()
        .message(1, (resource) =>
          resource
            .text(3, 'url')
            .message(2, (scope) =>
              scope
                .message(2, (item) => void items[signal](item))
                .message(1, (writer) => writer.text(1, 'lib')),
            )
            .message(1, (writer) => void attribute(writer)),
        )
        .finish()
      expect(fromProtobuf(signal, body).rows).toMatchObject([
        { service: 'shop', scope_name: 'lib', schema_url: 'url' },
      ])
    },
  )

  test('8.1/10 pieces of a sub-message are merged: resource, scope, status, value, body, buckets, data', () => {
    const spans = requestOf([
      (writer) =>
        validSpan(writer)
          .message(15, (status) => status.text(2, 'why'))
          .message(15, (status) => status.varint(3, 2))
          .message(9, (pair) =>
            pair
              .text(1, 'list')
              .message(2, (any) => any.message(5, (list) => list.message(1, (one) => one.varint(3, 1))))
              .message(2, (any) => any.message(5, (list) => list.message(1, (one) => one.varint(3, 2)))),
          ),
    ])
    expect(fromProtobuf('traces', spans).rows).toMatchObject([
      { status: 2, status_message: 'why', attributes: new Map([['list', '[1,2]']]) },
    ])
    const logs = requestOf([
      (writer) =>
        writer
          .message(5, (any) => any.message(5, (list) => list.message(1, (one) => one.text(1, 'a'))))
          .message(5, (any) => any.message(5, (list) => list.message(1, (one) => one.text(1, 'b')))),
    ])
    expect(fromProtobuf('logs', logs).rows).toMatchObject([{ body: '["a","b"]' }])
    const metrics = requestOf([
      (metric) =>
        metric
          .text(1, 'm')
          .message(10, (data) =>
            data.message(1, (point) =>
              point
                .message(8, (buckets) => buckets.packedVarints(2, [1n]))
                .message(8, (buckets) => buckets.varint(1, 4).packedVarints(2, [2n])),
            ),
          )
          .message(10, (data) => data.varint(2, 1)),
    ])
    expect(fromProtobuf('metrics', metrics).rows).toMatchObject([{ bucket_counts: [1n, 2n], temporality: 1 }])
  })

  test('8.1/10 invalid UTF-8 is replaced, not fatal', () => {
    const broken = Buffer.from([0x61, 0xed, 0xa0, 0x80, 0xc3])
    const want = broken.toString('utf8')
    expect(
      fromProtobuf('traces', requestOf([(writer) => validSpan(writer).bytes(5, broken)])).rows,
    ).toMatchObject([{ operation: want }])
    expect(
      fromProtobuf('logs', requestOf([(writer) => writer.message(5, (any) => any.bytes(1, broken))])).rows,
    ).toMatchObject([{ body: want }])
    const metric = requestOf([
      (writer) =>
        writer.bytes(1, broken).message(5, (data) => data.message(1, (point) => point.double(4, 1))),
    ])
    expect(fromProtobuf('metrics', metric).rows).toMatchObject([{ metric: want }])
  })
})
