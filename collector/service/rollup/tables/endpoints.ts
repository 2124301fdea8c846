import type { Query } from '../../query/query.ts'
import { isEntry } from '../../query/span-sql.ts'
import { eachMinute, type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'
import { noRed, redCellColumns, redCells } from '../red-cells.ts'

const keys = 'minute, cluster_id, namespace, application, service, version, protocol, method, name'

/** RPC spans are named `package.Service/Method` by the semantic conventions. */
const source = `
SELECT
  ${minuteOf('start_time')} AS minute, cluster_id, namespace, application, service, version,
  multiIf(http_method != '', 'http', rpc_system != '', 'rpc', messaging_destination != '', 'messaging', 'other') AS protocol,
  multiIf(protocol = 'http', toString(http_method), protocol = 'rpc', toString(rpc_system), protocol = 'messaging', toString(messaging_system), '') AS method,
  toString(multiIf(
    protocol = 'http' AND http_route != '', http_route,
    protocol = 'messaging', messaging_destination,
    operation
  )) AS name,
  duration_ns AS durationNs, status AS outcome, weight, trace_id
FROM spans FINAL
WHERE ${isEntry} AND ${minuteWindow.own('start_time')}`

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
