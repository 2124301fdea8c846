-- Figures of minutes are sums of weights (spans.weight), which are fractions where a sampler keeps one span of 2.5.
-- What is there stays valid: it was counted with a weight of 1.

ALTER TABLE red_1m MODIFY COLUMN calls Float64 CODEC(ZSTD(1));
ALTER TABLE red_1m MODIFY COLUMN errors Float64 CODEC(ZSTD(1));
ALTER TABLE red_1m MODIFY COLUMN duration_sum_ns Float64 CODEC(ZSTD(1));
ALTER TABLE red_1m MODIFY COLUMN duration_counts Array(Float64) CODEC(ZSTD(1));
-- Of milliseconds, for a standard deviation over minutes; 0 in minutes that were computed before this column.
ALTER TABLE red_1m ADD COLUMN IF NOT EXISTS duration_sum_squares Float64 CODEC(ZSTD(1)) AFTER duration_sum_ns;
