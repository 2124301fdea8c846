import { describe, expect, test } from 'vitest'
import {
  attributesMax,
  eventsMax,
  itemsMax,
  jsonObjectsMax,
  linksMax,
  listMax,
  nestingMax,
  resourcesMax,
} from '../../../collector/wire/limits.ts'
import { decodeLogs } from '../../../collector/wire/log-decoder.ts'
import { decodeMetrics } from '../../../collector/wire/metric-decoder.ts'
import { type ProtoWriter, writeProto } from '../../../collector/wire/proto-writer.ts'
import { splitRequest } from '../../../collector/wire/split-request.ts'
import { decodeTraces } from '../../../collector/wire/trace-decoder.ts'
import {
  attribute,
  context,
  jsonSpan,
  jsonTraces,
  only,
  requestOf,
  spanOf,
  tracesOf,
  validSpan,
} from './build.ts'

const protobuf = (body: Uint8Array) => ({ signal: 'traces' as const, encoding: 'protobuf' as const, body })
const repeat = (bytes: readonly number[], times: number) =>
  Buffer.alloc(bytes.length * times, Buffer.from(bytes))

/** `levels` arrays inside each other, as an AnyValue. */
function nested(levels: number): (writer: ProtoWriter) => void {
  let value = writeProto().text(1, 'core').finish()
  for (let level = 0; level < levels; level++) {
    const inner = value
    value = writeProto()
      .message(5, (array) => array.bytes(1, inner))
      .finish()
  }
  return (writer) => writer.raw(value)
}

describe('protobuf that is not a request', () => {
  const invalid: Record<string, Uint8Array> = {
    'a JSON body': Buffer.from('{"resourceSpans":[]}'),
    HTML: Buffer.from('<html><body>no</body></html>'),
    'zero bytes': Buffer.alloc(10),
    'a varint of eleven bytes': Buffer.from([0x08, ...Array(10).fill(0xff), 1]),
    'a length beyond the end': Buffer.from([0x0a, 0x05, 0x00]),
    'a length beyond 32 bits': Buffer.from([0x0a, 0x82, 0x80, 0x80, 0x80, 0x10, 0x12, 0x00]),
    'a length of 64 bits': Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    'a request field of another type': Buffer.from([0x08, 0x01]),
    'a group that is not closed': Buffer.from([0x0b, 0x10, 0x01]),
    'a group that is closed as another': Buffer.from([0x13, 0x1c]),
    'a closed group that was never opened': Buffer.from([0x14]),
    'groups nested without end': repeat([0x13], 100_000),
  }
  test.each(Object.entries(invalid))(
    '8.1/8 undecodable data: %s is invalid, with a message',
    (_name, body) => {
      expect(tracesOf(body)).toEqual({ type: 'invalid', message: expect.stringMatching(/./) })
      expect(decodeLogs({ ...protobuf(body), signal: 'logs' }, context).type).toBe('invalid')
      expect(decodeMetrics({ ...protobuf(body), signal: 'metrics' }, context).type).toBe('invalid')
    },
  )

  test('a request that was cut anywhere is invalid, or complete up to there', () => {
    const body = requestOf([
      (writer) => {
        validSpan(writer).text(5, 'name')
        attribute(9, 'a', (any) => any.text(1, 'b'))(writer)
      },
    ])
    expect(only(tracesOf(body)).operation).toBe('name')
    for (let length = 1; length < body.length; length++)
      expect(tracesOf(body.subarray(0, length)).type, `cut at ${length}`).toBe('invalid')
  })

  test('8.1/6 empty requests and empty envelopes are successes', () => {
    for (const body of [[], [0x0a, 0x00], [0x0a, 0x02, 0x12, 0x00], [0x0a, 0x02, 0x0a, 0x00]])
      expect(tracesOf(Buffer.from(body))).toMatchObject({
        type: 'decoded',
        received: 0,
        rejected: 0,
        resources: [],
      })
  })
})

