import { describe, expect, test } from 'vitest'
import { decodeMetrics } from '../../../collector/wire/metric-decoder.ts'
import { type ProtoWriter, writeProto } from '../../../collector/wire/proto-writer.ts'
import { context, nowMs, nowNs, only, requestOf } from './build.ts'

const decode = (...items: ((writer: ProtoWriter) => unknown)[]) =>
  decodeMetrics({ signal: 'metrics', encoding: 'protobuf', body: requestOf(items) }, context)

/** A metric of one data point; `data` is the field of its kind. */
const metricOf = (data: number, point: (writer: ProtoWriter) => unknown) =>
  only(
    decode((metric) =>
      metric.text(1, 'm').message(data, (inner) => inner.message(1, (one) => void point(one))),
    ),
  )

test('exemplars are kept, five lists in the same order; an id that is none is zeros', () => {
  const row = metricOf(5, (point) =>
    point
      .message(5, (exemplar) =>
        exemplar
          .fixed64(2, nowNs - 1n)
          .double(3, 0.5)
          .bytes(4, Buffer.alloc(8, 2))
          .bytes(5, Buffer.alloc(16, 1))
          .message(7, (pair) => pair.text(1, 'k').message(2, (any) => any.text(1, 'v'))),
      )
      .message(5, (exemplar) => exemplar.fixed64(6, -3n).bytes(4, Buffer.alloc(3, 2))),
  )
  expect(row.exemplars_time).toEqual([nowNs - 1n, nowNs])
  expect(row.exemplars_value).toEqual([0.5, -3])
  expect(row.exemplars_trace_id).toEqual([Buffer.alloc(16, 1), new Uint8Array(16)])
  expect(row.exemplars_span_id).toEqual([Buffer.alloc(8, 2), new Uint8Array(8)])
  expect(row.exemplars_attributes).toEqual([new Map([['k', 'v']]), new Map()])
})

test('description, scope and schema URL of a metric are kept', () => {
  const body = writeProto()
    .message(1, (resource) =>
      resource.message(2, (scope) =>
        scope
          .message(1, (writer) =>
            writer
              .text(1, 'lib')
              .text(2, '1.2')
              .message(3, (pair) => pair.text(1, 'a').message(2, (any) => any.text(1, 'b'))),
          )
          .text(3, 'https://schema')
          .message(2, (metric) =>
            metric
              .text(1, 'm')
              .text(2, 'what it is')
              .message(5, (gauge) => gauge.message(1, (point) => point.double(4, 1))),
          ),
      ),
    )
    .finish()
  expect(only(decodeMetrics({ signal: 'metrics', encoding: 'protobuf', body }, context))).toMatchObject({
    description: 'what it is',
    scope_name: 'lib',
    scope_version: '1.2',
    scope_attributes: new Map([['a', 'b']]),
    schema_url: 'https://schema',
  })
})

test('the last kind of data replaces all of the one before; a gauge has no temporality', () => {
  const row = only(
    decode((metric) =>
      metric
        .text(1, 'm')
        .message(7, (sum) =>
          sum
            .varint(2, 2)
            .varint(3, 1)
            .message(1, (point) => point.double(4, 1)),
        )
        .message(5, (gauge) => gauge.text(2, 'unknown').message(1, (point) => point.double(4, 2))),
    ),
  )
  expect(row).toMatchObject({ kind: 'gauge', temporality: 0, monotonic: false, value: 2 })
})

test('of a scale or an offset only the low 32 bits count', () => {
  const row = metricOf(10, (point) =>
    point.varint(6, 0x1_0000_0003n).message(8, (buckets) => buckets.varint(1, 0xff_ffff_ffffn)),
  )
  expect(JSON.parse(row.exponential)).toMatchObject({ scale: -2, positive: { offset: -0x8000_0000 } })
})

