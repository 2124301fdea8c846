import {
  type FoundTrace,
  foundTrace,
  type ResourceAttributesRow,
  type SpansOfTrace,
  type TraceKey,
  type TraceLogRow,
  type TraceMinuteRow,
  type TraceSpanRow,
  traceLogsQuery,
  traceMinutesQuery,
  traceResourcesQuery,
  traceSpansQuery,
} from '../query/trace-detail.ts'
import {
  foundTracesQuery,
  type MatchesRow,
  matchesQuery,
  type TraceFilter,
  type TraceListRow,
} from '../query/traces.ts'
import { namingOf } from '../query/transaction-naming.ts'
import { type Ask, asker } from './ask.ts'
import { ApiProblem } from './errors.ts'
import type { KnownSpans } from './known.ts'
import { parseList, parsePairs } from './list-filter.ts'
import { type ApiDeps, type ApiInstance, answers, type RouteDeps, TraceParams } from './route-types.ts'
import { type SpanRow, TraceDetail, TraceList } from './schema/applications.ts'
import { TraceDetailQuery, TraceQuery } from './schema/routes.ts'
import { chartOf, parseRange, stepMsOf } from './time.ts'
import { readSettings } from './transaction-rules.ts'

const spansMax = 10_000
const logsMax = 1_000
const aroundMarginMs = 3_600_000

