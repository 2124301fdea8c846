-- Business transactions and classes of calls (docs/decisions/0020-transactions-and-classes.md).
-- Calls are normal, slow, very slow, stalled or failed: one of them each; normal = calls - errors - slow - very_slow - stalled.

-- What the UI has set for the transactions of an application: every version is kept, the newest counts (record/transaction-settings.ts).
CREATE TABLE IF NOT EXISTS transaction_settings (
  application LowCardinality(String),
  version UInt64,
  -- JSON
  settings String CODEC(ZSTD(1)),
  change_id String,
  changed_at DateTime64(3, 'UTC'),
  changed_by String
)
ENGINE = MergeTree
ORDER BY (application, version)
SETTINGS non_replicated_deduplication_window = 1000;

-- The transactions that an application has, so that their number is bounded and it is known since when each is there.
CREATE TABLE IF NOT EXISTS transactions (
  application LowCardinality(String),
  -- The entry tier.
  service LowCardinality(String),
  transaction LowCardinality(String),
  first_seen SimpleAggregateFunction(min, DateTime('UTC')),
  last_seen SimpleAggregateFunction(max, DateTime('UTC')),
  -- Under which naming (rollup_minutes.naming) it was last found: others take no room.
  naming SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (application, service, transaction)
TTL last_seen + INTERVAL 45 DAY;

-- The entry spans of minutes that are being computed, with the transaction they are and whether they enter. Each computation
-- has a partition of its own and drops it when it is done; what a crash leaves expires.
CREATE TABLE IF NOT EXISTS rollup_entries (
  minute DateTime('UTC'),
  start_time DateTime64(9, 'UTC'),
  trace_id FixedString(16),
  span_id FixedString(8),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  pod LowCardinality(String),
  operation LowCardinality(String),
  kind UInt8,
  status UInt8,
  duration_ns UInt64,
  weight Float64,
  http_status UInt16,
  exception_type LowCardinality(String),
  entering Bool,
  -- Before the guard against too many; '' when it does not enter or is excluded.
  transaction String,
  protocol LowCardinality(String),
  method LowCardinality(String),
  endpoint LowCardinality(String),
  generation UInt64,
  staged_at DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
PARTITION BY generation
ORDER BY tuple()
TTL staged_at + INTERVAL 1 DAY
SETTINGS ttl_only_drop_parts = 1;

-- What calls of a minute are compared with: the calls of the same transaction (or, when they do not enter, operation) in the
-- 120 minutes before. A row counts by generation, as in red_1m.
CREATE TABLE IF NOT EXISTS thresholds_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  application LowCardinality(String),
  service LowCardinality(String),
  transaction LowCardinality(String),
  -- '' where there is a transaction. The row that only says its generation has neither.
  operation LowCardinality(String),
  -- Of the window.
  calls Float64 CODEC(ZSTD(1)),
  mean_ms Float64 CODEC(ZSTD(1)),
  sigma_ms Float64 CODEC(ZSTD(1)),
  -- inf: no call is so slow.
  slow_ms Float64 CODEC(ZSTD(1)),
  very_slow_ms Float64 CODEC(ZSTD(1)),
  stall_ms Float64 CODEC(ZSTD(1)),
  rule Enum8('warm-up' = 0, 'deviation' = 1, 'moving average' = 2, 'static' = 3, 'percentile' = 4),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY (minute, application, service, transaction, operation)
TTL minute + INTERVAL 15 DAY
SETTINGS ttl_only_drop_parts = 1;

ALTER TABLE red_1m
  ADD COLUMN IF NOT EXISTS slow Float64 CODEC(ZSTD(1)) AFTER errors,
  ADD COLUMN IF NOT EXISTS very_slow Float64 CODEC(ZSTD(1)) AFTER slow,
  ADD COLUMN IF NOT EXISTS stalled Float64 CODEC(ZSTD(1)) AFTER very_slow,
  -- '' when the calls do not enter the application, or are excluded.
  ADD COLUMN IF NOT EXISTS transaction LowCardinality(String) AFTER operation,
  MODIFY ORDER BY (minute, application, service, operation, kind, version, cluster_id, namespace, entering, transaction);

ALTER TABLE red_1h
  ADD COLUMN IF NOT EXISTS slow Float64 CODEC(ZSTD(1)) AFTER errors,
  ADD COLUMN IF NOT EXISTS very_slow Float64 CODEC(ZSTD(1)) AFTER slow,
  ADD COLUMN IF NOT EXISTS stalled Float64 CODEC(ZSTD(1)) AFTER very_slow;

-- The entering entry spans by business transaction: red_1m without operations.
CREATE TABLE IF NOT EXISTS transactions_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  application LowCardinality(String),
  service LowCardinality(String),
  transaction LowCardinality(String),
  version LowCardinality(String),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  calls Float64 CODEC(ZSTD(1)),
  errors Float64 CODEC(ZSTD(1)),
  slow Float64 CODEC(ZSTD(1)),
  very_slow Float64 CODEC(ZSTD(1)),
  stalled Float64 CODEC(ZSTD(1)),
  duration_sum_ns Float64 CODEC(ZSTD(1)),
  duration_sum_squares Float64 CODEC(ZSTD(1)),
  duration_max_ns UInt64 CODEC(T64, ZSTD(1)),
  duration_buckets Array(UInt16) CODEC(ZSTD(1)),
  duration_counts Array(Float64) CODEC(ZSTD(1)),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY (minute, application, service, transaction, version, cluster_id, namespace)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS transactions_1h (
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  application LowCardinality(String),
  service LowCardinality(String),
  transaction LowCardinality(String),
  version LowCardinality(String),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  calls Float64 CODEC(ZSTD(1)),
  errors Float64 CODEC(ZSTD(1)),
  slow Float64 CODEC(ZSTD(1)),
  very_slow Float64 CODEC(ZSTD(1)),
  stalled Float64 CODEC(ZSTD(1)),
  duration_sum_ns Float64 CODEC(ZSTD(1)),
  duration_sum_squares Float64 CODEC(ZSTD(1)),
  duration_max_ns UInt64 CODEC(T64, ZSTD(1)),
  duration_buckets Array(UInt16) CODEC(ZSTD(1)),
  duration_counts Array(Float64) CODEC(ZSTD(1)),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, application, service, transaction, version, cluster_id, namespace)
TTL hour + INTERVAL 13 MONTH
SETTINGS ttl_only_drop_parts = 1;

-- The entry spans of each node of a tier (pod; '' outside of Kubernetes).
CREATE TABLE IF NOT EXISTS nodes_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  pod LowCardinality(String),
  calls Float64 CODEC(ZSTD(1)),
  errors Float64 CODEC(ZSTD(1)),
  slow Float64 CODEC(ZSTD(1)),
  very_slow Float64 CODEC(ZSTD(1)),
  stalled Float64 CODEC(ZSTD(1)),
  duration_sum_ns Float64 CODEC(ZSTD(1)),
  duration_sum_squares Float64 CODEC(ZSTD(1)),
  duration_max_ns UInt64 CODEC(T64, ZSTD(1)),
  duration_buckets Array(UInt16) CODEC(ZSTD(1)),
  duration_counts Array(Float64) CODEC(ZSTD(1)),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY (minute, application, service, version, cluster_id, namespace, pod)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Snapshots are searched by time: sorted by it, and with what they were compared with. They are computed anew with all minutes.
DROP TABLE IF EXISTS snapshots;
CREATE TABLE IF NOT EXISTS snapshots (
  start_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  duration_ns UInt64 CODEC(T64, ZSTD(1)),
  trace_id FixedString(16) CODEC(NONE),
  span_id FixedString(8) CODEC(NONE),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  -- '' when the span does not enter its application.
  transaction LowCardinality(String),
  version LowCardinality(String),
  pod LowCardinality(String),
  operation LowCardinality(String),
  kind UInt8,
  http_status UInt16,
  exception_type LowCardinality(String),
  weight Float64 CODEC(ZSTD(1)),
  -- computed: no span, but the row that says the generation of a minute.
  reason Enum8('computed' = 0, 'error' = 1, 'stall' = 2, 'very slow' = 3, 'slow' = 4, 'periodic' = 5),
  -- The threshold that it passed; else that of slow calls. inf: none.
  threshold_ms Float64 CODEC(ZSTD(1)),
  -- Of the 120 minutes before: see thresholds_1m.
  baseline_calls Float64 CODEC(ZSTD(1)),
  baseline_mean_ms Float64 CODEC(ZSTD(1)),
  baseline_sigma_ms Float64 CODEC(ZSTD(1)),
  rule Enum8('warm-up' = 0, 'deviation' = 1, 'moving average' = 2, 'static' = 3, 'percentile' = 4),
  -- How many of its operation, minute and reason there were, and how many of them are kept.
  alike UInt32 CODEC(T64, ZSTD(1)),
  kept UInt32 CODEC(T64, ZSTD(1)),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(start_time)
ORDER BY (toStartOfHour(start_time), application, service, start_time, trace_id, span_id)
TTL toDateTime(start_time) + INTERVAL 15 DAY
SETTINGS ttl_only_drop_parts = 1;

-- By which naming of transactions a minute was computed: minutes of another one are computed anew.
ALTER TABLE rollup_minutes ADD COLUMN IF NOT EXISTS naming UInt64;
