import type { Query } from '../../query/query.ts'
import { queueMessages } from '../../query/queues.ts'
import { eachMinute, type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'
import { noRed, redCellColumns, redCells } from '../red-cells.ts'

const keys = 'minute, application, service, version, system, name, consumes'
const source = `SELECT *, ${minuteOf('start_time')} AS minute FROM (${queueMessages(minuteWindow)})`

export function queuesQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO queues_1m (${keys}, ${redCellColumns}, sample_trace_id, generation)
SELECT *, {generation:UInt64} FROM (${redCells({ keys, source, sample: true })})
UNION ALL
SELECT ${eachMinute}, '', '', '', '', '', false, ${noRed}, '', {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
