-- Raw telemetry. Time-partitioned by UTC day; duplicates collapse by key (ReplacingMergeTree) and are read with FINAL.
-- Sort orders and codecs are first choices from research; the ingest benchmark settles them.

CREATE TABLE IF NOT EXISTS spans (
  trace_id FixedString(16),
  span_id FixedString(8),
  parent_span_id FixedString(8),
  start_time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  duration_ns UInt64 CODEC(T64, ZSTD(1)),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  pod LowCardinality(String),
  operation LowCardinality(String),
  kind UInt8,
  status UInt8,
  status_message String CODEC(ZSTD(1)),
  http_method LowCardinality(String),
  http_route LowCardinality(String),
  http_status UInt16,
  db_system LowCardinality(String),
  db_statement String CODEC(ZSTD(1)),
  messaging_system LowCardinality(String),
  messaging_destination LowCardinality(String),
  rpc_system LowCardinality(String),
  peer LowCardinality(String),
  exception_type LowCardinality(String),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  resource_id UInt64,
  scope_name LowCardinality(String),
  scope_version LowCardinality(String),
  scope_attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  trace_state String CODEC(ZSTD(1)),
  flags UInt32,
  events_time Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
  events_name Array(LowCardinality(String)),
  events_attributes Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
  links_trace_id Array(FixedString(16)) CODEC(ZSTD(1)),
  links_span_id Array(FixedString(8)) CODEC(ZSTD(1)),
  links_trace_state Array(String) CODEC(ZSTD(1)),
  links_attributes Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
  dropped_attributes UInt32,
  dropped_events UInt32,
  dropped_links UInt32,
  clamped Bool,
  received_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  batch_id String CODEC(ZSTD(1)),
  INDEX trace_id_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX received_at_minmax received_at TYPE minmax GRANULARITY 1,
  -- A resent batch is looked up before it is inserted.
  INDEX batch_id_bloom batch_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(start_time)
ORDER BY (toStartOfHour(start_time), trace_id, start_time, span_id)
TTL toDateTime(start_time) + INTERVAL 15 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS resources (
  resource_id UInt64,
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  workload_kind LowCardinality(String),
  workload LowCardinality(String),
  pod LowCardinality(String),
  pod_uid String,
  container LowCardinality(String),
  node LowCardinality(String),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  last_seen DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(last_seen)
ORDER BY resource_id
TTL toDateTime(last_seen) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS logs (
  time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  observed_time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  pod LowCardinality(String),
  event_name LowCardinality(String),
  severity_number UInt8,
  severity_text LowCardinality(String),
  body String CODEC(ZSTD(1)),
  trace_id FixedString(16),
  span_id FixedString(8),
  flags UInt32,
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  scope_name LowCardinality(String),
  resource_id UInt64,
  received_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  batch_id String CODEC(ZSTD(1)),
  INDEX trace_id_bloom trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  -- A resent batch is looked up before it is inserted.
  INDEX batch_id_bloom batch_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (cluster_id, namespace, service, time)
TTL toDateTime(time) + INTERVAL 7 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS metrics (
  metric LowCardinality(String),
  time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  start_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  kind LowCardinality(String),
  unit LowCardinality(String),
  temporality UInt8,
  monotonic Bool,
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  node LowCardinality(String),
  pod LowCardinality(String),
  container LowCardinality(String),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  resource_id UInt64,
  value Float64 CODEC(Gorilla, ZSTD(1)),
  count UInt64,
  sum Float64,
  min Float64,
  max Float64,
  bounds Array(Float64) CODEC(ZSTD(1)),
  bucket_counts Array(UInt64) CODEC(ZSTD(1)),
  quantile_values Array(Float64) CODEC(ZSTD(1)),
  exponential String CODEC(ZSTD(1)),
  flags UInt32,
  received_at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  batch_id String CODEC(ZSTD(1)),
  series UInt64 MATERIALIZED cityHash64(metric, resource_id, container, mapKeys(attributes), mapValues(attributes)),
  -- A resent batch is looked up before it is inserted.
  INDEX batch_id_bloom batch_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(time)
ORDER BY (metric, cluster_id, namespace, pod, series, time)
TTL toDateTime(time) + INTERVAL 15 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
