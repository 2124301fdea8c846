import { type ClassCounts, classColumns, judgedRows } from './judged-sql.ts'
import { type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'
import type { RedRow } from './red.ts'
import { closedBoundsOf, closedRows, mergedRedColumns, redSource } from './red-rollup.ts'
import type { Naming } from './transaction-naming.ts'

/**
 * Business transactions of an application. Whatever the range, what is rolled up comes from there and the rest from raw spans:
 * counts are exact, quantiles within 4.4 %.
 */
export interface TransactionScope extends Range {
  readonly application: string
  readonly naming: Naming
  readonly stepMs?: number
}

type Table = 'transactions' | 'red' | 'nodes'

function rowsOf(
  { naming, ...scope }: TransactionScope,
  table: Table,
  columns: string,
  conditions: Conditions,
) {
  const source = redSource(scope)
  return judgedRows({
    range: scope,
    table,
    source: source === 'raw' || table === 'nodes' ? 'minutes' : source,
    columns,
    naming,
    ...conditions,
  })
}

interface Conditions {
  readonly condition: string
  readonly rawCondition?: string
}

const paramsOf = ({ fromMs, toMs, rolledUpMs, application, naming }: TransactionScope) => ({
  fromMs,
  toMs,
  ...(rolledUpMs !== undefined && { rolledUpMs }),
  application,
  naming: naming.revision,
})

export type Steps = readonly [timesMs: readonly number[], calls: readonly number[]]

export interface TransactionListRow extends RedRow, ClassCounts {
  readonly service: string
  readonly transaction: string
  readonly versions: readonly string[]
  /** Steps with calls, and how many; without those of `closedStepsQuery`. */
  readonly steps: Steps
  /** 0: not known yet. */
  readonly firstSeenMs: number
}

const transactionRowsMax = 5_000
const stepsOf = (condition: string) =>
  `sumMapIf([toFloat64(${stepOf('at')})], [toFloat64(n)], ${condition}) AS steps`

type TransactionsScope = TransactionScope & { readonly service: ListFilter; readonly stepMs: number }

/** Figures of long ranges come from hours. Where steps are shorter, those of rolled up minutes are a question beside. */
const hasStepsApart = ({ stepMs, ...range }: TransactionsScope) =>
  redSource(range) === 'hours' && redSource({ ...range, stepMs }) !== 'hours'

export function transactionsQuery(scope: TransactionsScope): Query {
  const { stepMs, ...range } = scope
  const apart = hasStepsApart(scope)
  const condition = passes('service', 'service')
  return {
    sql: `${closedBoundsOf(scope)}
SELECT rolled.*, toFloat64(toUnixTimestamp(registered.first)) * 1000 AS firstSeenMs FROM (
  SELECT
    service, transaction, ${mergedRedColumns()}, ${classColumns},
    arraySort(groupUniqArrayIf(20)(version, version != '')) AS versions, ${stepsOf(apart ? 'isOpen' : 'true')}
  FROM (${rowsOf(apart ? range : scope, 'transactions', 'service, transaction, version', { condition, rawCondition: condition })})
  GROUP BY service, transaction
  ORDER BY calls DESC, service, transaction
  LIMIT ${transactionRowsMax}
) AS rolled
LEFT JOIN (
  SELECT service, transaction, min(first_seen) AS first FROM transactions WHERE application = {application:String}
  GROUP BY service, transaction
) AS registered ON registered.service = rolled.service AND registered.transaction = rolled.transaction
ORDER BY rolled.calls DESC, rolled.service, rolled.transaction`,
    params: { ...paramsOf(scope), stepMs, ...listParams({ service: scope.service }) },
  }
}

export interface ClosedStepsRow extends TransactionKey {
  readonly steps: Steps
}

/** The steps that `transactionsQuery` leaves out; undefined: none. */
export function closedStepsQuery(scope: TransactionsScope): Query | undefined {
  if (!hasStepsApart(scope)) return undefined
  const columns = 'service, transaction'
  const condition = `application = {application:String} AND ${passes('service', 'service')}`
  return {
    sql: `${closedBoundsOf(scope)}
SELECT service, transaction, ${stepsOf('true')}
FROM (${closedRows({ table: 'transactions', source: 'minutes', columns, condition })})
GROUP BY service, transaction`,
    params: { ...paramsOf(scope), stepMs: scope.stepMs, ...listParams({ service: scope.service }) },
  }
}

/** When the application itself was first seen (what is as old as it is not new), and how many transactions it has. */
export function applicationSinceQuery(params: {
  readonly application: string
  readonly naming: number
}): Query {
  return {
    sql: `
SELECT if(count() = 0, 0, toFloat64(toUnixTimestamp(min(first_seen))) * 1000) AS sinceMs, toFloat64(uniqExactIf((service, transaction), naming >= {naming:UInt64})) AS known
FROM transactions WHERE application = {application:String}`,
    params: { ...params },
  }
}

export interface TransactionKey {
  readonly service: string
  readonly transaction: string
}

const isAsked =
  "({transaction:String} = '' OR transaction = {transaction:String}) AND ({service:String} = '' OR service = {service:String})"
const rawIsAsked = "({service:String} = '' OR service = {service:String})"

export interface TransactionStepRow extends RedRow, ClassCounts {
  readonly timeMs: number
}

/** Of one transaction; of a tier's entry spans (`transaction` empty), or of all that enters (both empty). */
export function transactionStepsQuery(
  scope: TransactionScope & TransactionKey & { readonly stepMs: number },
): Query {
  const rows = rowsOf(scope, 'transactions', 'service, transaction', {
    condition: isAsked,
    rawCondition: rawIsAsked,
  })
  return {
    sql: `${closedBoundsOf(scope)}
SELECT ${stepOf('at')} AS timeMs, ${mergedRedColumns()}, ${classColumns}
FROM (${rows})
GROUP BY timeMs
ORDER BY timeMs`,
    params: {
      ...paramsOf(scope),
      service: scope.service,
      transaction: scope.transaction,
      stepMs: scope.stepMs,
    },
  }
}

export interface TransactionVersionRow extends RedRow, ClassCounts {
  readonly version: string
}

export function transactionVersionsQuery(scope: TransactionScope & TransactionKey): Query {
  const rows = rowsOf(scope, 'transactions', 'service, transaction, version', {
    condition: isAsked,
    rawCondition: rawIsAsked,
  })
  return {
    sql: `${closedBoundsOf(scope)}
SELECT version, ${mergedRedColumns()}, ${classColumns}
FROM (${rows})
GROUP BY version
ORDER BY calls DESC, version
LIMIT 100`,
    params: { ...paramsOf(scope), service: scope.service, transaction: scope.transaction },
  }
}

export interface ScorecardRow extends RedRow, ClassCounts {
  readonly service: string
  readonly transaction: string
  readonly clusterId: string
  readonly namespace: string
  readonly pod: string
}

export const scorecardKinds = ['application', 'tier', 'node', 'transaction'] as const
export type ScorecardKind = (typeof scorecardKinds)[number]

const scorecardsMax = 2_000
const scorecardOf: Readonly<Record<ScorecardKind, readonly [table: Table, columns: string]>> = {
  application: ['transactions', ''],
  tier: ['red', 'service'],
  node: ['nodes', 'service, cluster_id, namespace, pod'],
  transaction: ['transactions', 'service, transaction'],
}

/** Classes of the calls that enter the application, of each tier's entry spans, each node's, or each transaction's. */
export function scorecardQuery(
  scope: TransactionScope & { readonly by: ScorecardKind; readonly service: ListFilter },
): Query {
  const [table, keys] = scorecardOf[scope.by]
  const keyOf = (name: string, column = name) =>
    `${keys.includes(column) ? `toString(${column})` : "''"} AS ${name}Key`
  const rows = rowsOf(scope, table, `service${keys.replace(/^service/, '')}`, {
    condition: passes('service', 'service'),
    rawCondition: passes('service', 'service'),
  })
  return {
    sql: `${closedBoundsOf(scope)}
SELECT
  serviceKey AS service, transactionKey AS transaction, clusterIdKey AS clusterId, namespaceKey AS namespace, podKey AS pod,
  ${mergedRedColumns()}, ${classColumns}
FROM (
  SELECT
    * EXCEPT (service), ${keyOf('service')}, ${keyOf('transaction')}, ${keyOf('clusterId', 'cluster_id')}, ${keyOf('namespace')}, ${keyOf('pod')}
  FROM (${rows})
)
GROUP BY serviceKey, transactionKey, clusterIdKey, namespaceKey, podKey
ORDER BY calls DESC, service, transaction, clusterId, namespace, pod
LIMIT ${scorecardsMax}`,
    params: { ...paramsOf(scope), ...listParams({ service: scope.service }) },
  }
}

export interface ThresholdRow {
  readonly timeMs: number
  readonly calls: number
  readonly meanMs: number
  readonly sigmaMs: number
  /** Null: no call is so slow. */
  readonly slowMs: number | null
  readonly verySlowMs: number | null
  readonly stallMs: number
  readonly rule: string
}

/** What calls of the transaction are compared with, newest first: one row a step. */
export function transactionThresholdsQuery(
  scope: Range & TransactionKey & { application: string; stepMs: number },
): Query {
  const within = `minute >= toDateTime(intDiv({fromMs:Int64}, 1000)) AND minute < toDateTime(intDiv({toMs:Int64}, 1000))`
  const finite = (column: string) =>
    `if(isFinite(argMax(${column}, minute)), argMax(${column}, minute), NULL)`
  return {
    sql: `
SELECT
  intDiv(toInt64(toUnixTimestamp(minute)) * 1000, {stepMs:Int64}) * {stepMs:Int64} AS timeMs, argMax(calls, minute) AS calls,
  argMax(mean_ms, minute) AS meanMs, argMax(sigma_ms, minute) AS sigmaMs, ${finite('slow_ms')} AS slowMs,
  ${finite('very_slow_ms')} AS verySlowMs, argMax(stall_ms, minute) AS stallMs, toString(argMax(rule, minute)) AS rule
FROM (
  SELECT minute, calls, mean_ms, sigma_ms, slow_ms, very_slow_ms, stall_ms, rule FROM thresholds_1m FINAL
  WHERE ${within} AND application = {application:String} AND service = {service:String} AND transaction = {transaction:String}
    AND (minute, generation) IN (SELECT minute, max(generation) FROM thresholds_1m WHERE ${within} GROUP BY minute)
)
GROUP BY timeMs
ORDER BY timeMs DESC
LIMIT 200`,
    params: { ...scope },
  }
}
