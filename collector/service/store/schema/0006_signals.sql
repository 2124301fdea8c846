-- Logs and metrics keep all that OTLP says of their scope; metrics keep their description and exemplars.

ALTER TABLE logs ADD COLUMN IF NOT EXISTS scope_version LowCardinality(String) AFTER scope_name;
ALTER TABLE logs ADD COLUMN IF NOT EXISTS scope_attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)) AFTER scope_version;
ALTER TABLE logs ADD COLUMN IF NOT EXISTS schema_url LowCardinality(String) AFTER scope_attributes;
-- One or a few values an insert.
ALTER TABLE logs MODIFY COLUMN batch_id LowCardinality(String);

ALTER TABLE metrics ADD COLUMN IF NOT EXISTS description LowCardinality(String) AFTER unit;
-- Two scopes may measure the same name with the same attributes at the same time: rows of both stay, so the scope is of the key.
ALTER TABLE metrics
  ADD COLUMN IF NOT EXISTS scope_name LowCardinality(String) AFTER attributes,
  ADD COLUMN IF NOT EXISTS scope_version LowCardinality(String) AFTER scope_name,
  MODIFY ORDER BY (metric, cluster_id, namespace, pod, series, time, scope_name, scope_version);
ALTER TABLE metrics ADD COLUMN IF NOT EXISTS scope_attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)) AFTER scope_version;
ALTER TABLE metrics ADD COLUMN IF NOT EXISTS schema_url LowCardinality(String) AFTER scope_attributes;
ALTER TABLE metrics ADD COLUMN IF NOT EXISTS exemplars_time Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)) AFTER exponential;
ALTER TABLE metrics ADD COLUMN IF NOT EXISTS exemplars_value Array(Float64) CODEC(ZSTD(1)) AFTER exemplars_time;
ALTER TABLE metrics ADD COLUMN IF NOT EXISTS exemplars_trace_id Array(FixedString(16)) CODEC(ZSTD(1)) AFTER exemplars_value;
ALTER TABLE metrics ADD COLUMN IF NOT EXISTS exemplars_span_id Array(FixedString(8)) CODEC(ZSTD(1)) AFTER exemplars_trace_id;
ALTER TABLE metrics ADD COLUMN IF NOT EXISTS exemplars_attributes Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)) AFTER exemplars_span_id;
-- Sorted by series, attributes repeat row after row, which ZSTD(1) sees worse than LZ4 (docs/decisions/0010).
ALTER TABLE metrics MODIFY COLUMN attributes Map(LowCardinality(String), String) CODEC(LZ4);
ALTER TABLE metrics MODIFY COLUMN batch_id LowCardinality(String);
