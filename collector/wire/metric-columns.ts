import { metricsTable } from '../record/signal.ts'
import type { ResourceRow } from '../record/span.ts'
import { assert } from '../std/assert.ts'
import { Cursor, declined } from './columns/cursor.ts'
import { createDayColumns } from './columns/day-columns.ts'
import { createDayRows } from './columns/day-rows.ts'
import { eachField } from './columns/each-field.ts'
import { MetricHead } from './columns/metric-head.ts'
import type { OpenBlocks } from './columns/open-blocks.ts'
import { type PointColumns, pointColumns } from './columns/point-columns.ts'
import { PointRow } from './columns/point-row.ts'
import { type DecodeContext, TooManyItems } from './decoded.ts'
import { itemsMax } from './limits.ts'
import { tryReadMetricRows } from './metric-decoder.ts'
import { dayOf } from './row-day.ts'
import type { RequestTally } from './tally.ts'
import { createColumnWalk, type WalkColumns } from './walk-columns.ts'
import type { Place } from './walk-request.ts'

/**
 * ExportMetricsServiceRequests straight into the columns of open blocks of `metrics`, a row a data point. A metric whose
 * first point the hot loop declines, and any that rules look into, is read by the plain decoder and appended as rows; a
 * request in which a later point is declined is left to it whole, for its rows cannot be taken back one by one.
 */
export function createMetricColumns(blocks: OpenBlocks): { readonly append: WalkColumns } {
  const cursor = new Cursor()
  const head = new MetricHead()
  const rows = createDayRows({
    columnsFor: createDayColumns(blocks, metricsTable, pointColumns),
    create: (columns: PointColumns) => new PointRow(columns),
    read: (row, at, end) => row.read(at, end, head),
  })
  let place: Place | undefined
  let now: { readonly context: DecodeContext; readonly tally: RequestTally } | undefined
  let points = 0
  /** Of the metric that is being read. */
  let appended = 0

  const countPoint = () => {
    if (++points > itemsMax) throw new TooManyItems()
  }

  function appendPoint(end: number): void {
    assert(now, 'a point of no request')
    countPoint()
    rows.read(cursor, end)
    appended++
    now.tally.accept(metricsTable.name, rows.row().day)
  }

  /** False: it is left to the plain decoder. */
  function tryAppend(end: number): boolean {
    const start = cursor.at
    const pointsBefore = points
    appended = 0
    try {
      head.read(cursor, end)
      if (head.kind === undefined) return true
      // Points without a name are rejected one by one.
      if (head.name === head.nameEnd) throw declined
      cursor.at = head.data
      eachField(cursor, head.dataEnd, 1, appendPoint)
      return true
    } catch (reason) {
      if (reason !== declined || appended > 0) throw reason
      cursor.at = start
      points = pointsBefore
      return false
    }
  }

  function appendPlainly(bytes: Uint8Array, at: Place): ResourceRow | undefined {
    assert(now, 'a metric of no request')
    const { context, tally } = now
    let kept = false
    for (const outcome of tryReadMetricRows(bytes, at, context)) {
      countPoint()
      if (outcome.type === 'rejected') tally.reject(outcome.message)
      else if (outcome.type === 'filtered') tally.filter(outcome.rule)
      else {
        const day = dayOf(metricsTable, outcome.row)
        blocks.of(metricsTable, day).append(outcome.row)
        tally.accept(metricsTable.name, day)
        kept = true
      }
    }
    return kept ? at.resource : undefined
  }

  const append = createColumnWalk('metrics', cursor, {
    beginRequest(context, tally) {
      now = { context, tally }
      points = 0
      rows.begin(context.receivedAtMs).beginRequest(context)
    },
    beginScope(next) {
      place = next
      rows.row().beginScope(next)
    },
    item(end) {
      assert(place, 'a metric of no scope')
      if (place.rules || !tryAppend(end)) return appendPlainly(cursor.bytes.subarray(cursor.at, end), place)
      return appended > 0 ? place.resource : undefined
    },
  })
  return { append }
}
