-- What the UI has set for the agents of a cluster: every version is kept, the newest counts (record/remote-config.ts).
CREATE TABLE IF NOT EXISTS agent_configs (
  cluster_id LowCardinality(String),
  version UInt64,
  -- JSON
  config String CODEC(ZSTD(1)),
  change_id String,
  changed_at DateTime64(3, 'UTC'),
  changed_by String
)
ENGINE = MergeTree
ORDER BY (cluster_id, version)
SETTINGS non_replicated_deduplication_window = 1000;

-- The namespaces of a cluster as an agent sees them, collected or not, as JSON; the newest report of an agent counts.
CREATE TABLE IF NOT EXISTS agent_namespaces (
  cluster_id LowCardinality(String),
  agent_uid String,
  report String CODEC(ZSTD(1)),
  reported_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(reported_at)
ORDER BY (cluster_id, agent_uid)
TTL toDateTime(reported_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000;

-- Who changed what in the settings.
CREATE TABLE IF NOT EXISTS audit (
  time DateTime64(3, 'UTC'),
  actor String,
  action LowCardinality(String),
  cluster_id LowCardinality(String),
  subject String,
  -- JSON {before, after}
  detail String CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY time
TTL toDateTime(time) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

ALTER TABLE agents
  -- JSON {status, hash, error, atMs}; empty: none was offered
  ADD COLUMN IF NOT EXISTS remote_config String CODEC(ZSTD(1));
