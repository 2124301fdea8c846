-- Who called each entry span: found once, for edges_1m too. The table is empty between two runs of the job.
ALTER TABLE rollup_entries
  ADD COLUMN IF NOT EXISTS messaging_system LowCardinality(String) AFTER endpoint,
  ADD COLUMN IF NOT EXISTS messaging_destination LowCardinality(String) AFTER messaging_system,
  -- A consumer with links: its callers are not in here.
  ADD COLUMN IF NOT EXISTS linked Bool AFTER messaging_destination,
  -- The caller is stored.
  ADD COLUMN IF NOT EXISTS paired Bool AFTER linked,
  ADD COLUMN IF NOT EXISTS caller_application LowCardinality(String) AFTER paired,
  ADD COLUMN IF NOT EXISTS caller_service LowCardinality(String) AFTER caller_application,
  ADD COLUMN IF NOT EXISTS caller_version LowCardinality(String) AFTER caller_service,
  ADD COLUMN IF NOT EXISTS caller_kind UInt8 AFTER caller_version,
  ADD COLUMN IF NOT EXISTS caller_ns UInt64 AFTER caller_kind,
  ADD COLUMN IF NOT EXISTS caller_status UInt8 AFTER caller_ns;
