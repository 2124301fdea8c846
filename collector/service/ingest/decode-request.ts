import { kubeChangesTable, kubeEventsTable, kubeObjectsTable } from '../../record/kube.ts'
import type { OtlpRequest } from '../../record/otlp.ts'
import { logsTable, metricsTable } from '../../record/signal.ts'
import { type ResourceRow, spansTable } from '../../record/span.ts'
import type { DecodeContext } from '../../wire/decoded.ts'
import { decodeLogs, type LogItem } from '../../wire/log-decoder.ts'
import { decodeMetrics } from '../../wire/metric-decoder.ts'
import { decodeTraces } from '../../wire/trace-decoder.ts'
import type { TableRows } from '../store/store.ts'

export type DecodedRequest =
  | { readonly type: 'invalid'; readonly message: string }
  | {
      readonly type: 'decoded'
      /** No part is empty. */
      readonly parts: readonly TableRows[]
      readonly resources: readonly ResourceRow[]
      readonly received: number
      readonly rejected: number
      /** Taken away by the configured rules, by rule. */
      readonly filtered: ReadonlyMap<string, number>
      readonly messages: readonly string[]
    }

export function decodeRequest(request: OtlpRequest, context: DecodeContext): DecodedRequest {
  switch (request.signal) {
    case 'traces': {
      const decoded = decodeTraces(request, context)
      if (decoded.type === 'invalid') return decoded
      return { ...decoded, parts: nonEmpty([{ table: spansTable, rows: decoded.rows }]) }
    }
    case 'metrics': {
      const decoded = decodeMetrics(request, context)
      if (decoded.type === 'invalid') return decoded
      return { ...decoded, parts: nonEmpty([{ table: metricsTable, rows: decoded.rows }]) }
    }
    case 'logs': {
      const decoded = decodeLogs(request, context)
      if (decoded.type === 'invalid') return decoded
      return { ...decoded, parts: nonEmpty(byTable(decoded.rows)) }
    }
  }
}

function byTable(items: readonly LogItem[]): TableRows[] {
  return [
    { table: logsTable, rows: items.flatMap((item) => (item.type === 'log' ? [item.row] : [])) },
    { table: kubeObjectsTable, rows: items.flatMap((item) => (item.type === 'object' ? [item.row] : [])) },
    { table: kubeChangesTable, rows: items.flatMap((item) => (item.type === 'change' ? [item.row] : [])) },
    { table: kubeEventsTable, rows: items.flatMap((item) => (item.type === 'event' ? [item.row] : [])) },
  ]
}

function nonEmpty(parts: readonly TableRows[]): TableRows[] {
  return parts.filter(({ rows }) => rows.length > 0)
}
