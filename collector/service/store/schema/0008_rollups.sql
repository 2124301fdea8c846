-- More figures of each minute, computed together with red_1m (docs/decisions/0007-rollups-of-edges-and-statements.md).
-- In every table a row counts only when its generation is the newest of its minute there; each recomputation writes a row
-- without calls beside the others, so that a minute whose spans are gone has a generation, too.

-- Calls between tiers, and from tiers to what has no spans of its own. An edge is in the minute in which its callee starts,
-- that of a backend in the minute in which the client span starts.
CREATE TABLE IF NOT EXISTS edges_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  -- tier; queue: by its system and destination; client: unknown. The row that only says its generation has none.
  caller_type LowCardinality(String),
  caller_application LowCardinality(String),
  caller_service LowCardinality(String),
  caller_version LowCardinality(String),
  -- tier, database, queue or external.
  callee_type LowCardinality(String),
  callee_application LowCardinality(String),
  callee_service LowCardinality(String),
  callee_version LowCardinality(String),
  -- Of the database or queue at either end.
  system LowCardinality(String),
  -- Of the entry span, else of the client or producer span.
  kind UInt8,
  async Bool,
  calls Float64 CODEC(ZSTD(1)),
  errors Float64 CODEC(ZSTD(1)),
  duration_sum_ns Float64 CODEC(ZSTD(1)),
  duration_max_ns UInt64 CODEC(T64, ZSTD(1)),
  duration_buckets Array(UInt16) CODEC(ZSTD(1)),
  duration_counts Array(Float64) CODEC(ZSTD(1)),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY (minute, callee_application, callee_service, caller_application, caller_service, callee_type, caller_type, system, kind, async, callee_version, caller_version)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Calls to databases by the text of the statement without its literals.
CREATE TABLE IF NOT EXISTS db_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  db_system LowCardinality(String),
  peer LowCardinality(String),
  -- Into db_statements.
  statement_hash UInt64,
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
ORDER BY (minute, application, service, db_system, peer, statement_hash, version, cluster_id, namespace)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS db_statements (
  statement_hash UInt64,
  db_system LowCardinality(String),
  statement String CODEC(ZSTD(3)),
  last_seen DateTime('UTC')
)
ENGINE = ReplacingMergeTree(last_seen)
ORDER BY (db_system, statement_hash)
TTL last_seen + INTERVAL 45 DAY;

-- Exceptions that spans recorded, by type and the top of their stack.
CREATE TABLE IF NOT EXISTS exceptions_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  operation LowCardinality(String),
  -- Into exception_groups.
  group_hash UInt64,
  exception_type LowCardinality(String),
  count Float64 CODEC(ZSTD(1)),
  sample_trace_id FixedString(16),
  sample_message String CODEC(ZSTD(1)),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY (minute, application, service, group_hash, operation, version, cluster_id, namespace)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS exception_groups (
  group_hash UInt64,
  exception_type LowCardinality(String),
  message String CODEC(ZSTD(3)),
  stack String CODEC(ZSTD(3)),
  last_seen DateTime('UTC')
)
ENGINE = ReplacingMergeTree(last_seen)
ORDER BY group_hash
TTL last_seen + INTERVAL 45 DAY;

-- What a service offers: its entry spans by protocol and name.
CREATE TABLE IF NOT EXISTS endpoints_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  -- http, rpc, messaging or other.
  protocol LowCardinality(String),
  -- HTTP method, RPC system or messaging system.
  method LowCardinality(String),
  -- Route, operation or destination.
  name LowCardinality(String),
  calls Float64 CODEC(ZSTD(1)),
  errors Float64 CODEC(ZSTD(1)),
  duration_sum_ns Float64 CODEC(ZSTD(1)),
  duration_max_ns UInt64 CODEC(T64, ZSTD(1)),
  duration_buckets Array(UInt16) CODEC(ZSTD(1)),
  duration_counts Array(Float64) CODEC(ZSTD(1)),
  sample_trace_id FixedString(16),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY (minute, application, service, protocol, name, method, version, cluster_id, namespace)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Where the spans of a trace are: one row for each minute in which some start. A row that is no longer right only makes a
