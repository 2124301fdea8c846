import { entriesOf } from './entry-sql.ts'
import { rangeWindow } from './pairing-sql.ts'
import type { Query, Range } from './query.ts'
import { type RedRow, redColumns } from './red.ts'
import { inSpanRange } from './span-sql.ts'
import type { Naming } from './transaction-naming.ts'

/**
 * Which business transactions a trace, or the traces that passed a pod, entered by. `known`: listed under this name; else it is
 * new, or one of "All other traffic".
 */
export interface EnteredRow {
  readonly application: string
  readonly service: string
  readonly transaction: string
  readonly known: boolean
}

const known = `(application, service, transaction) IN (
  SELECT application, service, transaction FROM transactions
  GROUP BY application, service, transaction HAVING max(naming) >= {naming:UInt64}
) AS known`

export interface TraceEnteredRow extends EnteredRow {
  /** The entry span. */
  readonly spanId: string
}

const enteredMax = 50

/** By start; a trace through several applications enters each of them. */
export function traceEnteredQuery(scope: Range & { readonly traceId: string }, naming: Naming): Query {
  const isTrace = 'trace_id = toFixedString(unhex({traceId:String}), 16)'
  return {
    sql: `
SELECT application, service, transaction, lower(hex(span_id)) AS spanId, ${known}
FROM (${entriesOf(rangeWindow, naming, isTrace)})
WHERE transaction != ''
ORDER BY start_time, span_id
LIMIT ${enteredMax}`,
    params: { ...scope, naming: naming.revision },
  }
}

export interface PodEnteredRow extends EnteredRow, RedRow {}

/** Traces of a pod that are looked at, the newest. */
export const podTracesMax = 5_000

/** RED of the transactions themselves, whichever tier they enter by, of the traces with a span of the pod. */
export function podEnteredQuery(
  scope: Range & { readonly clusterId: string; readonly namespace: string; readonly pod: string },
  naming: Naming,
): Query {
  const passedPod = `trace_id IN (
    SELECT trace_id FROM spans
    WHERE cluster_id = {clusterId:String} AND namespace = {namespace:String} AND pod = {pod:String} AND ${inSpanRange('start_time')}
    GROUP BY trace_id ORDER BY max(start_time) DESC LIMIT ${podTracesMax}
  )`
  return {
    sql: `
SELECT application, service, transaction, ${known}, ${redColumns()}
FROM (${entriesOf(rangeWindow, naming, passedPod)})
WHERE transaction != ''
GROUP BY application, service, transaction
ORDER BY calls DESC, application, service, transaction
LIMIT ${enteredMax}`,
    params: { ...scope, naming: naming.revision },
  }
}
