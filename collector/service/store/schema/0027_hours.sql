-- Long ranges are answered from hours, and load and response times of whole applications from rows of their own
-- (docs/decisions/0022-speed-of-questions.md). What is rolled up already is copied: nothing is computed anew.

-- The calls that enter each application: red_1m without anything else.
CREATE TABLE IF NOT EXISTS applications_1m (
  minute DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  application LowCardinality(String),
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
ORDER BY (minute, application)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS applications_1h (
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  application LowCardinality(String),
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
ORDER BY (hour, application)
TTL hour + INTERVAL 13 MONTH
SETTINGS ttl_only_drop_parts = 1;

-- Hours of nodes_1m, db_1m, endpoints_1m and queues_1m.
CREATE TABLE IF NOT EXISTS nodes_1h (
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
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
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, application, service, version, cluster_id, namespace, pod)
TTL hour + INTERVAL 13 MONTH
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS db_1h (
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  db_system LowCardinality(String),
  peer LowCardinality(String),
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
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, application, service, db_system, peer, statement_hash, version, cluster_id, namespace)
TTL hour + INTERVAL 13 MONTH
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS endpoints_1h (
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  cluster_id LowCardinality(String),
  namespace LowCardinality(String),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  protocol LowCardinality(String),
  method LowCardinality(String),
  name LowCardinality(String),
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
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, application, service, protocol, name, method, version, cluster_id, namespace)
TTL hour + INTERVAL 13 MONTH
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS queues_1h (
  hour DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  application LowCardinality(String),
  service LowCardinality(String),
  version LowCardinality(String),
  system LowCardinality(String),
  name LowCardinality(String),
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
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, application, service, system, name, consumes, version)
TTL hour + INTERVAL 13 MONTH
SETTINGS ttl_only_drop_parts = 1;

-- Asked before each screen, and passed over where they are not.
ALTER TABLE spans
  ADD INDEX IF NOT EXISTS sidecar_minmax sidecar TYPE minmax GRANULARITY 1;

INSERT INTO applications_1m (minute, application, calls, errors, duration_sum_ns, duration_max_ns, duration_buckets, duration_counts, generation)
SELECT minute, application, sum(calls), sum(errors), sum(duration_sum_ns), max(duration_max_ns), sumMap(duration_buckets, duration_counts).1, sumMap(duration_buckets, duration_counts).2, generation
FROM red_1m WHERE entering OR kind = 255 GROUP BY minute, application, generation
SETTINGS max_bytes_before_external_group_by = 500000000;
INSERT INTO applications_1h (hour, application, calls, errors, duration_sum_ns, duration_max_ns, duration_buckets, duration_counts, generation)
SELECT hour, application, sum(calls), sum(errors), sum(duration_sum_ns), max(duration_max_ns), sumMap(duration_buckets, duration_counts).1, sumMap(duration_buckets, duration_counts).2, generation
FROM red_1h WHERE entering OR kind = 255 GROUP BY hour, application, generation
SETTINGS max_bytes_before_external_group_by = 500000000;
-- Hours that are computed get greater generations than 1.
INSERT INTO nodes_1h (hour, application, service, version, cluster_id, namespace, pod, calls, errors, duration_sum_ns, duration_max_ns, duration_buckets, duration_counts, duration_sum_squares, slow, very_slow, stalled, generation)
SELECT toStartOfHour(minute) AS hour, application, service, version, cluster_id, namespace, pod, sum(calls), sum(errors), sum(duration_sum_ns), max(duration_max_ns), sumMap(duration_buckets, duration_counts).1, sumMap(duration_buckets, duration_counts).2, sum(duration_sum_squares), sum(slow), sum(very_slow), sum(stalled), 1
FROM nodes_1m
WHERE (minute, generation) IN (SELECT minute, max(generation) FROM nodes_1m GROUP BY minute)
  AND toStartOfHour(minute) IN (SELECT hour FROM rollup_hours)
GROUP BY hour, application, service, version, cluster_id, namespace, pod
SETTINGS max_bytes_before_external_group_by = 500000000;
INSERT INTO db_1h (hour, cluster_id, namespace, application, service, version, db_system, peer, statement_hash, calls, errors, duration_sum_ns, duration_max_ns, duration_buckets, duration_counts, sample_trace_id, generation)
SELECT toStartOfHour(minute) AS hour, cluster_id, namespace, application, service, version, db_system, peer, statement_hash, sum(calls), sum(errors), sum(duration_sum_ns), max(duration_max_ns), sumMap(duration_buckets, duration_counts).1, sumMap(duration_buckets, duration_counts).2, argMax(sample_trace_id, (duration_max_ns, sample_trace_id)), 1
FROM db_1m
WHERE (minute, generation) IN (SELECT minute, max(generation) FROM db_1m GROUP BY minute)
  AND toStartOfHour(minute) IN (SELECT hour FROM rollup_hours)
GROUP BY hour, cluster_id, namespace, application, service, version, db_system, peer, statement_hash
SETTINGS max_bytes_before_external_group_by = 500000000;
INSERT INTO endpoints_1h (hour, cluster_id, namespace, application, service, version, protocol, method, name, calls, errors, duration_sum_ns, duration_max_ns, duration_buckets, duration_counts, sample_trace_id, generation)
SELECT toStartOfHour(minute) AS hour, cluster_id, namespace, application, service, version, protocol, method, name, sum(calls), sum(errors), sum(duration_sum_ns), max(duration_max_ns), sumMap(duration_buckets, duration_counts).1, sumMap(duration_buckets, duration_counts).2, argMax(sample_trace_id, (duration_max_ns, sample_trace_id)), 1
FROM endpoints_1m
WHERE (minute, generation) IN (SELECT minute, max(generation) FROM endpoints_1m GROUP BY minute)
  AND toStartOfHour(minute) IN (SELECT hour FROM rollup_hours)
GROUP BY hour, cluster_id, namespace, application, service, version, protocol, method, name
SETTINGS max_bytes_before_external_group_by = 500000000;
INSERT INTO queues_1h (hour, application, service, version, system, name, consumes, calls, errors, duration_sum_ns, duration_max_ns, duration_buckets, duration_counts, sample_trace_id, generation)
SELECT toStartOfHour(minute) AS hour, application, service, version, system, name, consumes, sum(calls), sum(errors), sum(duration_sum_ns), max(duration_max_ns), sumMap(duration_buckets, duration_counts).1, sumMap(duration_buckets, duration_counts).2, argMax(sample_trace_id, (duration_max_ns, sample_trace_id)), 1
FROM queues_1m
WHERE (minute, generation) IN (SELECT minute, max(generation) FROM queues_1m GROUP BY minute)
  AND toStartOfHour(minute) IN (SELECT hour FROM rollup_hours)
GROUP BY hour, application, service, version, system, name, consumes
SETTINGS max_bytes_before_external_group_by = 500000000;
