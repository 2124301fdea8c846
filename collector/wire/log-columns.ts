import { kubeChangesTable, kubeCrashesTable, kubeEventsTable, kubeObjectsTable } from '../record/kube.ts'
import { logsTable } from '../record/signal.ts'
import type { ResourceRow } from '../record/span.ts'
import type { AnyTable } from '../record/table.ts'
import { assert } from '../std/assert.ts'
import { Cursor } from './columns/cursor.ts'
import { createDayColumns } from './columns/day-columns.ts'
import { createDayRows } from './columns/day-rows.ts'
import { type LogColumns, logColumns } from './columns/log-columns.ts'
import { LogRow } from './columns/log-row.ts'
import type { OpenBlocks } from './columns/open-blocks.ts'
import { type DecodeContext, TooManyItems } from './decoded.ts'
import { itemsMax } from './limits.ts'
import { type LogItem, tryReadLogItem } from './log-decoder.ts'
import { dayOf } from './row-day.ts'
import type { RequestTally } from './tally.ts'
import { createColumnWalk, type WalkColumns } from './walk-columns.ts'
import type { Place } from './walk-request.ts'

export const logTables: Readonly<Record<LogItem['type'], AnyTable>> = {
  log: logsTable,
  object: kubeObjectsTable,
  change: kubeChangesTable,
  event: kubeEventsTable,
  crash: kubeCrashesTable,
}

/**
 * ExportLogsServiceRequests straight into the columns of open blocks of `logs`. A record that the hot loop declines, a
 * Kubernetes record of ours, and any that rules look into is read by the plain decoder and appended as a row.
 */
export function createLogColumns(blocks: OpenBlocks): { readonly append: WalkColumns } {
  const cursor = new Cursor()
  const rows = createDayRows({
    columnsFor: createDayColumns(blocks, logsTable, logColumns),
    create: (columns: LogColumns) => new LogRow(columns),
    read: (row, at, end) => row.read(at, end),
  })
  let place: Place | undefined
  let now: { readonly context: DecodeContext; readonly tally: RequestTally } | undefined
  let items = 0

  function appendPlainly(bytes: Uint8Array, at: Place): ResourceRow | undefined {
    assert(now, 'a record of no request')
    const { context, tally } = now
    const outcome = tryReadLogItem(bytes, at, context)
    if (outcome.type === 'rejected') tally.reject(outcome.message)
    else if (outcome.type === 'filtered') tally.filter(outcome.rule)
    else {
      const table = logTables[outcome.item.type]
      const day = dayOf(table, outcome.item.row)
      blocks.of(table, day).append(outcome.item.row)
      tally.accept(table.name, day)
      return outcome.resource
    }
    return undefined
  }

  const append = createColumnWalk('logs', cursor, {
    beginRequest(context, tally) {
      now = { context, tally }
      items = 0
      rows.begin(context.receivedAtMs).beginRequest(context)
    },
    beginScope(next) {
      place = next
      rows.row().beginScope(next)
    },
    item(end) {
      assert(place && now, 'a record of no scope')
      if (++items > itemsMax) throw new TooManyItems()
      if (place.rules || !rows.tryRead(cursor, end))
        return appendPlainly(cursor.bytes.subarray(cursor.at, end), place)
      now.tally.accept(logsTable.name, rows.row().day)
      return place.resource
    },
  })
  return { append }
}