-- look-up read a minute too many, so there is no generation to compare; the newest row of a key wins.
CREATE TABLE IF NOT EXISTS trace_index (
  trace_id FixedString(16) CODEC(NONE),
  minute DateTime('UTC') CODEC(T64, ZSTD(1)),
  -- Of the first start in the minute, in ms since the minute began; and from there to the last end.
  start_offset_ms UInt16 CODEC(NONE),
  duration_ms UInt32 CODEC(T64, ZSTD(1)),
  spans UInt32 CODEC(T64, ZSTD(1)),
  errors UInt32 CODEC(T64, ZSTD(1)),
  -- Empty where the root is not in this minute.
  root_service LowCardinality(String),
  root_operation LowCardinality(String),
  root_duration_ms UInt32 CODEC(T64, ZSTD(1)),
  generation UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(minute)
ORDER BY (trace_id, minute)
TTL minute + INTERVAL 15 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Entry spans worth a look, with the reason: a bounded number for each operation, minute and reason.
CREATE TABLE IF NOT EXISTS snapshots (
  start_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  duration_ns UInt64 CODEC(T64, ZSTD(1)),
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
  http_status UInt16,
  exception_type LowCardinality(String),
  weight Float64 CODEC(ZSTD(1)),
  -- computed: no span, but the row that says the generation of a minute.
  reason Enum8('computed' = 0, 'error' = 1, 'stall' = 2, 'very slow' = 3, 'slow' = 4, 'periodic' = 5),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toDate(start_time)
ORDER BY (cluster_id, namespace, service, operation, toStartOfHour(start_time), start_time, trace_id, span_id)
TTL toDateTime(start_time) + INTERVAL 15 DAY
SETTINGS ttl_only_drop_parts = 1;

-- Hours, from the valid rows of their minutes.
CREATE TABLE IF NOT EXISTS red_1h (
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  operation LowCardinality(String),
  kind UInt8,
  entering Bool,
  calls Float64 CODEC(ZSTD(1)),
  errors Float64 CODEC(ZSTD(1)),
  duration_sum_ns Float64 CODEC(ZSTD(1)),
  duration_sum_squares Float64 CODEC(ZSTD(1)),
  duration_max_ns UInt64 CODEC(T64, ZSTD(1)),
  duration_buckets Array(UInt16) CODEC(ZSTD(1)),
  duration_counts Array(Float64) CODEC(ZSTD(1)),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, application, service, operation, kind, version, cluster_id, namespace, entering)
TTL hour + INTERVAL 13 MONTH
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS edges_1h (
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  caller_type LowCardinality(String),
  caller_application LowCardinality(String),
  caller_service LowCardinality(String),
  caller_version LowCardinality(String),
  callee_type LowCardinality(String),
  callee_application LowCardinality(String),
  callee_service LowCardinality(String),
  callee_version LowCardinality(String),
  system LowCardinality(String),
  kind UInt8,
  async Bool,
  calls Float64 CODEC(ZSTD(1)),
  errors Float64 CODEC(ZSTD(1)),
  duration_sum_ns Float64 CODEC(ZSTD(1)),
  duration_max_ns UInt64 CODEC(T64, ZSTD(1)),
  duration_buckets Array(UInt16) CODEC(ZSTD(1)),
  duration_counts Array(Float64) CODEC(ZSTD(1)),
  generation UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, callee_application, callee_service, caller_application, caller_service, callee_type, caller_type, system, kind, async, callee_version, caller_version)
TTL hour + INTERVAL 13 MONTH
SETTINGS ttl_only_drop_parts = 1;

-- Which hours were computed, and from minutes up to which generation. Serves the job only.
CREATE TABLE IF NOT EXISTS rollup_hours (
  hour DateTime('UTC'),
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(hour)
ORDER BY hour
TTL hour + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

-- What was computed before has none of these tables: all minutes of stored spans are computed anew, the oldest first.
-- Doing so twice does no harm.
TRUNCATE TABLE IF EXISTS rollup_minutes;
TRUNCATE TABLE IF EXISTS rollup_progress;
