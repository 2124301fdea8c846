import {
  type SnapshotFilter,
  type SnapshotRow,
  type SnapshotStepRow,
  snapshotReasons,
} from '../query/snapshots.ts'
import { namingOf } from '../query/transaction-naming.ts'
import { asker } from './ask.ts'
import { ApiProblem } from './errors.ts'
import { parseList } from './list-filter.ts'
import { type ApiInstance, answers, type RouteDeps } from './route-types.ts'
import { type Snapshot, SnapshotList, SnapshotQuery } from './schema/transactions.ts'
import { findSnapshots } from './snapshot-page.ts'
import { chartOf, parseRange, wholeStepMsOf } from './time.ts'
import { readSettings } from './transaction-rules.ts'

export function registerSnapshotRoutes(
  app: ApiInstance,
  { store, transactionSettings, known, nowMs }: RouteDeps,
): void {
  app.get(
    '/snapshots',
    { schema: { tags: ['traces'], querystring: SnapshotQuery, response: answers(SnapshotList) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const naming = namingOf(await readSettings(transactionSettings))
      const asked = { ...snapshotFilter(request.query, nowMs()), naming }
      const { sort = 'newest', limit = 100, before } = request.query
      const cursor = before === undefined ? {} : { before: parseCursor(before, sort) }
      const stepMs = wholeStepMsOf(asked)
      const { rows, steps } = await known.answer(ask, asked, (filter) =>
        findSnapshots(ask, filter, { sort, limit: limit + 1, ...cursor }, stepMs),
      )
      const last = rows[limit - 1]
      const more = sort === 'newest' && rows.length > limit && last
      return {
        snapshots: rows.slice(0, limit).map(toSnapshot),
        next: more ? `${last.startMs}-${last.traceId}-${last.spanId}` : '',
        histogram: histogramOf(steps, asked, stepMs),
        totals: snapshotReasons.map((reason) => {
          const own = steps.filter((step) => step.reason === reason)
          return {
            reason,
            kept: own.reduce((sum, step) => sum + step.kept, 0),
            all: own.reduce((sum, step) => sum + step.all, 0),
          }
        }),
      }
    },
  )
}

function histogramOf(steps: readonly SnapshotStepRow[], range: SnapshotFilter, stepMs: number) {
  const rows = [...Map.groupBy(steps, (step) => step.timeMs)].map(([timeMs, own]) => ({ timeMs, own }))
  return chartOf(
    rows,
    range,
    snapshotReasons.map((reason) => ({
      name: reason,
      unit: '1',
      missing: 0 as const,
      value: ({ own }: (typeof rows)[number]) => own.find((step) => step.reason === reason)?.kept ?? 0,
    })),
    stepMs,
  )
}

function toSnapshot({ baselineCalls, baselineMeanMs, baselineSigmaMs, rule, ...row }: SnapshotRow): Snapshot {
  return {
    ...row,
    baseline: { calls: baselineCalls, meanMs: baselineMeanMs, sigmaMs: baselineSigmaMs, rule },
  }
}

function snapshotFilter(query: SnapshotQuery, nowMs: number): Omit<SnapshotFilter, 'naming'> {
  const { minMs = 0, maxMs = 0, transaction = [] } = query
  if (maxMs > 0 && minMs > maxMs)
    throw new ApiProblem(
      'bad-parameter',
      `cannot use minMs=${minMs} with maxMs=${maxMs}: no duration is both`,
    )
  return {
    ...parseRange(query, nowMs),
    application: query.application ?? '',
    service: parseList('service', query.service),
    transaction: { in: typeof transaction === 'string' ? [transaction] : transaction, out: [] },
    reason: parseReasons(query.reason),
    version: parseList('version', query.version),
    pod: parseList('pod', query.pod),
    namespace: parseList('namespace', query.namespace),
    exceptionType: parseList('exceptionType', query.exceptionType),
    minMs,
    maxMs,
    text: query.q ?? '',
  }
}

function parseReasons(text: string | undefined) {
  const list = parseList('reason', text)
  const known: readonly string[] = snapshotReasons
  const unknown = [...list.in, ...list.out].find((reason) => !known.includes(reason))
  if (unknown === undefined) return list
  throw new ApiProblem(
    'bad-parameter',
    `cannot use reason=${unknown.slice(0, 40)}: it is none of ${known.join(', ')}`,
  )
}

function parseCursor(text: string, sort: string) {
  const [, startMs, traceId = '', spanId = ''] = /^(\d{1,13})-([0-9a-f]{32})-([0-9a-f]{16})$/.exec(text) ?? []
  if (startMs === undefined || sort !== 'newest')
    throw new ApiProblem(
      'bad-parameter',
      `cannot use before=${text.slice(0, 80)}: it is to be next of a page of the newest`,
    )
  return { startMs: Number(startMs), traceId, spanId }
}
