-- Service-level objectives, as the UI has set them: every version is kept, the newest counts (record/slo.ts).
CREATE TABLE IF NOT EXISTS slos (
  slo_id String,
  version UInt64,
  -- JSON; '' when it was removed
  definition String CODEC(ZSTD(1)),
  change_id String,
  changed_at DateTime64(3, 'UTC'),
  changed_by String
)
ENGINE = MergeTree
ORDER BY (slo_id, version)
SETTINGS non_replicated_deduplication_window = 1000;
