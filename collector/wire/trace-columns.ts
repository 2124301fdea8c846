import { type ResourceRow, spansTable } from '../record/span.ts'
import { assert } from '../std/assert.ts'
import { Cursor, declined } from './columns/cursor.ts'
import { eachField } from './columns/each-field.ts'
import type { OpenBlocks } from './columns/open-blocks.ts'
import { type SpanColumns, spanColumns } from './columns/span-columns.ts'
import { SpanRow } from './columns/span-row.ts'
import type { TableBlock } from './columns/table-block.ts'
import { dayOfHalves } from './columns/time-bounds.ts'
import type { DecodeContext } from './decoded.ts'
import { TooManyItems } from './decoded.ts'
import { createEnvelopeCache } from './envelope-cache.ts'
import { itemsMax } from './limits.ts'
import { WireError } from './proto-reader.ts'
import { resourceRow } from './resource.ts'
import type { ItemRules } from './rules/item-rules.ts'
import type { RequestTally } from './tally.ts'
import { readSpanRow, type SpanPlace } from './trace-decoder.ts'
import { readScope, resourceAttributes, type Scope, schemaUrlOf } from './walk-request.ts'

/**
 * ExportTraceServiceRequests straight into the columns of open blocks of `spans`. A span that the hot loop declines is read
 * by the plain decoder and appended as a row, so both give the same rows for the same bytes, and only the plain one knows
 * how damage is worded. Bytes that are no request are declined whole.
 */
export interface TraceColumns {
  append(body: Uint8Array, context: DecodeContext, tally: RequestTally): void
}

export function createTraceColumns(blocks: OpenBlocks): TraceColumns {
  const cursor = new Cursor()
  const resources = createEnvelopeCache((message) =>
    resourceRow(resourceAttributes(message), schemaUrlOf(message), 0),
  )
  const scopes = createEnvelopeCache(readScope)
  const columnsOf = new WeakMap<TableBlock, Map<number, SpanColumns>>()
  let columns: SpanColumns | undefined
  let row: SpanRow | undefined

  /** The columns of the day's block: views of a block are kept as long as it is. */
  function columnsFor(day: number): SpanColumns {
    const block = blocks.of(spansTable, day)
    const days = columnsOf.get(block) ?? new Map<number, SpanColumns>()
    columnsOf.set(block, days)
    const found = days.get(day) ?? spanColumns(block, day)
    if (days.size === 0 || !days.has(day)) {
      days.clear()
      days.set(day, found)
    }
    return found
  }

  function useDay(day: number): void {
    columns = columnsFor(day)
    if (row) row.useColumns(columns)
    else row = new SpanRow(columns)
  }

  return {
    append(body, context, tally) {
      let items = 0
      cursor.open(body)
      useDay(columns?.day ?? Math.floor(context.receivedAtMs / 86_400_000))
      row?.beginRequest(context.receivedAtMs, context.batchId)
      eachField(cursor, cursor.end, 1, appendResource)

      function appendResource(end: number): void {
        const decoded = { ...resources.find(cursor, end, ''), last_seen: context.receivedAtMs }
        const ruled = context.rules?.forResource('traces', decoded)
        const resource = ruled?.resource ?? decoded
        const rules = ruled?.items
        let used = false
        eachField(cursor, end, 2, (scopeEnd) => {
          const scope = scopes.find(cursor, scopeEnd, resource.schema_url)
          row?.beginScope(resource, scope, rules?.spanFilter)
          eachField(cursor, scopeEnd, 2, (spanEnd) => {
            if (++items > itemsMax) throw new TooManyItems()
            used = appendSpan(spanEnd, { resource, scope, rules }) || used
          })
        })
        if (used) tally.resource(resource)
      }

      /** False: it was not kept. */
      function appendSpan(end: number, place: Ruled): boolean {
        const start = cursor.at
        try {
          // Rules that change what spans say work on rows.
          if (place.rules && !place.rules.spanFilter) throw declined
          return readSpan(start, end)
        } catch (reason) {
          if (reason !== declined) throw reason
          cursor.at = end
          return appendPlainly(cursor.bytes.subarray(start, end), place)
        }
      }

      function readSpan(start: number, end: number): boolean {
        assert(row, 'a span is read before the columns are known')
        if (!row.read(cursor, end)) {
          useDay(dayOfHalves(row.startLow, row.startHigh))
          cursor.at = start
          row.read(cursor, end)
        }
        if (row.filteredBy === undefined) tally.accept(spansTable.name, columns?.day ?? 0)
        else tally.filter(row.filteredBy)
        return row.filteredBy === undefined
      }

      function appendPlainly(bytes: Uint8Array, { resource, scope, rules }: Ruled): boolean {
        const plain = tryReadSpanRow(bytes, { resource, scope, context })
        if (typeof plain === 'string') {
          tally.reject(plain)
          return false
        }
        const filteredBy = rules?.applySpan(plain)
        if (filteredBy !== undefined) {
          tally.filter(filteredBy)
          return false
        }
        const day = Number(plain.start_time / nsPerDay)
        blocks.of(spansTable, day).append(plain)
        tally.accept(spansTable.name, day)
        return true
      }
    },
  }
}

const nsPerDay = 86_400_000_000_000n

interface Ruled {
  readonly resource: ResourceRow
  readonly scope: Scope
  readonly rules: ItemRules | undefined
}

function tryReadSpanRow(bytes: Uint8Array, place: SpanPlace): ReturnType<typeof readSpanRow> {
  try {
    return readSpanRow(bytes, place)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return `a span cannot be read: ${error.message}`
  }
}
