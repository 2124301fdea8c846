import type { Query } from '../../query/query.ts'
import { eachMinute, type MinutesToCompute, minuteParams } from '../minutes.ts'
import { noRed, redCellColumns, redCells } from '../red-cells.ts'
import { staged } from './entries.ts'

const keys = 'minute, cluster_id, namespace, application, service, version, protocol, method, name'
const source = `SELECT *, endpoint AS name, duration_ns AS durationNs, status AS outcome ${staged}`

export function endpointsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO endpoints_1m (${keys}, ${redCellColumns}, sample_trace_id, generation)
SELECT *, {generation:UInt64} FROM (${redCells({ keys, source, sample: true })})
UNION ALL
SELECT ${eachMinute}, '', '', '', '', '', '', '', '', ${noRed}, '', {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
