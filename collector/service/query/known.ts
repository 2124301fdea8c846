import { pairingMarginMs } from './pairing-sql.ts'
import type { Known, Query, Range } from './query.ts'
import { redSource, rolledUpMs } from './red-rollup.ts'
import { between } from './span-sql.ts'

/**
 * What questions to the raw spans of a range may know beforehand: up to where they need not look, and that there are no sidecars
 * and no links, which most clusters have none of. To understand the text about them takes ClickHouse several times longer than
 * to answer it.
 */
export interface KnownRow {
  readonly rolledUpMs: number
  /** The first start that was looked at. */
  readonly sinceMs: number
  readonly sidecars: boolean
  readonly links: boolean
}

export function knownQuery(range: Range): Query {
  const openFromMs =
    redSource(range) === 'raw' || range.fromMs % 60_000 !== 0
      ? '{fromMs:Int64}'
      : `greatest({fromMs:Int64}, intDiv(least({toMs:Int64}, rolledMs), 60000) * 60000)`
  const any = (condition: string) =>
    `toBool((SELECT count() FROM (SELECT 1 FROM spans WHERE ${condition} AND ${between('start_time', 'firstMs', '4102444800000')} LIMIT 1)))`
  const { fromMs, toMs } = range
  return {
    sql: `
WITH ${rolledUpMs} AS rolledMs, ${openFromMs} - ${pairingMarginMs} AS firstMs
SELECT
  toFloat64(rolledMs) AS rolledUpMs, toFloat64(firstMs) AS sinceMs, ${any('sidecar')} AS sidecars,
  ${any('kind = 5 AND notEmpty(links_span_id)')} AS links`,
    params: { fromMs, toMs },
  }
}

export const knownOf = ({ rolledUpMs, sinceMs, sidecars, links }: KnownRow): Known => ({
  rolledUpMs,
  ...(!sidecars && { noSidecarsSinceMs: sinceMs }),
  ...(!links && { noLinksSinceMs: sinceMs }),
})
