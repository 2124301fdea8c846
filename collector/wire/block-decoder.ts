import type { OtlpSignal } from '../record/otlp.ts'
import { metricsTable } from '../record/signal.ts'
import { type ResourceRow, spansTable } from '../record/span.ts'
import type { AnyTable, RowOf } from '../record/table.ts'
import { UnencodableValue } from './columns/column.ts'
import { declined } from './columns/cursor.ts'
import { createOpenBlocks, type SealedBlock } from './columns/open-blocks.ts'
import type { TakeBuffer } from './columns/table-block.ts'
import type { DecodeContext, Decoded } from './decoded.ts'
import { createLogColumns, logTables } from './log-columns.ts'
import { decodeLogs } from './log-decoder.ts'
import { createMetricColumns } from './metric-columns.ts'
import { decodeMetrics } from './metric-decoder.ts'
import { WireError } from './proto-reader.ts'
import { dayOf } from './row-day.ts'
import { createTally, type RequestTally } from './tally.ts'
import { createTraceColumns } from './trace-columns.ts'
import { decodeTraces } from './trace-decoder.ts'
import { protobufBody, type WalkRequest } from './walk-request.ts'

/**
 * OTLP requests, one after the other, into open blocks: the rows of many requests join one block per table and day, which
 * `seal` ends. A request that cannot be read leaves nothing behind.
 */
export interface BlockDecoder {
  append(request: WalkRequest, context: DecodeContext): AppendResult
  /** Rows that are not telemetry of a request: its resources. */
  appendRows<T extends AnyTable>(table: T, rows: readonly RowOf<T>[]): readonly PartCount[]
  /** Of the open blocks. */
  rows(): number
  byteLength(): number
  /** `take`: where each block's bytes go; fresh buffers by default. */
  seal(take?: TakeBuffer): SealedBlock[]
  /** Throws the open blocks away. */
  clear(): void
}

export type AppendResult = Appended | { readonly type: 'invalid'; readonly message: string }

export interface Appended {
  readonly type: 'appended'
  /** Spans, log records or data points in the request. */
  readonly received: number
  readonly rejected: number
  /** Items that the configured rules took away, by rule: received = rows + rejected + filtered. */
  readonly filtered: ReadonlyMap<string, number>
  /** Why, for the sender: the first few different reasons. */
  readonly messages: readonly string[]
  /** Where its rows are; no part is empty. */
  readonly parts: readonly PartCount[]
  /** Those of its rows, each once. */
  readonly resources: readonly ResourceRow[]
}

export interface PartCount {
  readonly table: string
  /** Unix day (UTC); 0 for a table that is not partitioned. */
  readonly day: number
  readonly rows: number
}

export function createBlockDecoder(): BlockDecoder {
  const blocks = createOpenBlocks()
  const columnsOf: Readonly<Record<OtlpSignal, SignalColumns>> = {
    traces: createTraceColumns(blocks),
    logs: createLogColumns(blocks),
    metrics: createMetricColumns(blocks),
  }

  /** Undefined: left to the plain decoders, and nothing of the request was kept. */
  function tryColumns(request: WalkRequest, context: DecodeContext): Appended | undefined {
    const mark = blocks.mark()
    const tally = createTally()
    try {
      columnsOf[request.signal].append(protobufBody(request), context, tally)
      return tally.done()
    } catch (reason) {
      blocks.cutTo(mark)
      if (reason === declined || reason instanceof WireError || reason instanceof UnencodableValue)
        return undefined
      throw reason
    }
  }

  function appendAll(items: readonly TableRow[]): { parts: PartCount[]; refused: string[] } {
    const parts = new Map<string, { table: string; day: number; rows: number }>()
    const refused: string[] = []
    for (const { table, row } of items) {
      const day = dayOf(table, row)
      try {
        blocks.of(table, day).append(row)
      } catch (error) {
        if (!(error instanceof UnencodableValue)) throw error
        refused.push(error.message)
        continue
      }
      const key = `${table.name}/${day}`
      const part = parts.get(key)
      if (part) part.rows++
      else parts.set(key, { table: table.name, day, rows: 1 })
    }
    return { parts: [...parts.values()], refused }
  }

  return {
    append(request, context) {
      const appended = tryColumns(request, context)
      if (appended) return appended
      const decoded = decodeRows(request, context)
      if (decoded.type === 'invalid') return decoded
      const { parts, refused } = appendAll(decoded.rows)
      return {
        type: 'appended',
        received: decoded.received,
        rejected: decoded.rejected + refused.length,
        filtered: decoded.filtered,
        messages: [...new Set([...decoded.messages, ...refused])],
        parts,
        resources: decoded.resources,
      }
    },
    appendRows: (table, rows) => appendAll(rows.map((row) => ({ table, row }))).parts,
    rows: blocks.rows,
    byteLength: blocks.byteLength,
    seal: blocks.seal,
    clear: blocks.clear,
  }
}

interface TableRow {
  readonly table: AnyTable
  readonly row: RowOf<AnyTable>
}

function decodeRows(
  request: WalkRequest,
  context: DecodeContext,
): Decoded<TableRow> | { readonly type: 'invalid'; readonly message: string } {
  switch (request.signal) {
    case 'traces': {
      const decoded = decodeTraces(request, context)
      if (decoded.type === 'invalid') return decoded
      return { ...decoded, rows: decoded.rows.map((row) => ({ table: spansTable, row })) }
    }
    case 'metrics': {
      const decoded = decodeMetrics(request, context)
      if (decoded.type === 'invalid') return decoded
      return { ...decoded, rows: decoded.rows.map((row) => ({ table: metricsTable, row })) }
    }
    case 'logs': {
      const decoded = decodeLogs(request, context)
      if (decoded.type === 'invalid') return decoded
      return {
        ...decoded,
        rows: decoded.rows.map((item) => ({ table: logTables[item.type], row: item.row })),
      }
    }
  }
}

/** Requests of one signal straight into columns; what is thrown leaves the request to the plain decoder. */
interface SignalColumns {
  append(body: Uint8Array, context: DecodeContext, tally: RequestTally): void
}
