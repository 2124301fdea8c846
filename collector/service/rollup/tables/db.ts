import type { Query } from '../../query/query.ts'
import { once } from '../../query/span-sql.ts'
import { isDatabaseCall, statementHash, statementText } from '../../query/statement-sql.ts'
import { eachMinute, type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'
import { noRed, redCellColumns, redCells } from '../red-cells.ts'

/** Calls to databases by statement (query/statement-sql.ts). */
const keys = 'minute, cluster_id, namespace, application, service, version, db_system, peer, statement_hash'
const calls = `FROM spans WHERE ${isDatabaseCall} AND ${minuteWindow.own('start_time')}`

const source = `
SELECT
  ${minuteOf('start_time')} AS minute, cluster_id, namespace, application, service, version, db_system, peer,
  ${statementHash} AS statement_hash, duration_ns AS durationNs, status AS outcome, weight, trace_id
${calls}
${once}`

export function dbQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO db_1m (${keys}, ${redCellColumns}, sample_trace_id, generation)
SELECT *, {generation:UInt64} FROM (${redCells({ keys, source, sample: true })})
UNION ALL
SELECT ${eachMinute}, '', '', '', '', '', '', '', 0, ${noRed}, '', {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}

/** The texts behind the hashes; rows of the same text collapse. */
export function dbStatementsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO db_statements (statement_hash, db_system, statement, last_seen)
SELECT hash, db_system, any(text), max(start_time) FROM (
  SELECT db_system, start_time, ${statementHash} AS hash, ${statementText} AS text ${calls}
)
GROUP BY hash, db_system`,
    params: minuteParams(minutes),
  }
}
