-- Minutes of the raw spans, recomputed whole and never added to (docs/decisions/0005-rollups-by-generation.md).

-- The entry spans of each tier (server, consumer, root) per minute of their start.
-- Each recomputation of a minute has a generation of its own, and writes beside its rows one of kind 255 without calls.
-- A row counts only when its generation is the newest of its minute: what a recomputation did not find again is gone.
CREATE TABLE IF NOT EXISTS red_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  operation LowCardinality(String),
  kind UInt8,
  -- The call comes from outside of its application: its caller is not stored, or belongs to another one.
  entering Bool,
  calls UInt64 CODEC(T64, ZSTD(1)),
  errors UInt64 CODEC(T64, ZSTD(1)),
  duration_sum_ns UInt64 CODEC(T64, ZSTD(1)),
  duration_max_ns UInt64 CODEC(T64, ZSTD(1)),
  -- floor(log2(ns) * 8), ascending, and how many calls fell into each.
  duration_buckets Array(UInt16) CODEC(ZSTD(1)),
  duration_counts Array(UInt64) CODEC(ZSTD(1)),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY (minute, application, service, operation, kind, version, cluster_id, namespace, entering)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

-- When each minute was last recomputed: what the job has left to do. Readers do not look here.
CREATE TABLE IF NOT EXISTS rollup_minutes (
  minute DateTime('UTC'),
  generation UInt64,
  computed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY minute
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Everything received before this is in the rollups; it only grows.
CREATE TABLE IF NOT EXISTS rollup_progress (
  job LowCardinality(String),
  received_until DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(received_until)
ORDER BY job;
