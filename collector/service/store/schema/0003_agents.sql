-- Agents as they report themselves over OpAMP; the newest report wins.
CREATE TABLE IF NOT EXISTS agents (
  agent_uid String,
  cluster_id LowCardinality(String),
  cluster_name LowCardinality(String),
  version LowCardinality(String),
  started_at DateTime64(3, 'UTC'),
  last_seen DateTime64(3, 'UTC'),
  healthy Bool,
  -- JSON: the OpAMP component health map, flattened to [{name, healthy, status, error}]
  health String CODEC(ZSTD(1)),
  -- the effective configuration as YAML text, secrets removed by the agent
  effective_config String CODEC(ZSTD(1)),
  description Map(LowCardinality(String), String)
)
ENGINE = ReplacingMergeTree(last_seen)
ORDER BY agent_uid
TTL toDateTime(last_seen) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000;

-- What a health rule found wrong, one row a violation; the newest version of a row wins.
CREATE TABLE IF NOT EXISTS violations (
  violation_id String,
  rule LowCardinality(String),
  severity LowCardinality(String),
  entity_kind LowCardinality(String),
  entity String,
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  message String,
  opened_at DateTime64(3, 'UTC'),
  -- 1970: still open
  closed_at DateTime64(3, 'UTC'),
  updated_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY violation_id
TTL toDateTime(opened_at) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 1000;
