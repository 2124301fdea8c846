-- The last lines of containers that ended, where the agent is allowed to read them. `crash_id` is deterministic: a repeat collapses.
CREATE TABLE IF NOT EXISTS k8s_crashes (
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  pod String,
  pod_uid String,
  container LowCardinality(String),
  workload_kind LowCardinality(String),
  workload LowCardinality(String),
  version LowCardinality(String),
  time DateTime64(3, 'UTC'),
  exit_code Int64,
  reason LowCardinality(String),
  lines String CODEC(ZSTD(3)),
  truncated Bool,
  crash_id String,
  received_at DateTime64(3, 'UTC'),
  batch_id String,
  -- A resent batch is looked up before it is inserted.
  INDEX batch_id_bloom batch_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(time)
ORDER BY (cluster_id, namespace, pod_uid, crash_id)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
