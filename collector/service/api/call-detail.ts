import type { Range } from '../query/query.ts'
import {
  type CallFiguresRow,
  type CallRows,
  callFiguresQuery,
  type SlowCallRow,
  sinceQuery,
  slowestCallsQuery,
  slowestMax,
  slowestRowsMax,
} from '../query/red-rows.ts'
import type { Ask } from './ask.ts'
import { perMinute, toRed } from './red.ts'
import type { CallDetail } from './schema/calls.ts'
import { chartOf, wholeStepMsOf } from './time.ts'

/** Everything about the calls of one kind; `narrow`: SQL text that picks them, by parameters of the scope. */
export async function callDetail(
  ask: Ask,
  rows: CallRows,
  { scope, narrow }: { scope: Range; narrow: string },
): Promise<CallDetail> {
  const stepMs = wholeStepMsOf(scope)
  const [figures, [since]] = await Promise.all([
    ask<CallFiguresRow>(callFiguresQuery(rows, { ...scope, stepMs }, narrow)),
    ask<{ sinceMs: number }>(sinceQuery(rows, { ...scope }, narrow)),
  ])
  const minutes = (scope.toMs - scope.fromMs) / 60_000
  const whole = figures.find((row) => row.level === 'whole')
  const found = slowestOf(whole)
  // Some traces have so many slow calls that others find no room.
  const hasMore = found.length < slowestMax && whole?.slowest.length === slowestRowsMax
  return {
    red: toRed(whole, minutes),
    charts: redCharts(
      figures.filter((row) => row.level === 'step'),
      scope,
      stepMs,
    ),
    parts: toParts(figures, minutes),
    consumers: [],
    slowest: hasMore ? await ask<SlowCallRow>(slowestCallsQuery(rows, { ...scope, stepMs }, narrow)) : found,
    sinceMs: since?.sinceMs ?? null,
  }
}

/** One of each trace. */
const slowestOf = (whole: CallFiguresRow | undefined): SlowCallRow[] =>
  [...Map.groupBy(whole?.slowest ?? [], ([traceId]) => traceId).values()]
    .flatMap(([first]) => (first ? [first] : []))
    .slice(0, slowestMax)
    .map(([traceId, atMs, durationMs, service, version]) => ({ traceId, atMs, durationMs, service, version }))

const partsMax = 200

export const toParts = (rows: readonly CallFiguresRow[], minutes: number): CallDetail['parts'] =>
  rows
    .filter((row) => row.level === 'part')
    .slice(0, partsMax)
    .map((row) => ({ service: row.service, version: row.version, red: toRed(row, minutes) }))

function redCharts(steps: readonly CallFiguresRow[], scope: Range, stepMs: number): CallDetail['charts'] {
  const duration = (name: 'p50' | 'p95' | 'p99') => ({
    name,
    unit: 'ms',
    missing: null,
    value: (row: CallFiguresRow) => row[`${name}Ms`],
  })
  const rate = (name: 'calls' | 'errors') => ({
    name,
    unit: '1/min',
    missing: 0 as const,
    value: (row: CallFiguresRow, inMinutes: number) => perMinute(row[name], inMinutes),
  })
  return {
    load: chartOf(steps, scope, [rate('calls')], stepMs),
    responseTime: chartOf(steps, scope, [duration('p50'), duration('p95'), duration('p99')], stepMs),
    errors: chartOf(steps, scope, [rate('errors')], stepMs),
  }
}

/** A rate over the range, in whole minutes at least. */
export function minuteSpark(
  steps: readonly { readonly timeMs: number; readonly value: number }[],
  scope: Range,
): (number | null)[] {
  const value = (row: { value: number }, minutes: number) => perMinute(row.value, minutes)
  const series = [{ name: 'value', unit: '1/min', missing: 0 as const, value }]
  return chartOf(steps, scope, series, wholeStepMsOf(scope)).series[0]?.points ?? []
}
