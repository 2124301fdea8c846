import { behindSidecars, callersOf, isPair } from '../../query/pairing-sql.ts'
import type { Query } from '../../query/query.ts'
import { isEntry, noParent } from '../../query/span-sql.ts'
import { eachMinute, type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'
import { noRed, redCellColumns, redCells } from '../red-cells.ts'

const keys = 'minute, cluster_id, namespace, application, service, version, operation, kind, entering'
const entries = `${isEntry} AND ${minuteWindow.own('start_time')}`

const source = `
SELECT
  ${minuteOf('entry.start_time')} AS minute, entry.cluster_id AS cluster_id, entry.namespace AS namespace,
  entry.application AS application, entry.service AS service, entry.version AS version, entry.operation AS operation,
  entry.kind AS kind, entry.status AS outcome, entry.duration_ns AS durationNs, entry.weight AS weight,
  -- A consumer with a link is called by what it links to, as in the questions to raw spans.
  NOT (entry.kind = 5 AND entry.linked) AND NOT (${isPair('caller', 'entry')} AND caller.application = entry.application) AS entering
FROM (${behindSidecars(
  minuteWindow,
  `
  SELECT
    trace_id, parent_span_id, start_time, cluster_id, namespace, application, service, version, operation, kind, status,
    duration_ns, weight, notEmpty(links_span_id) AS linked
  FROM spans FINAL
  WHERE ${entries}`,
)}) AS entry
LEFT JOIN (${callersOf(minuteWindow, `SELECT trace_id, parent_span_id FROM spans WHERE ${entries} AND parent_span_id != ${noParent}`)})
AS caller ON caller.trace_id = entry.trace_id AND caller.span_id = entry.parent_span_id`

/** The entry spans of each tier. The row that only says its generation has the kind 255. */
export function redQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO red_1m (${keys}, ${redCellColumns}, duration_sum_squares, generation)
SELECT *, {generation:UInt64} FROM (${redCells({ keys, source, squares: true })})
UNION ALL
SELECT ${eachMinute}, '', '', '', '', '', '', 255, false, ${noRed}, 0, {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
