import { pairingMarginMs } from './pairing-sql.ts'
import type { Known, Query, Range } from './query.ts'
import { openFromMs, receivedUntilMs, redSource } from './red-rollup.ts'
import { between } from './span-sql.ts'

/**
 * What questions to the raw spans of a range may know beforehand: up to where they need not look, and that there are no sidecars
 * and no links, which most clusters have none of. To understand the text about them takes ClickHouse several times longer than
 * to answer it.
 */
export interface KnownRow {
  /** Spans that were received before are rolled up. */
  readonly receivedUntilMs: number
  readonly sidecars: boolean
  readonly links: boolean
}

/** The first start of spans that a question to the range reads raw, margins included. */
export const rawSinceMs = (range: Range): number =>
  (redSource(range) === 'raw' || range.fromMs % 60_000 !== 0 ? range.fromMs : openFromMs(range)) -
  pairingMarginMs

/** Whether spans that start at `sinceMs` or later are of sidecars, or consumers with links. */
export function knownQuery(sinceMs: number): Query {
  const any = (condition: string) =>
    `toBool((SELECT count() FROM (SELECT 1 FROM spans WHERE ${condition} AND ${between('start_time', '{sinceMs:Int64}', '4102444800000')} LIMIT 1)))`
  return {
    sql: `
SELECT
  toFloat64(${receivedUntilMs}) AS receivedUntilMs, ${any('sidecar')} AS sidecars,
  ${any('kind = 5 AND notEmpty(links_span_id)')} AS links`,
    params: { sinceMs },
  }
}

export const knownOf = (
  { sidecars, links }: Pick<KnownRow, 'sidecars' | 'links'>,
  { rolledUpMs, sinceMs }: { readonly rolledUpMs: number; readonly sinceMs: number },
): Known => ({
  rolledUpMs,
  ...(!sidecars && { noSidecarsSinceMs: sinceMs }),
  ...(!links && { noLinksSinceMs: sinceMs }),
})
