/**
 * SQL text that makes spans of the shape that Jaeger's published ClickHouse benchmark has (tracegen): a server span and nine
 * client spans below it in one service, eleven attributes `attr_NN` of 97 keys and a thousand values on each client span.
 * Where tracegen counts keys and values up from span to span, these are drawn at random, and durations vary: that is harder
 * to compress.
 */
export interface JaegerShape {
  readonly traces: number
  readonly spansPerTrace: number
  readonly services: number
  readonly days: number
  readonly attributes: number
  readonly keys: number
  readonly values: number
}

export const publishedShape: JaegerShape = {
  traces: 1_000_000,
  spansPerTrace: 10,
  services: 10,
  days: 10,
  attributes: 11,
  keys: 97,
  values: 1_000,
}

export interface JaegerChunk {
  readonly shape: JaegerShape
  /** Numbers of traces, from inclusive, to exclusive. */
  readonly from: number
  readonly to: number
  readonly beginMs: number
}

const dayMs = 86_400_000

export function generateJaegerSql({ shape, from, to, beginMs }: JaegerChunk): string {
  const { traces, spansPerTrace, services, days, attributes, keys, values } = shape
  return `
INSERT INTO spans (
  trace_id, span_id, parent_span_id, start_time, duration_ns, application, service, operation, kind, peer, attributes,
  resource_id, scope_name, flags, received_at)
WITH
  ${beginMs} * 1000000 + toInt64(n * (${days * dayMs} * 1000000. / ${traces})) AS traceNs,
  traceNs + i * 123000 + cityHash64(n, i, 1) % 20000 AS startNs,
  concat('tracegen-', leftPad(toString(cityHash64(n, 2) % ${services}), 2, '0')) AS name,
  -- Eleven different keys: from a random one on in strides that are prime to the number of keys.
  cityHash64(n, i, 3) % ${keys} AS firstKey
SELECT
  sipHash128(n, 4), reinterpretAsFixedString(cityHash64(n, i, 5)),
  if(i = 0, toFixedString('', 8), reinterpretAsFixedString(cityHash64(n, 0, 5))),
  fromUnixTimestamp64Nano(startNs, 'UTC'),
  if(i = 0, 123000 * 9, 123000) + cityHash64(n, i, 6) % 40000,
  'default', name, if(i = 0, 'lets-go', concat('child-span-', leftPad(toString(i - 1), 2, '0'))), if(i = 0, 2, 3), '',
  if(i = 0,
    CAST(map('peer.service', 'tracegen-server', 'peer.host.ipv4', '1.1.1.1'), 'Map(LowCardinality(String), String)'),
    CAST(mapFromArrays(
      arrayMap(a -> concat('attr_', leftPad(toString((firstKey + a * 17) % ${keys}), 2, '0')), range(${attributes})),
      arrayMap(a -> concat('val_', toString(cityHash64(n, i, a, 7) % ${values})), range(${attributes}))
    ), 'Map(LowCardinality(String), String)')),
  cityHash64(name), 'jaeger-tracegen', 257, fromUnixTimestamp64Milli(intDiv(traceNs, 1000000) + 500, 'UTC')
FROM (SELECT number AS n, arrayJoin(range(${spansPerTrace})) AS i FROM numbers(${from}, ${to - from}))
SETTINGS max_threads = 2, max_insert_threads = 1, max_block_size = 65536, min_insert_block_size_rows = 250000`
}
