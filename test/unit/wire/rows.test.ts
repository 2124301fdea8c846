import { describe, expect, test } from 'vitest'
import type { ProtoWriter } from '../../../collector/wire/proto-writer.ts'
import { resourceId, resourceRow } from '../../../collector/wire/resource.ts'
import { attribute, logOf, nowMs, nowNs, only, requestOf, spanOf, tracesOf, validSpan } from './build.ts'

const text = (key: string, value: string) => attribute(9, key, (any) => any.text(1, value))
const int = (key: string, value: number) => attribute(9, key, (any) => any.varint(3, value))
const client = (writer: ProtoWriter) => writer.varint(6, 3)

describe('hot attributes have columns, old and new names the same', () => {
  type Fields = readonly ((writer: ProtoWriter) => unknown)[]
  const promoted: readonly (readonly [column: string, fields: Fields, want: unknown])[] = [
    ['http_method', [text('http.request.method', 'GET')], 'GET'],
    ['http_method', [text('http.method', 'GET')], 'GET'],
    ['http_method', [text('http.method', 'old'), text('http.request.method', 'new')], 'new'],
    ['http_route', [text('http.route', '/a/:id')], '/a/:id'],
    ['http_status', [int('http.response.status_code', 503)], 503],
    ['http_status', [int('http.status_code', 503)], 503],
    ['http_status', [text('http.status_code', '503')], 503],
    ['http_status', [int('http.status_code', 70_000)], 0],
    ['http_status', [text('http.status_code', 'OK')], 0],
    ['db_system', [text('db.system.name', 'postgresql')], 'postgresql'],
    ['db_system', [text('db.system', 'mysql')], 'mysql'],
    ['db_statement', [text('db.query.text', 'SELECT 1')], 'SELECT 1'],
    ['db_statement', [text('db.statement', 'SELECT 1')], 'SELECT 1'],
    ['messaging_system', [text('messaging.system', 'kafka')], 'kafka'],
    ['messaging_destination', [text('messaging.destination.name', 'orders')], 'orders'],
    ['messaging_destination', [text('messaging.destination', 'orders')], 'orders'],
    ['rpc_system', [text('rpc.system.name', 'grpc')], 'grpc'],
    ['rpc_system', [text('rpc.system', 'grpc')], 'grpc'],
    ['peer', [client, text('peer.service', 'cart'), text('server.address', 'cart.svc')], 'cart'],
    ['peer', [client, text('server.address', 'db'), int('server.port', 5432)], 'db:5432'],
    ['peer', [client, text('net.peer.name', 'db'), int('net.peer.port', 5432)], 'db:5432'],
    ['peer', [client, text('server.address', 'db')], 'db'],
    ['peer', [client, text('db.namespace', 'shop')], 'shop'],
    ['peer', [(writer) => writer.varint(6, 4), text('peer.service', 'kafka')], 'kafka'],
    // A server span says with `server.address` where it is itself.
    ['peer', [(writer) => writer.varint(6, 2), text('server.address', 'me')], ''],
  ]
  test.each(promoted)('%s (case %#)', (column, fields, want) => {
    expect(spanOf(...fields)).toMatchObject({ [column]: want })
  })

  test('promoted attributes stay among the attributes', () => {
    expect(spanOf(text('http.method', 'GET')).attributes).toEqual(new Map([['http.method', 'GET']]))
  })

  test('the type of the last exception event', () => {
    const exception = (type: string) => (writer: ProtoWriter) =>
      writer.message(11, (event) => {
        event.fixed64(1, nowNs).text(2, 'exception')
        attribute(3, 'exception.type', (any) => any.text(1, type))(event)
      })
    expect(spanOf(exception('First'), exception('Last')).exception_type).toBe('Last')
  })
})