describe('one bad span among good ones is rejected alone', () => {
  const bad: Record<string, readonly [write: (writer: ProtoWriter) => unknown, message: string]> = {
    'no ids': [() => {}, 'trace id'],
    'a trace id of zeros': [(writer) => validSpan(writer).bytes(1, Buffer.alloc(16)), 'trace id'],
    'a trace id of 15 bytes': [(writer) => validSpan(writer).bytes(1, Buffer.alloc(15, 1)), 'trace id'],
    'a span id of zeros': [(writer) => validSpan(writer).bytes(2, Buffer.alloc(8)), 'span id'],
    'a span id of 16 bytes': [(writer) => validSpan(writer).bytes(2, Buffer.alloc(16, 1)), 'span id'],
    'a parent span id of 3 bytes': [
      (writer) => validSpan(writer).bytes(4, Buffer.alloc(3, 1)),
      'parent span id',
    ],
    'a name that is a number': [(writer) => validSpan(writer).varint(5, 1), 'field 5'],
    'an attribute that ends early': [
      (writer) => validSpan(writer).bytes(9, Buffer.from([0x0a, 0x05])),
      'ends in the middle',
    ],
    'values nested too deep': [
      (writer) => attribute(9, 'deep', nested(nestingMax + 1))(validSpan(writer)),
      'nested deeper than 64',
    ],
    'values nested like a bomb': [
      (writer) => attribute(9, 'deep', nested(5_000))(validSpan(writer)),
      'nested deeper than 64',
    ],
    'a tag of more than five bytes': [
      (writer) => validSpan(writer).raw(Uint8Array.of(0xa8, 0x80, 0x80, 0x80, 0x80, 0x00, 0x01)),
      'tag of more than 32 bits',
    ],
    'a tag of more than 32 bits': [
      (writer) => validSpan(writer).raw(Uint8Array.of(0xa8, 0x80, 0x80, 0x80, 0x10, 0x01)),
      'tag of more than 32 bits',
    ],
  }
  test.each(Object.entries(bad))('8.1/11 span rules: %s', (_name, [write, message]) => {
    const decoded = tracesOf(requestOf([validSpan, write, validSpan]))
    expect(decoded).toMatchObject({
      type: 'decoded',
      received: 3,
      rejected: 1,
      messages: [expect.stringContaining(message)],
    })
  })

  test('8.1/4 nesting depth: values nested as deep as the limit are kept', () => {
    expect(spanOf(attribute(9, 'deep', nested(nestingMax))).attributes.get('deep')).toBe(
      `${'['.repeat(nestingMax)}"core"${']'.repeat(nestingMax)}`,
    )
  })
})

describe('what protobuf allows and few senders do', () => {
  const group = Buffer.from([0xa3, 0x06, 0x08, 0x01, 0x12, 0x01, 0x41, 0xa4, 0x06])

  test('unknown fields of every wire type and groups are skipped', () => {
    const row = spanOf((writer) =>
      writer.varint(100, 1).fixed64(101, 1n).text(102, 'x').fixed32(103, 1).raw(group).text(5, 'name'),
    )
    expect(row.operation).toBe('name')
  })

  test('the last of a repeated scalar counts', () => {
    expect(spanOf((writer) => writer.text(5, 'first').text(5, 'last')).operation).toBe('last')
  })

  test('resource, scope and status that come in pieces are merged, items may stand before them', () => {
    const body = writeProto()
      .message(1, (perResource) => {
        perResource.message(2, (scope) => {
          scope.message(2, (span) =>
            validSpan(span)
              .message(15, (status) => status.varint(3, 2))
              .message(15, (status) => status.text(2, 'why')),
          )
          scope.message(1, (writer) => writer.text(1, 'lib')).message(1, (writer) => writer.text(2, '3'))
        })
        perResource.message(
          1,
          (resource) => void attribute(1, 'service.name', (any) => any.text(1, 'shop'))(resource),
        )
        perResource.message(
          1,
          (resource) => void attribute(1, 'service.version', (any) => any.text(1, '7'))(resource),
        )
      })
      .finish()
    expect(only(tracesOf(body))).toMatchObject({
      service: 'shop',
      version: '7',
      scope_name: 'lib',
      scope_version: '3',
      status: 2,
      status_message: 'why',
    })
  })

  test('lists and maps of a value that come in pieces are joined', () => {
    const piece = (text: string) => (any: ProtoWriter) =>
      any.message(5, (array) => array.message(1, (one) => one.text(1, text)))
    const row = spanOf((writer) =>
      writer.message(9, (pair) => pair.text(1, 'list').message(2, piece('a')).message(2, piece('b'))),
    )
    expect(row.attributes.get('list')).toBe('["a","b"]')
  })

  test('invalid UTF-8 is replaced', () => {
    expect(spanOf((writer) => writer.bytes(5, Buffer.from([0x61, 0xff, 0xc3, 0x62]))).operation).toBe(
      'a\ufffd\ufffdb',
    )
  })

  test('numbers at the ends of 64 bits', () => {
    const row = spanOf(
      attribute(9, 'least', (any) => any.varint(3, -(2n ** 63n))),
      attribute(9, 'most', (any) => any.varint(3, 2n ** 63n - 1n)),
      attribute(9, 'minus one', (any) => any.varint(3, -1n)),
      (writer) => writer.varint(6, -1n).varint(10, 2n ** 64n - 1n),
    )
    expect(Object.fromEntries(row.attributes)).toEqual({
      least: '-9223372036854775808',
      most: '9223372036854775807',
      'minus one': '-1',
    })
    expect([row.kind, row.dropped_attributes]).toEqual([0, 0xffff_ffff])
  })
})

