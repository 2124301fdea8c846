/** A change to the table of the newest migration, measured on its own. */
export interface Variant {
  readonly name: string
  /** Of ALTER TABLE. */
  readonly changes: readonly string[]
  /** What is selected of the staged spans, where other contents are tried; absent: all as they are. */
  readonly select?: string
  /** Another sort order. */
  readonly orderBy?: string
}

const words = [
  ...[
    'cluster_id',
    'namespace',
    'application',
    'service',
    'version',
    'pod',
    'operation',
    'http_method',
    'http_route',
  ],
  ...[
    'db_system',
    'messaging_system',
    'messaging_destination',
    'rpc_system',
    'peer',
    'exception_type',
    'scope_name',
  ],
  'scope_version',
]
/** Columns that no span of the lean corpus fills. */
const empty = [
  ...['scope_attributes', 'trace_state', 'events_time', 'events_name', 'events_attributes', 'links_trace_id'],
  ...[
    'links_span_id',
    'links_trace_state',
    'links_attributes',
    'dropped_attributes',
    'dropped_events',
    'dropped_links',
  ],
]
const promoted = [
  ...['http.request.method', 'http.route', 'http.response.status_code', 'db.system.name', 'db.query.text'],
  ...['messaging.system', 'messaging.destination.name'],
]

const modify = (column: string, type: string, codec: string) =>
  `MODIFY COLUMN ${column} ${type} CODEC(${codec})`
const setting = (text: string) => `MODIFY SETTING ${text}`
const texts = (codec: string) => modify('attributes', 'Map(LowCardinality(String), String)', codec)
const wordsOfAttributes = (codec: string) =>
  modify('attributes', 'Map(LowCardinality(String), LowCardinality(String))', codec)
const start = (codec: string) => modify('start_time', "DateTime64(9, 'UTC')", codec)
const duration = (codec: string) => modify('duration_ns', 'UInt64', codec)

/** Keys spread over so many sub-maps by their hash, in merged parts; what is inserted stays as it is. */
const inBuckets = (buckets: number) =>
  setting(
    `map_serialization_version = 'with_buckets', map_buckets_strategy = 'constant', map_buckets_min_avg_size = 0, max_buckets_in_map = ${buckets}`,
  )
const compact = setting('min_bytes_for_wide_part = 268435456')
const shortBlocks = 'MODIFY COLUMN attributes RESET SETTING max_compress_block_size, min_compress_block_size'
const wordsWithoutCodec = words.map((name) => modify(name, 'LowCardinality(String)', 'LZ4'))

export const variants: readonly Variant[] = [
  { name: 'as migrated', changes: [] },
  {
    name: 'before 0009',
    changes: [
      ...wordsWithoutCodec,
      texts('ZSTD(1)'),
      start('DoubleDelta, ZSTD(1)'),
      modify('trace_id', 'FixedString(16)', 'LZ4'),
      modify('parent_span_id', 'FixedString(8)', 'LZ4'),
      modify('received_at', "DateTime64(3, 'UTC')", 'DoubleDelta, ZSTD(1)'),
      shortBlocks,
      modify('resource_id', 'UInt64', 'LZ4'),
      modify('http_status', 'UInt16', 'LZ4'),
      modify('kind', 'UInt8', 'LZ4'),
      modify('status', 'UInt8', 'LZ4'),
      modify('db_statement', 'String', 'ZSTD(1)'),
    ],
  },
  { name: 'attributes: texts, ZSTD(1)', changes: [texts('ZSTD(1)')] },
  { name: 'attributes: texts, ZSTD(3)', changes: [texts('ZSTD(3)')] },
  { name: 'attributes: texts, ZSTD(6)', changes: [texts('ZSTD(6)')] },
  { name: 'attributes: texts, 32 buckets', changes: [texts('ZSTD(1)'), inBuckets(32)] },
  { name: 'attributes: ZSTD(1)', changes: [wordsOfAttributes('ZSTD(1)')] },
  { name: 'attributes: 32 buckets', changes: [inBuckets(32)] },
  { name: 'attributes: ZSTD(3)', changes: [wordsOfAttributes('ZSTD(3)')] },
  { name: 'attributes: blocks of 64 KiB to 1 MiB', changes: [shortBlocks] },
  {
    name: 'attributes: without the promoted ones',
    changes: [],
    select: `* REPLACE (mapFilter((k, v) -> k NOT IN (${promoted.map((key) => `'${key}'`).join(', ')}), attributes) AS attributes)`,
  },
  { name: 'words of columns: LZ4', changes: wordsWithoutCodec },
  { name: 'db_statement: a text', changes: [modify('db_statement', 'String', 'ZSTD(1)')] },
  { name: 'start_time: DoubleDelta, ZSTD(1)', changes: [start('DoubleDelta, ZSTD(1)')] },
  { name: 'start_time: Delta, T64, ZSTD(1)', changes: [start('Delta, T64, ZSTD(1)')] },
  { name: 'start_time: GCD, Delta, ZSTD(1)', changes: [start('GCD, Delta, ZSTD(1)')] },
  { name: 'start_time: Delta, ZSTD(3)', changes: [start('Delta, ZSTD(3)')] },
  { name: 'duration_ns: ZSTD(1)', changes: [duration('ZSTD(1)')] },
  { name: "duration_ns: T64('bit'), ZSTD(1)", changes: [duration("T64('bit'), ZSTD(1)")] },
  { name: 'duration_ns: GCD, T64, ZSTD(1)', changes: [duration('GCD, T64, ZSTD(1)')] },
  { name: 'parent_span_id: LZ4', changes: [modify('parent_span_id', 'FixedString(8)', 'LZ4')] },
  { name: 'parent_span_id: ZSTD(1)', changes: [modify('parent_span_id', 'FixedString(8)', 'ZSTD(1)')] },
  { name: 'resource_id: LZ4', changes: [modify('resource_id', 'UInt64', 'LZ4')] },
  {
    name: 'no skip indexes',
    changes: ['trace_id_bloom', 'received_at_minmax', 'batch_id_bloom'].map((index) => `DROP INDEX ${index}`),
  },
  { name: 'columns in one file up to 256 MiB', changes: [compact] },
  {
    name: 'without the columns that are empty',
    changes: empty.map((column) => `DROP COLUMN ${column}`),
    select: `* EXCEPT (${empty.join(', ')})`,
  },
  {
    name: 'order: (hour, service, trace_id, …)',
    changes: [],
    orderBy: '(toStartOfHour(start_time), service, trace_id, start_time, span_id)',
  },
  {
    name: 'order: (hour, application, service, trace_id, …)',
    changes: [],
    orderBy: '(toStartOfHour(start_time), application, service, trace_id, start_time, span_id)',
  },
  {
    name: 'order: (service, operation, start, …)',
    changes: [],
    orderBy: '(service, operation, start_time, trace_id, span_id)',
  },
]
