-- Kubernetes state, its history and events.

-- The current projection of every object that is or was in scope; the newest observation wins, `deleted` is a tombstone.
CREATE TABLE IF NOT EXISTS k8s_objects (
  cluster_id LowCardinality(String),
  kind LowCardinality(String),
  namespace LowCardinality(String),
  name String,
  uid String,
  resource_version String,
  observed_at DateTime64(3, 'UTC'),
  deleted Bool,
  created_at DateTime64(3, 'UTC'),
  owner_kind LowCardinality(String),
  owner_name String,
  workload_kind LowCardinality(String),
  workload LowCardinality(String),
  labels Map(LowCardinality(String), String),
  status LowCardinality(String),
  phase LowCardinality(String),
  reason LowCardinality(String),
  node LowCardinality(String),
  pod_ip String,
  version LowCardinality(String),
  ready UInt16,
  desired UInt16,
  restarts UInt32,
  last_restart_at DateTime64(3, 'UTC'),
  cpu_request_millicores UInt32,
  cpu_limit_millicores UInt32,
  memory_request_bytes Int64,
  memory_limit_bytes Int64,
  qos_class LowCardinality(String),
  containers String CODEC(ZSTD(1)),
  scope_reason LowCardinality(String),
  received_at DateTime64(3, 'UTC'),
  batch_id String,
  -- A resent batch is looked up before it is inserted.
  INDEX batch_id_bloom batch_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(observed_at)
ORDER BY (cluster_id, kind, namespace, uid)
TTL toDateTime(observed_at) + INTERVAL 7 DAY DELETE WHERE deleted
SETTINGS non_replicated_deduplication_window = 10000;

-- The append log of transitions, rollouts and scale changes. `change_id` is deterministic: a repeat collapses.
CREATE TABLE IF NOT EXISTS k8s_changes (
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  kind LowCardinality(String),
  name String,
  uid String,
  workload_kind LowCardinality(String),
  workload LowCardinality(String),
  time DateTime64(3, 'UTC'),
  change LowCardinality(String),
  from_status LowCardinality(String),
  to_status LowCardinality(String),
  previous_duration_ms Int64,
  container LowCardinality(String),
  exit_code Int64,
  reason LowCardinality(String),
  message String CODEC(ZSTD(1)),
  image String,
  version LowCardinality(String),
  replicas UInt32,
  change_id String,
  received_at DateTime64(3, 'UTC'),
  batch_id String,
  -- A resent batch is looked up before it is inserted.
  INDEX batch_id_bloom batch_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(time)
ORDER BY (cluster_id, namespace, time, change_id)
TTL toDateTime(time) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

-- One row per version of an event. `count` is cumulative per event uid: occurrences in between are differences.
CREATE TABLE IF NOT EXISTS k8s_events (
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  event_uid String,
  resource_version String,
  type LowCardinality(String),
  reason LowCardinality(String),
  message String CODEC(ZSTD(1)),
  severity LowCardinality(String),
  category LowCardinality(String),
  object_kind LowCardinality(String),
  object_name String,
  object_namespace LowCardinality(String),
  object_uid String,
  workload_kind LowCardinality(String),
  workload LowCardinality(String),
  count UInt32,
  first_time DateTime64(3, 'UTC'),
  last_time DateTime64(3, 'UTC'),
  component LowCardinality(String),
  host LowCardinality(String),
  observed_at DateTime64(3, 'UTC'),
  backfill Bool,
  received_at DateTime64(3, 'UTC'),
  batch_id String,
  -- A resent batch is looked up before it is inserted.
  INDEX batch_id_bloom batch_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(first_time)
ORDER BY (cluster_id, namespace, event_uid, resource_version)
TTL toDateTime(last_time) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;