describe('data points', () => {
  test('integers and doubles, the last of both counts', () => {
    expect(metricOf(5, (point) => point.fixed64(6, -5n)).value).toBe(-5)
    expect(metricOf(5, (point) => point.double(4, 0.5)).value).toBe(0.5)
    expect(metricOf(5, (point) => point.double(4, 0.5).fixed64(6, 7n)).value).toBe(7)
    expect(metricOf(5, (point) => point.double(4, Number.NaN)).value).toBeNaN()
  })

  test('a sum with its temporality, and its start', () => {
    const row = only(
      decode((metric) =>
        metric
          .text(1, 'm')
          .text(3, 'By')
          .message(7, (sum) =>
            sum
              .varint(2, 2)
              .varint(3, 1)
              .message(1, (point) => point.fixed64(2, nowNs - 9_000_000n).fixed64(3, nowNs)),
          ),
      ),
    )
    expect(row).toMatchObject({
      kind: 'sum',
      unit: 'By',
      temporality: 2,
      monotonic: true,
      start_time: nowMs - 9,
      time: nowMs,
    })
  })

  test('an absent time is the time of receipt, an absent start the time', () => {
    expect(metricOf(5, (point) => point.double(4, 1))).toMatchObject({ time: nowMs, start_time: nowMs })
  })

  test('a histogram, its lists packed or one by one', () => {
    const want = { count: 3n, sum: 4.5, min: 1, max: 2, bounds: [1, 2], bucket_counts: [1n, 2n] }
    const head = (point: ProtoWriter) => point.fixed64(4, 3n).double(5, 4.5).double(11, 1).double(12, 2)
    expect(
      metricOf(9, (point) => head(point).packedFixed64(6, [1n, 2n]).packedDoubles(7, [1, 2])),
    ).toMatchObject(want)
    expect(
      metricOf(9, (point) => head(point).fixed64(6, 1n).fixed64(6, 2n).double(7, 1).packedDoubles(7, [2])),
    ).toMatchObject(want)
  })

  test('an exponential histogram', () => {
    const row = metricOf(10, (point) =>
      point
        .varint(6, 3)
        .fixed64(7, 4n)
        .message(8, (buckets) => buckets.varint(1, 4).packedVarints(2, [5n, 2n ** 60n]))
        .message(9, (buckets) => buckets.varint(2, 9)),
    )
    expect(row.bucket_counts).toEqual([5n, 2n ** 60n])
    expect(JSON.parse(row.exponential)).toEqual({
      scale: -2,
      zeroCount: '4',
      zeroThreshold: 0,
      positive: { offset: 2, counts: ['5', String(2n ** 60n)] },
      negative: { offset: 0, counts: ['9'] },
    })
  })

  test('a summary', () => {
    const quantile = (point: ProtoWriter, q: number, value: number) =>
      point.message(6, (one) => one.double(1, q).double(2, value))
    expect(metricOf(11, (point) => quantile(quantile(point, 0.5, 10), 0.99, 80))).toMatchObject({
      kind: 'summary',
      bounds: [0.5, 0.99],
      quantile_values: [10, 80],
    })
  })
})

describe('what is rejected alone', () => {
  const gauge = (metric: ProtoWriter) =>
    metric.message(5, (inner) => inner.message(1, (point) => point.double(4, 1)))

  test('the points of a metric without a name', () => {
    expect(decode(gauge, (metric) => gauge(metric.text(1, 'm')))).toMatchObject({
      received: 2,
      rejected: 1,
      messages: ['a metric has no name'],
    })
  })

  test.each([
    ['a list of eight-byte numbers that ends early', 6, Buffer.alloc(9)],
    ['bounds that end early', 7, Buffer.alloc(4)],
  ])('%s', (_name, field, bytes) => {
    const bad = (metric: ProtoWriter) =>
      metric.text(1, 'bad').message(9, (inner) => inner.message(1, (point) => point.bytes(field, bytes)))
    expect(decode(bad, (metric) => gauge(metric.text(1, 'm')))).toMatchObject({
      received: 2,
      rejected: 1,
      messages: [expect.stringContaining('ends in the middle')],
    })
  })

  test('counts that end in the middle of a varint', () => {
    const bad = (metric: ProtoWriter) =>
      metric
        .text(1, 'bad')
        .message(10, (inner) =>
          inner.message(1, (point) => point.message(8, (b) => b.bytes(2, Buffer.of(1, 0x80)))),
        )
    expect(decode(bad)).toMatchObject({ rejected: 1 })
  })

  test('data of one kind after another replaces it, as protobuf says of a oneof', () => {
    const both = (metric: ProtoWriter) =>
      gauge(metric.text(1, 'm')).message(7, (sum) => sum.message(1, (point) => point.double(4, 2)))
    expect(only(decode(both))).toMatchObject({ kind: 'sum', value: 2 })
  })
})