export function registerTraceRoutes(
  app: ApiInstance,
  { store, transactionSettings, known, nowMs }: RouteDeps,
): void {
  app.get(
    '/traces',
    { schema: { tags: ['traces'], querystring: TraceQuery, response: answers(TraceList) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const filter = {
        ...traceFilter(request.query, nowMs()),
        ...(await transactionFilter(request.query, transactionSettings)),
      }
      const { sort = 'newest', limit = 100 } = request.query
      const page = { sort, limit: limit + 1 }
      const matches = await ask<MatchesRow>(matchesQuery(filter, page, stepMsOf(filter)))
      const found = matches.find((row) => row.whole)?.found ?? []
      const traces = found.length === 0 ? [] : await ask<TraceListRow>(foundTracesQuery(found, page))
      return {
        traces: traces.slice(0, limit).map((trace) => ({
          ...trace,
          services: [...trace.services],
          versions: [...trace.versions],
        })),
        more: traces.length > limit,
        histogram: chartOf(
          matches.filter((row) => !row.whole),
          filter,
          [
            { name: 'ok', unit: '1', missing: 0, value: (row) => row.ok },
            { name: 'error', unit: '1', missing: 0, value: (row) => row.error },
          ],
        ),
      }
    },
  )
  app.get(
    '/traces/:traceId',
    {
      schema: {
        tags: ['traces'],
        params: TraceParams,
        querystring: TraceDetailQuery,
        response: answers(TraceDetail),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const key = traceKey(request.params.traceId, request.query.aroundMs)
      const spansOf = (of: SpansOfTrace) => ask<TraceSpanRow>(traceSpansQuery(of, spansMax + 1))
      // Mostly its spans are where the index says: asked for at once, and again only where some are newer than that.
      const [indexed, { again, ...context }] = await Promise.all([
        spansOf({ key, hours: 'indexed' }),
        findTrace({ ask, known }, key).then(async (found) => {
          const [again, resources, logs] = await Promise.all([
            found.isIndexed ? undefined : spansOf(found),
            ask<ResourceAttributesRow>(traceResourcesQuery(found)),
            ask<TraceLogRow>(traceLogsQuery(found, logsMax)),
          ])
          return { again, resources, logs }
        }),
      ])
      const spans = again ?? indexed
      if (spans.length === 0) throw unknownTrace(key)
      return toTraceDetail(key.traceId, spans, context)
    },
  )
}

export function traceKey(id: string, aroundMs: number | undefined): TraceKey {
  const traceId = id.toLowerCase()
  if (aroundMs === undefined) return { traceId }
  return {
    traceId,
    fromMs: Math.max(0, Math.round(aroundMs - aroundMarginMs)),
    toMs: Math.round(aroundMs + aroundMarginMs),
  }
}

/** Where the spans of a trace are; a trace that is not stored is a problem. */
export async function findTrace(
  { ask, known }: { readonly ask: Ask; readonly known: KnownSpans },
  key: TraceKey,
): Promise<FoundTrace> {
  const receivedUntilMs = await known.receivedUntilMs(ask)
  const found = foundTrace(key, await ask<TraceMinuteRow>(traceMinutesQuery(key, receivedUntilMs)))
  if (!found) throw unknownTrace(key)
  return found
}

function traceFilter(query: TraceQuery, nowMs: number): TraceFilter {
  const { minMs = 0, maxMs = 0 } = query
  if (maxMs > 0 && minMs > maxMs) {
    throw new ApiProblem(
      'bad-parameter',
      `cannot use minMs=${minMs} with maxMs=${maxMs}: no duration is both`,
    )
  }
  return {
    ...parseRange(query, nowMs),
    application: parseList('application', query.application),
    service: parseList('service', query.service),
    operation: parseList('operation', query.operation),
    version: parseList('version', query.version),
    pod: parseList('pod', query.pod),
    namespace: parseList('namespace', query.namespace),
    ...Object.fromEntries(
      (['peer', 'destination', 'route', 'method'] as const)
        .filter((name) => query[name])
        .map((name) => [name, parseList(name, query[name])]),
    ),
    ...(query.statement ? { statement: query.statement } : {}),
    ...(query.exception ? { exception: query.exception } : {}),
    status: query.status ?? '',
    minMs,
    maxMs,
    attributes: parsePairs('attributes', query.attributes),
  }
}

async function transactionFilter(
  { application, transaction, entry = '' }: TraceQuery,
  settings: ApiDeps['transactionSettings'],
): Promise<Pick<TraceFilter, 'transaction'>> {
  if (transaction === undefined) return {}
  const [one, ...more] = parseList('application', application).in
  if (one === undefined || more.length > 0)
    throw new ApiProblem(
      'bad-parameter',
      `cannot look for the transaction ${transaction.slice(0, 80)}: names are those of one application; give application`,
    )
  const naming = namingOf(await readSettings(settings))
  return { transaction: { application: one, entry, transaction, naming } }
}

function unknownTrace({ traceId, fromMs }: TraceKey): ApiProblem {
  const advice =
    fromMs !== undefined
      ? 'none of its spans lies within an hour of aroundMs; leave aroundMs out to search all days'
      : 'its spans have not arrived yet, were not sampled, or are older than the retention'
  return new ApiProblem('unknown-trace', `cannot find the trace ${traceId}: ${advice}`)
}

function toTraceDetail(
  traceId: string,
  rows: readonly TraceSpanRow[],
  context: { readonly resources: readonly ResourceAttributesRow[]; readonly logs: TraceLogRow[] },
): TraceDetail {
  const spans = rows.slice(0, spansMax).map(toSpanRow)
  const ids = new Set(spans.map((span) => span.spanId))
  const startMs = Math.min(...spans.map((span) => span.startMs))
  const endMs = Math.max(...spans.map((span) => span.startMs + span.durationMs))
  return {
    traceId,
    startMs,
    // Start times have a resolution of about 0.2 µs as Unix ms in a double.
    durationMs: Math.round((endMs - startMs) * 1_000) / 1_000,
    spans,
    truncated: rows.length > spansMax,
    resources: Object.fromEntries(context.resources.map((row) => [row.resourceId, row.attributes])),
    logs: context.logs,
    orphans: spans.filter((span) => span.parentSpanId !== '' && !ids.has(span.parentSpanId)).length,
  }
}

function toSpanRow({ events, links, ...span }: TraceSpanRow): SpanRow {
  return {
    ...span,
    events: events.map(([timeMs, name, attributes]) => ({ timeMs, name, attributes })),
    links: links.map(([traceId, spanId]) => ({ traceId, spanId })),
  }
}
