-- Spans of a service mesh's proxies beside workloads (collector/wire/sidecar.ts): in traces, but nobody's entry or call.
ALTER TABLE spans ADD COLUMN IF NOT EXISTS sidecar Bool AFTER clamped;

-- Since when, and until when, each version of a service has thrown the exceptions of a group. A minimum and a maximum are
-- right however often a minute is computed and in whatever order, so there is no generation. It outlives exceptions_1m, so
-- that an exception of last month is not taken for a new one.
CREATE TABLE IF NOT EXISTS exception_sightings (
  application LowCardinality(String),
  -- Into exception_groups.
  group_hash UInt64,
  service LowCardinality(String),
  version LowCardinality(String),
  first_seen SimpleAggregateFunction(min, DateTime('UTC')),
  last_seen SimpleAggregateFunction(max, DateTime('UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (application, group_hash, service, version)
TTL last_seen + INTERVAL 13 MONTH;

INSERT INTO exception_sightings
SELECT application, group_hash, service, version, min(minute), max(minute) FROM exceptions_1m WHERE count > 0
GROUP BY application, group_hash, service, version;
