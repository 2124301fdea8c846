import type { RequestCell, SpanCell } from '../../../collector/service/query/root-cause/cells.ts'
import type { SimulatedSpan } from './simulate.ts'

/** The cells as the database computes them, by plain code: a check of the SQL, and a way to try many faults without it. */
export function plainCells(
  spans: readonly SimulatedSpan[],
  bucketOf: (startMs: number) => number | undefined,
  detail: 'window' | 'reference',
): { readonly spans: SpanCell[]; readonly requests: RequestCell[] } {
  const children = Map.groupBy(
    spans.filter((span) => span.parentId >= 0 && span.kind !== 'consumer'),
    (span) => `${span.traceId} ${span.parentId}`,
  )
  const cells = new Map<string, { -readonly [Key in keyof SpanCell]: SpanCell[Key] }>()
  const requests = new Map<number, { calls: number; failed: number; totalMs: number }>()
  for (const span of spans) {
    const bucket = bucketOf(span.startMs)
    if (bucket === undefined) continue
    const below = children.get(`${span.traceId} ${span.spanId}`) ?? []
    const cell = cellOf(span, below, bucket, detail)
    const key = JSON.stringify([
      ...[cell.bucket, cell.service, cell.version, cell.pod, cell.operation, cell.kind],
      ...[cell.callee, cell.calleePod, cell.shape],
    ])
    const known = cells.get(key)
    if (known) addTo(known, cell)
    else cells.set(key, cell)
    if (span.parentId >= 0) continue
    const sum = requests.get(bucket) ?? { calls: 0, failed: 0, totalMs: 0 }
    sum.calls++
    sum.failed += span.failed ? 1 : 0
    sum.totalMs += span.durationMs
    requests.set(bucket, sum)
  }
  return {
    spans: [...cells.values()],
    requests: [...requests].map(([bucket, { calls, failed, totalMs }]) => ({
      ...{ bucket, calls, failed, meanMs: totalMs / calls },
    })),
  }
}

function cellOf(
  span: SimulatedSpan,
  below: readonly SimulatedSpan[],
  bucket: number,
  detail: 'window' | 'reference',
): SpanCell {
  const isCall = span.kind === 'client' || span.kind === 'producer'
  const server = below.find((child) => child.kind === 'server')
  const covered =
    isCall && server
      ? below.filter((child) => child.kind === 'server').reduce((sum, child) => sum + child.durationMs, 0)
      : coveredMs(span, below)
  const ownMs = Math.max(0, span.durationMs - covered)
  const names = below.map((child) => `${child.service}/${child.operation}`)
  const shape = [...new Set(names)].sort()
  const counts = shape.map((name) => names.filter((other) => other === name).length)
  const byPod = detail === 'window'
  return {
    ...{ bucket, service: span.service, operation: span.operation, kind: isCall ? 'call' : 'work', shape },
    version: byPod ? span.version : '',
    pod: byPod ? span.pod : '',
    callee: !isCall ? '' : server ? `tier:${server.service}` : span.backend,
    calleePod: byPod && isCall && server ? server.pod : '',
    ...{
      n: 1,
      calls: 1,
      squares: 1,
      sumMs: ownMs,
      sumMs2: ownMs ** 2,
      maxMs: ownMs,
      totalMs: span.durationMs,
    },
    failed: span.failed ? 1 : 0,
    origins: span.failed && !below.some((child) => child.failed) ? 1 : 0,
    childCounts: counts,
    childSquares: counts.map((count) => count ** 2),
  }
}

/** Children that mostly outlast their parent are not waited for. */
function coveredMs(span: SimulatedSpan, below: readonly SimulatedSpan[]): number {
  const endMs = span.startMs + span.durationMs
  const parts = below
    .map((child) => ({ from: child.startMs, to: child.startMs + child.durationMs }))
    .filter(({ from, to }) => to - endMs <= (to - from) / 2 && to > span.startMs && from < endMs)
    .map(({ from, to }) => ({ from: Math.max(from, span.startMs), to: Math.min(to, endMs) }))
    .sort((a, b) => a.from - b.from)
  let reached = span.startMs
  let sum = 0
  for (const { from, to } of parts) {
    sum += Math.max(0, to - Math.max(from, reached))
    reached = Math.max(reached, to)
  }
  return sum
}

function addTo(sum: { -readonly [Key in keyof SpanCell]: SpanCell[Key] }, cell: SpanCell): void {
  sum.n += cell.n
  sum.calls += cell.calls
  sum.squares += cell.squares
  sum.sumMs += cell.sumMs
  sum.sumMs2 += cell.sumMs2
  sum.maxMs = Math.max(sum.maxMs, cell.maxMs)
  sum.totalMs += cell.totalMs
  sum.failed += cell.failed
  sum.origins += cell.origins
  sum.childCounts = sum.childCounts.map((count, at) => count + (cell.childCounts[at] ?? 0))
  sum.childSquares = sum.childSquares.map((square, at) => square + (cell.childSquares[at] ?? 0))
}
