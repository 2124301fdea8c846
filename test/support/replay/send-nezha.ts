import { encodeUsage } from '../../../collector/wire/encode-records.ts'
import type { NezhaRow } from './nezha.ts'
import {
  nezhaClusterResource,
  nezhaTraceFiles,
  readNezhaRows,
  readNezhaUsage,
  toNezhaSpans,
} from './nezha.ts'
import type { Product } from './product.ts'

const dayMs = 86_400_000
const usagePointsOfRequest = 1_000

/** What was recorded in 2022 is sent as of the latest such time of day, or retention would take it. */
export function nezhaShiftMs(nowMs: number): number {
  const endMs = Date.UTC(2022, 7, 22, 8)
  return Math.floor((nowMs - endMs) / dayMs) * dayMs
}

/** All traces and the use of the pods through the OTLP intake; `onRow` sees each span once, as the files have it. */
export async function sendNezha(
  product: Product,
  {
    folder,
    shiftMs,
    onRow = () => {},
  }: { folder: string; shiftMs: number; onRow?: (row: NezhaRow, parent: NezhaRow | undefined) => void },
): Promise<void> {
  const seen = new Set<string>()
  for (const file of nezhaTraceFiles(folder)) {
    const rows = readNezhaRows(file)
    const byId = new Map(rows.map((row) => [row.spanId, row]))
    for (const row of rows) {
      // Spans at the border of two minutes are in both files.
      if (seen.has(row.spanId)) continue
      seen.add(row.spanId)
      onRow(row, byId.get(row.parentId))
    }
    await product.sendSpans(toNezhaSpans(rows, shiftMs))
  }
  const points = readNezhaUsage(folder, shiftMs)
  for (let at = 0; at < points.length; at += usagePointsOfRequest) {
    const some = points.slice(at, at + usagePointsOfRequest)
    await product.send('metrics', encodeUsage({ resource: nezhaClusterResource, points: some }))
  }
}
