-- What the columnar intake adds to the first tables.

ALTER TABLE spans ADD COLUMN IF NOT EXISTS schema_url LowCardinality(String) AFTER scope_attributes;
-- The adjusted count of a sampled span; every figure sums it.
ALTER TABLE spans ADD COLUMN IF NOT EXISTS weight Float64 DEFAULT 1 CODEC(ZSTD(1)) AFTER clamped;
-- One or a few values an insert.
ALTER TABLE spans MODIFY COLUMN batch_id LowCardinality(String);
ALTER TABLE resources ADD COLUMN IF NOT EXISTS schema_url LowCardinality(String) AFTER attributes;
