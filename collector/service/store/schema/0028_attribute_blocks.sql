-- Blocks of 256 KiB: a trace by its id decompresses a quarter of what it did, for 0.3 bytes a span
-- (docs/decisions/0022-speed-of-questions.md). New parts have them; old ones as they are merged.
ALTER TABLE spans MODIFY COLUMN attributes MODIFY SETTING min_compress_block_size = 262144;
