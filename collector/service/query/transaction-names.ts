import { entriesOf } from './entry-sql.ts'
import { rangeWindow } from './pairing-sql.ts'
import type { Query, Range } from './query.ts'
import type { Naming } from './transaction-naming.ts'

export interface NamedCallsRow {
  readonly service: string
  readonly transaction: string
  readonly calls: number
  readonly operations: readonly string[]
  /** Of all rows of the same kind, listed or not. */
  readonly allNames: number
  readonly allCalls: number
}

export type NameKind = 'named' | 'excluded' | 'pooled'

const conditionOf: Readonly<Record<NameKind, string>> = {
  named: "transaction != ''",
  excluded: "transaction = ''",
  pooled: `transaction != '' AND (service, transaction) NOT IN (
    SELECT service, transaction FROM transactions WHERE application = {application:String}
    GROUP BY service, transaction HAVING max(naming) >= {naming:UInt64}
  )`,
}

/** What raw calls of the range that enter the application are named; what is not named, or not known. The busiest first. */
export function transactionNamesQuery(
  scope: Range & { readonly application: string; readonly naming: Naming },
  { kind, limit }: { readonly kind: NameKind; readonly limit: number },
): Query {
  const { naming, ...params } = scope
  return {
    sql: `
SELECT
  service, transaction, toFloat64(sum(weight)) AS calls, arraySort(groupUniqArray(3)(toString(operation))) AS operations,
  toFloat64(count() OVER ()) AS allNames, sum(calls) OVER () AS allCalls
FROM (${entriesOf(rangeWindow, naming, 'application = {application:String}')})
WHERE entering AND ${conditionOf[kind]}
GROUP BY service, transaction
ORDER BY calls DESC, service, transaction
LIMIT {limit:UInt32}`,
    params: { ...params, naming: naming.revision, limit },
  }
}

/** How many minutes of stored spans there are, and how many of them were computed by this naming or a newer one. */
export function recomputedMinutesQuery(scope: { readonly naming: number; readonly sinceMs: number }): Query {
  return {
    sql: `
SELECT toFloat64(countIf(naming >= {naming:UInt64})) AS minutes, toFloat64(count()) AS of
FROM rollup_minutes FINAL WHERE minute >= toDateTime(intDiv({sinceMs:Int64}, 1000))`,
    params: { ...scope },
  }
}
