import type { Slo } from '../../record/slo.ts'
import { rollupBuckets } from './duration-buckets.ts'
import { entriesOf } from './entry-sql.ts'
import type { Query } from './query.ts'
import { closedBounds, closedRows, openCells, openWindow } from './red-rollup.ts'
import { type BurnWindow, burnWindowsMs } from './slo.ts'
import type { Naming } from './transaction-naming.ts'

/**
 * Good and all calls of objectives: of long windows from hours, of the last hours from minutes, of the newest minutes from raw
 * spans. One question answers for all objectives: each row of a rollup has the keys of the objectives that it may belong to.
 *
 * Calls within a threshold are exact in raw spans. In rollups a bucket of durations is 9 % wide: one that the threshold lies in
 * is divided in proportion to the logarithm; all others are whole.
 */
interface SloScope {
  readonly slos: readonly Pick<Slo, 'sloId' | 'definition'>[]
  readonly nowMs: number
  /** Of the newest minutes, which are read raw. */
  readonly naming: Naming
}

const hourMs = 3_600_000
const floorTo = (value: number, unit: number) => Math.floor(value / unit) * unit

/** Windows begin with an hour. */
export const sloFromMs = (windowDays: number, nowMs: number): number =>
  floorTo(nowMs - windowDays * 86_400_000, hourMs)

/** An entity as rows and objectives are joined by; a tier is not the transaction ''. */
const keysOf = (entering: string) =>
  `arrayConcat([(application, service, '')], if(${entering}, [(application, '', '')], []))`

/** SQL text: rows with `slo` and `at`, and how many of their `n` calls are good. Reads what the objectives need and no more. */
function sloRows(source: 'minutes' | 'hours', { slos, naming }: SloScope): string {
  const some = (is: (definition: Slo['definition']) => boolean) => slos.some((slo) => is(slo.definition))
  const ofTransactions = some(({ transaction }) => transaction !== '')
  const ofApplications = some(({ service }) => service === '')
  const own = 'application IN (SELECT slo.application FROM slos)'
  const ownTiers = `(application, service) IN (SELECT slo.application, slo.service FROM slos WHERE slo.transaction = '')`
  const columns = (keys: string) => `${keys} AS keys, 0 AS exactNs`
  const openKeys = `arrayConcat(${keysOf('entering')}, if(transaction != '', [(application, service, transaction)], []))`
  const closed = [
    ...(some(({ transaction }) => transaction === '')
      ? [
          closedRows({
            table: 'red',
            source,
            columns: columns(keysOf('entering')),
            condition: ofApplications ? `${own} AND (entering OR ${ownTiers})` : ownTiers,
          }),
        ]
      : []),
    ...(ofTransactions
      ? [
          closedRows({
            table: 'transactions',
            source,
            columns: columns('[(application, service, transaction)]'),
            condition: `(application, service, transaction) IN (SELECT slo.application, slo.service, slo.transaction FROM slos WHERE slo.transaction != '')`,
          }),
        ]
      : []),
  ]
  const fast = `
    exactNs > 0, if(exactNs <= slo.thresholdNs, n, 0),
    arraySum((bucket, count) -> count * least(1, greatest(0, log2(slo.thresholdNs) * ${rollupBuckets} - bucket)), buckets, counts)`
  return `
  SELECT
    slos.slo AS slo, at, n,
    ${some(({ objective }) => objective === 'latency') ? `multiIf(slo.thresholdNs = 0, n - failed, ${fast})` : 'n - failed'} AS good
  FROM (
    SELECT arrayJoin(keys) AS key, at, n, failed, exactNs, buckets, counts FROM (
      ${closed.join(' UNION ALL ')}
      UNION ALL
      SELECT ${openKeys} AS keys, greatest(1, duration_ns) AS exactNs, start_time AS at, ${openCells()}
      FROM (${entriesOf(openWindow, naming, own)})
    )
  ) AS calls
  INNER JOIN slos ON calls.key = (slos.slo.application, slos.slo.service, slos.slo.transaction)`
}

const withSlos = `${closedBounds},
  slos AS (
    SELECT arrayJoin(JSONExtract({slos:String}, 'Array(Tuple(id String, application String, service String, transaction String, thresholdNs Float64, fromMs Int64))')) AS slo
  )`

const toParam = (slos: SloScope['slos'], nowMs: number) =>
  JSON.stringify(
    slos.map(({ sloId, definition }) => ({
      id: sloId,
      application: definition.application,
      service: definition.service,
      transaction: definition.transaction,
      thresholdNs: definition.thresholdMs * 1e6,
      fromMs: sloFromMs(definition.windowDays, nowMs),
    })),
  )

export interface SloStepRow {
  readonly sloId: string
  readonly timeMs: number
  readonly total: number
  readonly good: number
}

/** The window of each objective by steps of whole hours; without a step it is one. */
export function sloWindowsQuery(scope: SloScope & { readonly stepMs?: number }): Query {
  const { slos, nowMs, stepMs } = scope
  const time =
    stepMs === undefined ? '0' : 'intDiv(toUnixTimestamp64Milli(at), {stepMs:Int64}) * {stepMs:Int64}'
  return {
    sql: `${withSlos}
SELECT slo.id AS sloId, toFloat64(${time}) AS timeMs, toFloat64(sum(n)) AS total, toFloat64(sum(good)) AS good
FROM (${sloRows('hours', scope)})
WHERE toUnixTimestamp64Milli(at) >= slo.fromMs
GROUP BY sloId, timeMs
ORDER BY sloId, timeMs`,
    params: {
      slos: toParam(slos, nowMs),
      fromMs: Math.min(...slos.map(({ definition }) => sloFromMs(definition.windowDays, nowMs))),
      toMs: nowMs,
      ...(stepMs === undefined ? {} : { stepMs }),
    },
  }
}

export type SloBurnRow = { readonly sloId: string } & Readonly<
  Record<BurnWindow, readonly [total: number, good: number]>
>

/** The last minutes and hours of each objective; windows begin with a minute. */
export function sloBurnQuery(scope: SloScope): Query {
  const { slos, nowMs } = scope
  const columns = Object.entries(burnWindowsMs).map(([name, ms]) => {
    const within = `toUnixTimestamp64Milli(at) >= intDiv({toMs:Int64} - ${ms}, 60000) * 60000`
    return `(toFloat64(sumIf(n, ${within})), toFloat64(sumIf(good, ${within}))) AS ${name}`
  })
  return {
    sql: `${withSlos}
SELECT slo.id AS sloId, ${columns.join(', ')}
FROM (${sloRows('minutes', scope)})
GROUP BY sloId
ORDER BY sloId`,
    params: {
      slos: toParam(slos, nowMs),
      fromMs: floorTo(nowMs - burnWindowsMs.h6, 60_000),
      toMs: nowMs,
    },
  }
}
