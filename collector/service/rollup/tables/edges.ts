import { edgeKeys, edgesOf } from '../../query/edge-sql.ts'
import type { Query } from '../../query/query.ts'
import { eachMinute, type MinutesToCompute, minuteOf, minuteParams, windowOf } from '../minutes.ts'
import { noRed, redCellColumns, redCells } from '../red-cells.ts'
import { stagedCalls } from './entries.ts'

const keys = `minute, ${edgeKeys}`
const source = (minutes: MinutesToCompute) =>
  `SELECT *, ${minuteOf('start_time')} AS minute FROM (${edgesOf(windowOf(minutes), { calls: stagedCalls })})`

export function edgesQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO edges_1m (${keys}, ${redCellColumns}, generation)
SELECT *, {generation:UInt64} FROM (${redCells({ keys, source: source(minutes) })})
UNION ALL
SELECT ${eachMinute}, '', '', '', '', '', '', '', '', '', 255, false, ${noRed}, {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
