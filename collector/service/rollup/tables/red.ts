import type { Query } from '../../query/query.ts'
import { eachMinute, type MinutesToCompute, minuteParams } from '../minutes.ts'
import { noClasses, noRed, redCellColumns, redCells } from '../red-cells.ts'
import { classifiedEntries } from './classified.ts'

const source = `SELECT *, duration_ns AS durationNs, status AS outcome FROM (${classifiedEntries})`
const cells = `${redCellColumns}, duration_sum_squares, slow, very_slow, stalled`
const keys =
  'minute, cluster_id, namespace, application, service, version, operation, kind, entering, transaction'

/** The entry spans of each tier. The row that only says its generation has the kind 255. */
export function redQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO red_1m (${keys}, ${cells}, generation)
SELECT *, {generation:UInt64} FROM (${redCells({ keys, source, squares: true, classes: true })})
UNION ALL
SELECT ${eachMinute}, '', '', '', '', '', '', 255, false, '', ${noRed}, 0, ${noClasses}, {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}

const nodeKeys = 'minute, application, service, version, cluster_id, namespace, pod'

/** The same by node. */
export function nodesQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO nodes_1m (${nodeKeys}, ${cells}, generation)
SELECT *, {generation:UInt64} FROM (${redCells({ keys: nodeKeys, source, squares: true, classes: true })})
UNION ALL
SELECT ${eachMinute}, '', '', '', '', '', '', ${noRed}, 0, ${noClasses}, {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
