import type { Query } from '../../query/query.ts'
import { eachMinute, type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'
import { noRed, redCellColumns, redCells } from '../red-cells.ts'

/**
 * Calls to databases by statement. Statements are told apart by their text without literals, as ClickHouse's normalizeQuery
 * (a pure function) gives it: `id = 5` is `id = ?`, `IN (1, 2, 3)` is `IN (?..)`. A span without a statement stands under its
 * operation. Text beyond the first `statementCharsMax` bytes is not looked at.
 */
const statementCharsMax = 4_096
const statement = `normalizeQuery(substring(if(db_statement = '', toString(operation), db_statement), 1, ${statementCharsMax}))`

const keys = 'minute, cluster_id, namespace, application, service, version, db_system, peer, statement_hash'
const calls = `FROM spans FINAL WHERE kind IN (3, 4) AND db_system != '' AND NOT sidecar AND ${minuteWindow.own('start_time')}`

const source = `
SELECT
  ${minuteOf('start_time')} AS minute, cluster_id, namespace, application, service, version, db_system, peer,
  cityHash64(${statement}) AS statement_hash, duration_ns AS durationNs, status AS outcome, weight, trace_id
${calls}`

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
SELECT cityHash64(text), db_system, text, max(start_time) FROM (
  SELECT db_system, start_time, ${statement} AS text ${calls}
)
GROUP BY text, db_system`,
    params: minuteParams(minutes),
  }
}
