import { type ResourceRow, spansTable } from '../record/span.ts'
import { assert } from '../std/assert.ts'
import { Cursor } from './columns/cursor.ts'
import { createDayColumns } from './columns/day-columns.ts'
import { createDayRows } from './columns/day-rows.ts'
import type { OpenBlocks } from './columns/open-blocks.ts'
import { type SpanColumns, spanColumns } from './columns/span-columns.ts'
import { SpanRow } from './columns/span-row.ts'
import { type DecodeContext, TooManyItems } from './decoded.ts'
import { itemsMax } from './limits.ts'
import { WireError } from './proto-reader.ts'
import { dayOf } from './row-day.ts'
import type { RequestTally } from './tally.ts'
import { readSpanRow, type SpanPlace } from './trace-decoder.ts'
import { createColumnWalk, type WalkColumns } from './walk-columns.ts'
import type { Place } from './walk-request.ts'

/**
 * ExportTraceServiceRequests straight into the columns of open blocks of `spans`. A span that the hot loop declines is read
 * by the plain decoder and appended as a row, so both give the same rows for the same bytes, and only the plain one knows
 * how damage is worded. Bytes that are no request are declined whole.
 */
export function createTraceColumns(blocks: OpenBlocks): { readonly append: WalkColumns } {
  const cursor = new Cursor()
  const rows = createDayRows({
    columnsFor: createDayColumns(blocks, spansTable, spanColumns),
    create: (columns: SpanColumns) => new SpanRow(columns),
    read: (row, at, end) => row.read(at, end),
  })
  let place: Place | undefined
  let now: { readonly context: DecodeContext; readonly tally: RequestTally } | undefined
  let items = 0

  function appendPlainly(bytes: Uint8Array, { resource, scope, rules }: Place): ResourceRow | undefined {
    assert(now, 'a span of no request')
    const { context, tally } = now
    const plain = tryReadSpanRow(bytes, { resource, scope, context })
    if (typeof plain === 'string') {
      tally.reject(plain)
      return undefined
    }
    const filteredBy = rules?.applySpan(plain)
    if (filteredBy !== undefined) {
      tally.filter(filteredBy)
      return undefined
    }
    const day = dayOf(spansTable, plain)
    blocks.of(spansTable, day).append(plain)
    tally.accept(spansTable.name, day)
    return resource
  }

  const append = createColumnWalk('traces', cursor, {
    beginRequest(context, tally) {
      now = { context, tally }
      items = 0
      rows.begin(context.receivedAtMs).beginRequest(context.receivedAtMs, context.batchId)
    },
    beginScope(next) {
      place = next
      rows.row().beginScope(next.resource, next.scope, next.rules?.spanFilter)
    },
    item(end) {
      assert(place && now, 'a span of no scope')
      if (++items > itemsMax) throw new TooManyItems()
      // Rules that change what spans say work on rows.
      const onRows = place.rules !== undefined && place.rules.spanFilter === undefined
      if (onRows || !rows.tryRead(cursor, end))
        return appendPlainly(cursor.bytes.subarray(cursor.at, end), place)
      const row = rows.row()
      if (row.filteredBy === undefined) {
        now.tally.accept(spansTable.name, row.day)
        return place.resource
      }
      now.tally.filter(row.filteredBy)
      return undefined
    },
  })
  return { append }
}

function tryReadSpanRow(bytes: Uint8Array, place: SpanPlace): ReturnType<typeof readSpanRow> {
  try {
    return readSpanRow(bytes, place)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return `a span cannot be read: ${error.message}`
  }
}
