/** A change to the codecs of `spans`, measured on its own against the table of the newest migration. */
export interface Variant {
  readonly name: string
  /** Of ALTER TABLE. */
  readonly changes: readonly string[]
  /** `expression AS column` of a SELECT * REPLACE, where other contents are tried. */
  readonly replace?: string
}

const map = 'Map(LowCardinality(String), String)'
const attributes = (codec: string) => `MODIFY COLUMN attributes ${map} CODEC(${codec})`
const start = (codec: string) => `MODIFY COLUMN start_time DateTime64(9, 'UTC') CODEC(${codec})`
const duration = (codec: string) => `MODIFY COLUMN duration_ns UInt64 CODEC(${codec})`
const setting = (text: string) => `MODIFY SETTING ${text}`

/** Keys spread over so many sub-maps by their hash, in merged parts; what is inserted stays as it is. */
const inBuckets = (buckets: number) =>
  setting(
    `map_serialization_version = 'with_buckets', map_buckets_strategy = 'constant', map_buckets_min_avg_size = 0, max_buckets_in_map = ${buckets}`,
  )

const words = [
  'cluster_id',
  'namespace',
  'application',
  'service',
  'version',
  'pod',
  'operation',
  'http_method',
  'http_route',
  'db_system',
  'messaging_system',
  'messaging_destination',
  'rpc_system',
  'peer',
  'exception_type',
  'scope_name',
  'scope_version',
]
const allWords = words.map((name) => `MODIFY COLUMN ${name} LowCardinality(String) CODEC(ZSTD(1))`)
const promoted = [
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'db.system.name',
  'db.query.text',
  'messaging.system',
  'messaging.destination.name',
]
const lcMap = (codec: string) =>
  `MODIFY COLUMN attributes Map(LowCardinality(String), LowCardinality(String)) CODEC(${codec})`
const withoutPromoted = `mapFilter((k, v) -> k NOT IN (${promoted.map((key) => `'${key}'`).join(', ')}), attributes) AS attributes`

export const variants: readonly Variant[] = [
  { name: 'as it is', changes: [] },
  { name: 'attributes: ZSTD(3)', changes: [attributes('ZSTD(3)')] },
  { name: 'attributes: words', changes: [lcMap('ZSTD(1)')] },
  { name: 'attributes: words, ZSTD(3)', changes: [lcMap('ZSTD(3)')] },
  { name: 'attributes: 32 buckets, words', changes: [inBuckets(32), lcMap('ZSTD(1)')] },
  { name: 'attributes: without promoted', changes: [], replace: withoutPromoted },
  { name: 'attributes: without promoted, words', changes: [lcMap('ZSTD(1)')], replace: withoutPromoted },
  { name: 'attributes: without promoted, 32 buckets', changes: [inBuckets(32)], replace: withoutPromoted },
  { name: 'words: ZSTD(1)', changes: allWords },
  {
    name: 'ids: ZSTD(1)',
    changes: [
      'MODIFY COLUMN trace_id FixedString(16) CODEC(ZSTD(1))',
      'MODIFY COLUMN span_id FixedString(8) CODEC(ZSTD(1))',
      'MODIFY COLUMN parent_span_id FixedString(8) CODEC(ZSTD(1))',
    ].slice(2),
  },
  { name: 'parent: ZSTD(3)', changes: ['MODIFY COLUMN parent_span_id FixedString(8) CODEC(ZSTD(3))'] },
  { name: 'resource_id: ZSTD(1)', changes: ['MODIFY COLUMN resource_id UInt64 CODEC(ZSTD(1))'] },
  {
    name: 'http_status: ZSTD(1)',
    changes: ['MODIFY COLUMN http_status UInt16 CODEC(ZSTD(1))', 'MODIFY COLUMN kind UInt8 CODEC(ZSTD(1))'],
  },
  { name: 'start_time: Delta, ZSTD(3)', changes: [start('Delta, ZSTD(3)')] },
  { name: 'start_time: Delta, T64', changes: [start('Delta, T64, ZSTD(1)')] },
  { name: 'duration_ns: T64, ZSTD(3)', changes: [duration('T64, ZSTD(3)')] },
]
