import { edgesOf } from './edge-sql.ts'
import { rangeWindowOf } from './pairing-sql.ts'
import type { Query, Range } from './query.ts'
import { type RedRow, redColumns } from './red.ts'
import {
  closedBoundsOf,
  closedRows,
  mergedRedColumns,
  openCells,
  openWindowOf,
  redSource,
} from './red-rollup.ts'

/** The flow map of an application; how edges are found: edge-sql.ts. */
export interface FlowEdgeRow extends RedRow {
  /** All calls of one edge; of one caller to anywhere; or to one callee from anywhere (`''` is the open end). */
  readonly grouped: 'edge' | 'caller' | 'callee'
  /** `tier:NAME`, `external:NAME`, `external:APPLICATION/TIER`, `database:SYSTEM:NAME`, `queue:SYSTEM:NAME` or `client`. */
  readonly caller: string
  readonly callee: string
  readonly async: boolean
}

/** SQL text: the id of one end of an edge of `{application:String}`; a tier of another application is an external one. */
export const flowIdOf = (end: 'caller' | 'callee') => `multiIf(
    ${end}_type = 'tier' AND ${end}_application = {application:String}, concat('tier:', ${end}_service),
    ${end}_type = 'tier', concat('external:', ${end}_application, '/', ${end}_service),
    ${end}_type IN ('database', 'queue'), concat(${end}_type, ':', system, ':', ${end}_service),
    ${end}_type = 'external', concat('external:', ${end}_service),
    'client'
  )`

const asked = '{application:String}'
const keys =
  'caller_type, caller_application, caller_service, callee_type, callee_application, callee_service, system, async'

interface FlowScope extends Range {
  readonly application: string
  readonly nowMs: number
  /** Only what calls this tier, and what it calls. */
  readonly tier?: string
}

export function flowEdgesQuery(scope: FlowScope): Query {
  const source = redSource(scope)
  const [bounds, red, rows] =
    source === 'raw'
      ? ['', redColumns('durationNs', 'outcome = 2'), edgesOf(rangeWindowOf(scope), { application: asked })]
      : [
          closedBoundsOf(scope),
          mergedRedColumns(),
          `${closedRows({
            table: 'edges',
            source,
            columns: keys,
            condition: `(callee_application = ${asked} OR caller_application = ${asked})`,
          })}
  UNION ALL
  SELECT ${keys}, start_time AS at, ${openCells('durationNs', 'outcome = 2')}
  FROM (${edgesOf(openWindowOf(scope), { application: asked })})`,
        ]
  return {
    sql: `${bounds}
SELECT
  multiIf(grouping(callee) = 1, 'caller', grouping(caller) = 1, 'callee', 'edge') AS grouped,
  caller, callee, async, ${red}
FROM (SELECT *, ${flowIdOf('caller')} AS caller, ${flowIdOf('callee')} AS callee FROM (${rows}))
${scope.tier === undefined ? '' : "WHERE caller = concat('tier:', {tier:String}) OR callee = concat('tier:', {tier:String})"}
GROUP BY GROUPING SETS ((caller, callee, async), (caller), (callee))
ORDER BY grouped, calls DESC, caller, callee
LIMIT 5000`,
    params: { ...scope },
  }
}
