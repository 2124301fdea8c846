/**
 * Which calls are worth a look: what failed, stalled, was very slow or slow (class-sql.ts), and one normal call of each operation
 * and minute as a periodic sample. Of each operation, minute and reason the `snapshotsMax` slowest are kept, and how many there
 * were. The rollup and raw reads choose by the same text.
 */
const snapshotsMax = 10

/** A number for each: to sort and part rows by nine columns takes longer, and so does to understand it. */
const group =
  'cityHash64(minute, cluster_id, namespace, application, service, transaction, operation, kind, class)'

/** The threshold that the call passed; a failed or normal one: what would have made it slow. */
const passed =
  "if(found, multiIf(class = 'stall', stall_ms, class = 'very slow', very_slow_ms, slow_ms), inf)"

/**
 * SQL text: the snapshots among entry spans with their class and thresholds, with `reason`, `threshold_ms`, `alike` and `kept`.
 * `sample`: which normal call is taken, by its order; without it whichever, before anything is sorted.
 */
export const snapshotsAmong = (judged: string, sample = ''): string => `
SELECT *, count() OVER (PARTITION BY alikeAs) AS alike, least(alike, ${snapshotsMax}) AS kept
FROM (
  -- Of what has no other reason one is enough.
  SELECT *, if(class = 'normal', 'periodic', class) AS reason, ${passed} AS threshold_ms, ${group} AS alikeAs
  FROM (${judged})
  ${sample === '' ? '' : `ORDER BY ${sample}`}
  LIMIT 1 BY if(class = 'normal', alikeAs, cityHash64(trace_id, span_id))
)
ORDER BY alikeAs, duration_ns DESC, trace_id, span_id
LIMIT ${snapshotsMax} BY alikeAs`
