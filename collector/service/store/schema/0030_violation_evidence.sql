-- What a violation is about beyond its name, so that it leads to its own page, and the figures that it was opened with.
ALTER TABLE violations
  -- The tier of a transaction.
  ADD COLUMN IF NOT EXISTS service LowCardinality(String) AFTER entity,
  -- Of objectives; '' where the name is enough.
  ADD COLUMN IF NOT EXISTS entity_id String AFTER service,
  -- JSON of an Evidence (record/agent.ts); '' of rules without.
  ADD COLUMN IF NOT EXISTS evidence String CODEC(ZSTD(1)) AFTER message;
