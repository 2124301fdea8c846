/** A change to the codecs of `spans`, measured on its own against the table of the newest migration. */
export interface Variant {
  readonly name: string
  /** Of ALTER TABLE. */
  readonly changes: readonly string[]
  /** `expression AS column` of a SELECT * REPLACE, where other contents are tried. */
  readonly replace?: string
  readonly orderBy?: string
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

const byHourAndService = '(toStartOfHour(start_time), service, trace_id, start_time, span_id)'
const byHourServiceOperation =
  '(toStartOfHour(start_time), service, operation, trace_id, start_time, span_id)'
const byService = '(service, operation, start_time, trace_id, span_id)'
const parent = (codec: string) => `MODIFY COLUMN parent_span_id FixedString(8) CODEC(${codec})`
const light = [
  ...allWords,
  parent('ZSTD(1)'),
  'MODIFY COLUMN trace_id FixedString(16) CODEC(ZSTD(1))',
  'MODIFY COLUMN resource_id UInt64 CODEC(ZSTD(1))',
  'MODIFY COLUMN http_status UInt16 CODEC(ZSTD(1))',
  'MODIFY COLUMN kind UInt8 CODEC(ZSTD(1))',
  'MODIFY COLUMN status UInt8 CODEC(ZSTD(1))',
  start('Delta, ZSTD(1)'),
]
const withWords = [...light, lcMap('ZSTD(1)')]
const ids = ['MODIFY COLUMN span_id FixedString(8) CODEC(NONE)']

export const variants: readonly Variant[] = [
  { name: 'as it is', changes: [] },
  { name: 'light', changes: light },
  { name: 'light, ZSTD(3)', changes: [...light, attributes('ZSTD(3)')] },
  { name: 'words', changes: withWords },
  { name: 'words, ZSTD(3)', changes: [...withWords, lcMap('ZSTD(3)')] },
  {
    name: 'words, statement too',
    changes: [...withWords, 'MODIFY COLUMN db_statement LowCardinality(String) CODEC(ZSTD(1))'],
  },
  { name: 'words, no promoted', changes: withWords, replace: withoutPromoted },
  { name: 'hour, service: as it is', changes: [], orderBy: byHourAndService },
  { name: 'hour, service: light', changes: light, orderBy: byHourAndService },
  { name: 'hour, service: words', changes: withWords, orderBy: byHourAndService },
  { name: 'hour, service, operation: light', changes: light, orderBy: byHourServiceOperation },
  { name: 'hour, service, operation: words', changes: withWords, orderBy: byHourServiceOperation },
  { name: 'service: light', changes: light, orderBy: byService },
  { name: 'service: words', changes: withWords, orderBy: byService },
]
void ids
