-- How many objects had a finding, every five minutes: objects are stored as they are now, so the past of findings is kept here.
-- The finding '' counts all objects of the kind: it also says that a count was made.
CREATE TABLE IF NOT EXISTS finding_counts (
  cluster_id LowCardinality(String),
  time DateTime64(3, 'UTC'),
  namespace LowCardinality(String),
  kind LowCardinality(String),
  finding LowCardinality(String),
  objects UInt32,
  counted_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(counted_at)
PARTITION BY toStartOfMonth(time)
ORDER BY (cluster_id, time, namespace, kind, finding)
TTL toDateTime(time) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 1000;
