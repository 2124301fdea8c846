-- Messages to queues and from them, by whoever sends or takes them: what the flow map draws as one edge between two tiers.
CREATE TABLE IF NOT EXISTS queues_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  system LowCardinality(String),
  name LowCardinality(String),
  -- Taken from the queue; else put into it.
  consumes Bool,
  calls Float64 CODEC(ZSTD(1)),
  errors Float64 CODEC(ZSTD(1)),
  duration_sum_ns Float64 CODEC(ZSTD(1)),
  duration_max_ns UInt64 CODEC(T64, ZSTD(1)),
  duration_buckets Array(UInt16) CODEC(ZSTD(1)),
  duration_counts Array(Float64) CODEC(ZSTD(1)),
  -- Of the slowest call.
  sample_trace_id FixedString(16),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY (minute, application, service, system, name, consumes, version)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Information points: figures of the business that people define over spans. Every version is kept, the newest counts
-- (record/information-point.ts).
CREATE TABLE IF NOT EXISTS information_points (
  id String,
  version UInt64,
  application LowCardinality(String),
  -- JSON; empty: deleted
  definition String CODEC(ZSTD(1)),
  change_id String,
  changed_at DateTime64(3, 'UTC'),
  changed_by String
)
ENGINE = MergeTree
ORDER BY (application, id, version)
SETTINGS non_replicated_deduplication_window = 1000;