describe('times', () => {
  const hour = 3_600_000_000_000n
  const cases: Record<
    string,
    readonly [start: bigint, end: bigint, want: readonly [bigint, bigint, boolean]]
  > = {
    'believable ones are kept': [nowNs - 5n, nowNs, [nowNs - 5n, 5n, false]],
    'a span of no duration is no error': [nowNs, nowNs, [nowNs, 0n, false]],
    'a clock an hour ahead is believed': [nowNs + hour, nowNs + hour + 7n, [nowNs + hour, 7n, false]],
    'an end before the start': [nowNs, nowNs - 5n, [nowNs, 0n, true]],
    'no times at all are the time of receipt': [0n, 0n, [nowNs, 0n, true]],
    'no start: the end is kept': [0n, nowNs - hour, [nowNs - hour, 0n, true]],
    'no end: the start is kept': [nowNs - hour, 0n, [nowNs - hour, 0n, true]],
    'an end in the far future: the start is kept': [nowNs - hour, 2n ** 64n - 1n, [nowNs - hour, 0n, true]],
    'a start of 1970': [5_000_000_000n, 6_000_000_000n, [nowNs, 0n, true]],
    'a start of two days ahead': [nowNs + 48n * hour, nowNs + 49n * hour, [nowNs, 0n, true]],
  }
  test.each(Object.entries(cases))(
    '8.1/11 times of a span: %s',
    (_name, [start, end, [startTime, duration, clamped]]) => {
      expect(spanOf((writer) => writer.fixed64(7, start).fixed64(8, end))).toMatchObject({
        start_time: startTime,
        duration_ns: duration,
        clamped,
      })
    },
  )
})

describe('resources', () => {
  const row = (attributes: Record<string, string>) =>
    resourceRow(new Map(Object.entries(attributes)), '', nowMs)

  test('8.1/11 a service without a name is unknown_service of application default', () => {
    expect(only(tracesOf(requestOf([validSpan])))).toMatchObject({
      service: 'unknown_service',
      application: 'default',
    })
  })

  test('the application is service.namespace, else the Kubernetes namespace', () => {
    expect(row({ 'service.namespace': 'a', 'k8s.namespace.name': 'b' }).application).toBe('a')
    expect(row({ 'k8s.namespace.name': 'b' })).toMatchObject({ application: 'b', namespace: 'b' })
  })

  test('the workload is the top of the owner chain', () => {
    expect(row({ 'k8s.replicaset.name': 'web-5d', 'k8s.deployment.name': 'web' })).toMatchObject({
      workload_kind: 'Deployment',
      workload: 'web',
    })
    expect(row({ 'k8s.job.name': 'j-1', 'k8s.cronjob.name': 'j' })).toMatchObject({
      workload_kind: 'CronJob',
    })
  })

  test('the id depends on the pairs alone, not on their order, and tells keys from values', () => {
    const id = (pairs: readonly (readonly [string, string])[]) => resourceId(new Map(pairs))
    expect(
      id([
        ['a', '1'],
        ['b', '2'],
      ]),
    ).toBe(
      id([
        ['b', '2'],
        ['a', '1'],
      ]),
    )
    const different = [
      id([['a', '1']]),
      id([['a', '12']]),
      id([['a1', '2']]),
      id([
        ['a', ''],
        ['1', '2'],
      ]),
      id([]),
    ]
    expect(new Set(different).size).toBe(different.length)
  })
})

describe('log records', () => {
  test('everything is kept', () => {
    const row = logOf(
      (writer) =>
        writer
          .fixed64(1, nowNs)
          .varint(2, 17)
          .text(3, 'ERROR')
          .message(5, (any) => any.text(1, 'it broke'))
          .varint(7, 4)
          .fixed32(8, 1)
          .bytes(9, Buffer.alloc(16, 1))
          .bytes(10, Buffer.alloc(8, 2))
          .fixed64(11, nowNs + 1n)
          .text(12, 'app.broke'),
      attribute(6, 'k', (any) => any.double(4, 1.5)),
    )
    expect(row).toMatchObject({
      time: nowNs,
      observed_time: nowNs + 1n,
      severity_number: 17,
      severity_text: 'ERROR',
      body: 'it broke',
      flags: 1,
      event_name: 'app.broke',
      attributes: new Map([
        ['k', '1.5'],
        ['otel.dropped_attributes_count', '4'],
      ]),
    })
  })

  test('a record without a time has that of its observation, else of its receipt', () => {
    expect(logOf((writer) => writer.fixed64(11, nowNs - 9n)).time).toBe(nowNs - 9n)
    expect(logOf().time).toBe(nowNs)
  })

  test('ids that are none are zeros, the record stays', () => {
    const row = logOf((writer) => writer.bytes(9, Buffer.alloc(3, 1)).bytes(10, Buffer.alloc(16, 1)))
    expect([row.trace_id, row.span_id]).toEqual([new Uint8Array(16), new Uint8Array(8)])
  })
})
