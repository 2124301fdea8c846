import { rawBuckets, rollupBuckets } from './duration-buckets.ts'
import { edgePartsOf, edgesOf } from './edge-sql.ts'
import { rangeWindowOf, type SpanWindow } from './pairing-sql.ts'
import type { Query, Range } from './query.ts'
import { type RedRow, redColumns } from './red.ts'
import { addCells, cellColumns, type RedCells, redOfCells } from './red-cells.ts'
import { closedBoundsOf, closedRows, isClosed, openCells, openWindowOf, redSource } from './red-rollup.ts'

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

export interface FlowScope extends Range {
  readonly application: string
  readonly nowMs: number
  /** Only what calls this tier, and what it calls. */
  readonly tier?: string
}

/** Edges with what is known of some of their calls. */
export type FlowCellsRow = Pick<FlowEdgeRow, 'caller' | 'callee' | 'async'> & RedCells

/** The questions whose rows together are all edges: `toFlowEdges`. */
export function flowEdgesQueries(scope: FlowScope): Query[] {
  const source = redSource(scope)
  const calls = (window: SpanWindow, perDoubling: number) =>
    edgePartsOf(window, { application: asked }).map(
      (part) => `SELECT ${keys}, ${openCells('durationNs', 'outcome = 2', perDoubling)} FROM (${part})`,
    )
  if (source === 'raw')
    return calls(rangeWindowOf(scope), rawBuckets).map((rows) => edgesQuery(scope, { rows }))
  const closed = closedRows({
    table: 'edges',
    source,
    columns: keys,
    condition: `(callee_application = ${asked} OR caller_application = ${asked})`,
  })
  const bounds = closedBoundsOf(scope)
  const open = calls(openWindowOf(scope), rollupBuckets)
  return [closed, ...(isClosed(scope) ? [] : open)].map((rows) => edgesQuery(scope, { bounds, rows }))
}

/** The edges with their RED, from raw spans: for a panel, which asks one question. */
export const flowTableQuery = (scope: FlowScope): Query =>
  edgesQuery(scope, {
    rows: edgesOf(rangeWindowOf(scope), { application: asked }),
    figures: redColumns('durationNs', 'outcome = 2'),
  })

function edgesQuery(
  scope: FlowScope,
  { bounds = '', rows, figures = cellColumns }: { bounds?: string; rows: string; figures?: string },
): Query {
  const condition =
    scope.tier === undefined
      ? ''
      : "WHERE caller = concat('tier:', {tier:String}) OR callee = concat('tier:', {tier:String})"
  return {
    sql: `${bounds}
SELECT ${flowIdOf('caller')} AS caller, ${flowIdOf('callee')} AS callee, async, ${figures}
FROM (${rows}) AS rows
${condition}
GROUP BY caller, callee, async
ORDER BY calls DESC, caller, callee
LIMIT 5000`,
    params: { ...scope },
  }
}

export function toFlowEdges(rows: readonly FlowCellsRow[], scope: Range): FlowEdgeRow[] {
  const perDoubling = redSource(scope) === 'raw' ? rawBuckets : rollupBuckets
  return groupedEdges(rows, (own) => redOfCells(addCells(own), perDoubling))
}

type Ends = Pick<FlowEdgeRow, 'caller' | 'callee' | 'async'>

/** The edges of rows, and what goes out of each caller and into each callee; the busiest of each first. */
export function groupedEdges<Row extends Ends>(
  rows: readonly Row[],
  redOf: (rows: readonly Row[]) => RedRow,
): FlowEdgeRow[] {
  const by = (grouped: FlowEdgeRow['grouped'], endsOf: (row: Row) => Ends) =>
    [...Map.groupBy(rows, (row) => JSON.stringify(endsOf(row)))]
      .map(([ends, own]) => ({ grouped, ...(JSON.parse(ends) as Ends), ...redOf(own) }))
      .sort(
        (a, b) => b.calls - a.calls || a.caller.localeCompare(b.caller) || a.callee.localeCompare(b.callee),
      )
  return [
    ...by('edge', ({ caller, callee, async }) => ({ caller, callee, async })),
    ...by('caller', ({ caller }) => ({ caller, callee: '', async: false })),
    ...by('callee', ({ callee }) => ({ caller: '', callee, async: false })),
  ]
}