describe('JSON', () => {
  const invalid: Record<string, string> = {
    nothing: '',
    'not JSON': 'resourceSpans',
    'cut off': '{"resourceSpans":[',
    'an array': '[]',
    null: 'null',
    'a number': '5',
    'an object where an array belongs': '{"resourceSpans":{}}',
    'a string where an object belongs': '{"resourceSpans":["x"]}',
    'nested like a bomb': `${'['.repeat(500_000)}`,
    'well-formed and nested like a bomb': `{"resourceSpans":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
  }
  test.each(Object.entries(invalid))('%s is invalid', (_name, text) => {
    expect(jsonTraces(text)).toMatchObject({ type: 'invalid', message: expect.stringMatching(/./) })
  })

  const malformedIds: Record<string, object> = {
    'a trace id in base64': { traceId: 'W47/95gDgQPSabYzgT/GDA==' },
    'a trace id that is no hex': { traceId: 'xyz' },
    'a trace id that is too short': { traceId: '0102' },
    'a trace id that is a number': { traceId: 5 },
    'a trace id of a million digits': { traceId: '1'.repeat(1_000_000) },
    'an absent span id': { spanId: undefined },
    'an empty span id': { spanId: '' },
    'a span id that is null': { spanId: null },
    'a parent span id that is no hex': { parentSpanId: 'not hex!' },
    'a parent span id that is too long': { parentSpanId: '01'.repeat(16) },
  }
  test.each(Object.entries(malformedIds))('%s rejects that span alone', (_name, fields) => {
    const [good, bad] = [jsonSpan({}), jsonSpan(fields)]
    const decoded = jsonTraces({ resourceSpans: [...good.resourceSpans, ...bad.resourceSpans] })
    expect(decoded).toMatchObject({
      type: 'decoded',
      received: 2,
      rejected: 1,
      messages: [expect.stringContaining(' id')],
    })
  })

  test('a byte order mark, unknown keys, absent and null fields are no matter', () => {
    const json = jsonSpan({
      name: 'n',
      events: null,
      links: [],
      status: null,
      unknown: { a: [1] },
    })
    expect(only(jsonTraces(json, '\ufeff'))).toMatchObject({
      operation: 'n',
      status: 0,
      parent_span_id: new Uint8Array(8),
    })
  })

  test('ids in any case, enums as numbers and as names', () => {
    const row = only(
      jsonTraces(jsonSpan({ traceId: 'aBcD'.repeat(8), kind: 'SPAN_KIND_CLIENT', status: { code: 2 } })),
    )
    expect([Buffer.from(row.trace_id).toString('hex'), row.kind, row.status]).toEqual([
      'abcd'.repeat(8),
      3,
      2,
    ])
  })

  test('64-bit numbers as strings and as numbers keep their digits', () => {
    const text = JSON.stringify(jsonSpan({ attributes: [{ key: 'n', value: { intValue: '@' } }] }))
    for (const digits of ['9007199254740993', '"9007199254740993"'])
      expect(only(jsonTraces(text.replace('"@"', digits))).attributes.get('n')).toBe('9007199254740993')
    const exponent = only(jsonTraces(text.replace('"@"', '"1e3"')))
    expect(exponent.attributes.get('n')).toBe('1000')
  })

  const values: Record<string, readonly [value: object, text: string]> = {
    'NaN as a string': [{ doubleValue: 'NaN' }, 'NaN'],
    'Infinity as a string': [{ doubleValue: '-Infinity' }, '-Infinity'],
    'a double as a string': [{ doubleValue: '2.5' }, '2.5'],
    'bytes in base64': [{ bytesValue: 'AQID' }, 'AQID'],
    'an empty value': [{}, ''],
    'a list': [
      { arrayValue: { values: [{ boolValue: true }, {}, { doubleValue: 'NaN' }] } },
      '[true,null,"NaN"]',
    ],
    'a list without values': [{ arrayValue: {} }, '[]'],
    'a map': [{ kvlistValue: { values: [{ key: 'k"', value: { bytesValue: 'AQ==' } }] } }, '{"k\\"":"AQ=="}'],
  }
  test.each(Object.entries(values))('%s', (_name, [value, text]) => {
    expect(only(jsonTraces(jsonSpan({ attributes: [{ key: 'v', value }] }))).attributes.get('v')).toBe(text)
  })
})

describe('limits, at and beyond', () => {
  test('items of a request', () => {
    const spans = (count: number) => {
      const scope = repeat([0x12, 0x00], count)
      return writeProto()
        .message(1, (resource) => resource.bytes(2, scope))
        .finish()
    }
    expect(tracesOf(spans(itemsMax))).toMatchObject({ type: 'decoded', rejected: itemsMax })
    expect(tracesOf(spans(itemsMax + 1))).toMatchObject({
      type: 'invalid',
      message: expect.stringContaining('smaller batches'),
    })
  })

  test('points of one metric', () => {
    const body = requestOf([
      (metric) => metric.text(1, 'm').message(5, (gauge) => gauge.raw(repeat([0x0a, 0x00], itemsMax + 1))),
    ])
    expect(decodeMetrics({ ...protobuf(body), signal: 'metrics' }, context).type).toBe('invalid')
  })

  test('numbers of one list', () => {
    const body = (count: number) =>
      requestOf([
        (metric) =>
          metric
            .text(1, 'm')
            .message(9, (histogram) =>
              histogram.message(1, (point) => point.bytes(6, Buffer.alloc(8 * count))),
            ),
      ])
    const decode = (count: number) => decodeMetrics({ ...protobuf(body(count)), signal: 'metrics' }, context)
    expect(only(decode(listMax)).bucket_counts).toHaveLength(listMax)
    expect(decode(listMax + 1)).toMatchObject({
      rejected: 1,
      messages: [expect.stringContaining(String(listMax))],
    })
  })

  test('resources of a request that is split; empty ones are no matter', () => {
    const split = (bytes: readonly number[], count: number) => splitRequest(protobuf(repeat(bytes, count)))
    const withOneSpan = [0x0a, 0x04, 0x12, 0x02, 0x12, 0x00]
    expect(split(withOneSpan, resourcesMax)).toHaveLength(resourcesMax)
    expect(() => split(withOneSpan, resourcesMax + 1)).toThrow('smaller batches')
    expect(split([0x0a, 0x00], resourcesMax * 2)).toEqual([])
  })

  test('objects of a JSON body', () => {
    const body = Buffer.from(`{"resourceSpans":[${'{},'.repeat(jsonObjectsMax)}{}]}`)
    expect(decodeTraces({ signal: 'traces', encoding: 'json', body }, context)).toMatchObject({
      type: 'invalid',
      message: expect.stringContaining('objects'),
    })
  })

  test('8.1/11 attributes, events and links of a span beyond the limit are dropped and counted on top of what the sender says', () => {
    const row = spanOf((writer) => {
      for (let index = 0; index < attributesMax + 3; index++)
        attribute(9, `k${index}`, (any) => any.varint(3, 1))(writer)
      const link = writeProto().bytes(1, Buffer.alloc(16, 1)).bytes(2, Buffer.alloc(8, 1)).finish()
      for (let index = 0; index < eventsMax + 2; index++) writer.bytes(11, Buffer.of())
      for (let index = 0; index < linksMax + 1; index++) writer.bytes(13, link)
      writer.varint(10, 10).varint(12, 20).varint(14, 30)
    })
    expect([row.attributes.size, row.events_name.length, row.links_span_id.length]).toEqual([
      attributesMax,
      eventsMax,
      linksMax,
    ])
    expect([row.dropped_attributes, row.dropped_events, row.dropped_links]).toEqual([13, 22, 31])
  })

  test('dropped counts end at what their columns hold', () => {
    const row = spanOf((writer) =>
      writer.varint(14, 0xffff_ffff).message(13, (link) => link.text(3, 'no ids')),
    )
    expect(row.dropped_links).toBe(0xffff_ffff)
  })
})
