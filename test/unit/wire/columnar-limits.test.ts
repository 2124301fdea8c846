import { describe, expect, test } from 'vitest'
import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import { createBlockDecoder } from '../../../collector/wire/block-decoder.ts'
import { attributesMax, exemplarsMax, itemsMax, listMax } from '../../../collector/wire/limits.ts'
import type { ProtoWriter } from '../../../collector/wire/proto-writer.ts'
import { createJudge } from '../../property/fuzz/judge.ts'
import { context, nowNs, requestOf } from './build.ts'

type Write = (writer: ProtoWriter) => unknown

/** Rows and rejections, on which the reference, the plain and the columnar decoder agree. */
function counted(signal: OtlpSignal, body: Uint8Array): { rows: number; rejected: number } {
  const judge = createJudge()
  const outcome = judge.protobuf(signal, body)
  judge.seal()
  if (outcome.type === 'invalid') throw new Error('invalid')
  return { rows: outcome.rows.length, rejected: outcome.rejected }
}

const times = (count: number, write: (index: number) => Write): Write => {
  const writes = Array.from({ length: count }, (_, index) => write(index))
  return (writer) => {
    for (const one of writes) one(writer)
  }
}
const point = (data: number, write: Write): Write => {
  return (metric) => metric.text(1, 'm').message(data, (inner) => inner.message(1, (one) => void write(one)))
}
const good = point(5, (one) => one.double(4, 1))

describe('items of a request, at and beyond the limit', () => {
  const nothing = new Uint8Array()
  const requests: Record<string, readonly [signal: OtlpSignal, body: (count: number) => Uint8Array]> = {
    'log records': ['logs', (count) => requestOf(Array.from({ length: count }, () => () => {}))],
    'points of a metric': [
      'metrics',
      (count) =>
        requestOf([
          (metric) =>
            metric
              .text(1, 'm')
              .message(5, (gauge) => void times(count, () => (one) => one.bytes(1, nothing))(gauge)),
        ]),
    ],
  }

  test.each(Object.entries(requests))('%s', (_name, [signal, body]) => {
    const blocks = createBlockDecoder()
    const append = (count: number) =>
      blocks.append({ signal, encoding: 'protobuf', body: body(count) }, context)
    expect(append(itemsMax + 1)).toMatchObject({
      type: 'invalid',
      message: expect.stringContaining('smaller'),
    })
    expect(blocks.rows()).toBe(0)
    expect(append(itemsMax)).toMatchObject({ type: 'appended', received: itemsMax, rejected: 0 })
    expect(blocks.rows()).toBe(itemsMax)
  })
})

describe('inside an item, at and beyond the limit', () => {
  test('numbers of a list: the metric alone is rejected', () => {
    const bounds = (count: number) =>
      point(9, (one) =>
        one.packedDoubles(
          7,
          Array.from({ length: count }, (_, index) => index),
        ),
      )
    expect(counted('metrics', requestOf([good, bounds(listMax), good]))).toEqual({ rows: 3, rejected: 0 })
    expect(counted('metrics', requestOf([good, bounds(listMax + 1), good]))).toEqual({ rows: 2, rejected: 1 })
  })

  test('buckets of an exponential histogram: the metric alone is rejected', () => {
    const buckets = (count: number) =>
      point(10, (one) =>
        one.message(8, (positive) =>
          positive.packedVarints(
            2,
            Array.from({ length: count }, () => 7n),
          ),
        ),
      )
    expect(counted('metrics', requestOf([buckets(listMax), good]))).toEqual({ rows: 2, rejected: 0 })
    expect(counted('metrics', requestOf([buckets(listMax + 1), good]))).toEqual({ rows: 1, rejected: 1 })
  })

  test('exemplars of a point: the metric alone is rejected', () => {
    const exemplars = (count: number) =>
      point(
        5,
        times(count, () => (one) => one.message(5, (exemplar) => exemplar.fixed64(2, nowNs))),
      )
    expect(counted('metrics', requestOf([exemplars(exemplarsMax), good]))).toEqual({ rows: 2, rejected: 0 })
    expect(counted('metrics', requestOf([exemplars(exemplarsMax + 1), good]))).toEqual({
      rows: 1,
      rejected: 1,
    })
  })

  test('attributes of a record, a point and an exemplar: the surplus is counted, the rest is kept', () => {
    const attributes = (field: number, count: number) =>
      times(count, (index) => (writer) => writer.message(field, (pair) => pair.text(1, `k${index}`)))
    for (const count of [attributesMax, attributesMax + 3]) {
      expect(counted('logs', requestOf([attributes(6, count)]))).toEqual({ rows: 1, rejected: 0 })
      expect(counted('metrics', requestOf([point(5, attributes(7, count))]))).toEqual({
        rows: 1,
        rejected: 0,
      })
      const exemplar = point(5, (one) => one.message(5, (inner) => void attributes(7, count)(inner)))
      expect(counted('metrics', requestOf([exemplar]))).toEqual({ rows: 1, rejected: 0 })
    }
  })

  test('a later point that is damaged rejects its metric, and what stood before it is there once', () => {
    const damaged: Write = (metric) =>
      metric
        .text(1, 'm')
        .message(5, (gauge) => gauge.message(1, (one) => one.double(4, 1)).bytes(1, Uint8Array.of(0x21, 1)))
    expect(counted('metrics', requestOf([good, damaged, good]))).toEqual({ rows: 2, rejected: 1 })
  })
})
