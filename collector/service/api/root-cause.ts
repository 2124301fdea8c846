import type { Query, Range } from '../query/query.ts'
import type { Cells, RequestCell, SpanCell } from '../query/root-cause/cells.ts'
import {
  type CauseScope,
  referenceCellsQuery,
  referenceRequestsQuery,
  spanCountQuery,
  windowCellsQuery,
  windowRequestsQuery,
} from '../query/root-cause/cells-sql.ts'
import { toKubeCells, toUsageCells } from '../query/root-cause/of-places.ts'
import {
  type KubeNearRow,
  kubeNearQuery,
  type PodPlaceRow,
  type PodUsageRow,
  podPlacesQuery,
  podUsageQuery,
} from '../query/root-cause/places-sql.ts'
import { type Naming, namingOf } from '../query/transaction-naming.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { ApiProblem } from './errors.ts'
import { toHintList } from './hint-list.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import { HintList, HintQuery } from './schema/root-cause.ts'
import { parseRange } from './time.ts'
import { readSettings } from './transaction-rules.ts'

const hourMs = 3_600_000
const rangeMsMax = 24 * hourMs
/** Spans that are looked at of the range, and of its reference; of more, whole traces are left out. */
const spansMax = { range: 100_000, reference: 250_000 }
const minuteMs = 60_000
/** Of a reference of many hours. */
const bucketsMax = 240
/** What happened to objects shortly before may be the cause. */
const kubeLeadMs = 15 * minuteMs

export function registerRootCauseRoutes(
  app: ApiInstance,
  { store, nowMs, transactionSettings }: ApiDeps,
): void {
  app.get(
    '/applications/:application/hints',
    {
      schema: {
        tags: ['applications'],
        params: ApplicationParams,
        querystring: HintQuery,
        response: answers(HintList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { application } = request.params
      const window = parseRange(request.query, nowMs())
      const reference = referenceOf(request.query, window, nowMs())
      requireBounded(window, reference)
      const { service = '', transaction = '' } = request.query
      const naming = namingOf(transaction === '' ? [] : await readSettings(transactionSettings))
      const cells = await cellsOf(ask, { application, service, transaction, naming, window, reference })
      if (cells.spans.length + cells.referenceSpans.length === 0) await requireApplication(ask, application)
      return toHintList(cells, reference)
    },
  )
}

function referenceOf(query: HintQuery, window: Range, nowMs: number): Range {
  const { referenceFrom, referenceTo } = query
  if (referenceFrom === undefined && referenceTo === undefined)
    return { fromMs: window.fromMs - hourMs, toMs: window.fromMs }
  const to = referenceTo ?? String(window.fromMs)
  return parseRange({ from: referenceFrom ?? String(window.fromMs - hourMs), to }, nowMs)
}

function requireBounded(...ranges: readonly Range[]): void {
  if (ranges.some(({ fromMs, toMs }) => toMs - fromMs > rangeMsMax))
    throw new ApiProblem(
      'bad-time',
      'cannot look for causes in a range or reference of more than 24 hours: choose the time in which it was slow or failed',
    )
}

interface Asked {
  readonly application: string
  readonly service: string
  readonly transaction: string
  readonly naming: Naming
  readonly window: Range
  readonly reference: Range
}

async function cellsOf(ask: Ask, asked: Asked) {
  const { application, service, transaction, naming, window, reference } = asked
  const both = {
    fromMs: Math.min(window.fromMs, reference.fromMs),
    toMs: Math.max(window.toMs, reference.toMs),
  }
  const [inWindow, inReference, places] = await Promise.all([
    ask<{ spans: number }>(spanCountQuery({ ...window, application })),
    ask<{ spans: number }>(spanCountQuery({ ...reference, application })),
    ask<PodPlaceRow>(podPlacesQuery({ ...both, application })),
  ])
  const sampled = {
    range: Math.ceil((inWindow[0]?.spans ?? 0) / spansMax.range) || 1,
    reference: Math.ceil((inReference[0]?.spans ?? 0) / spansMax.reference) || 1,
  }
  const bucketMs = Math.max(
    minuteMs,
    Math.ceil((reference.toMs - reference.fromMs) / bucketsMax / minuteMs) * minuteMs,
  )
  const traces = { application, service, transaction, naming }
  const own: CauseScope = { ...window, ...traces, sample: sampled.range }
  const other = {
    ...reference,
    ...traces,
    ...{ sample: sampled.reference, bucketMs },
    windowFromMs: window.fromMs,
    windowToMs: window.toMs,
  }
  const namespaces = [...new Set(places.map((place) => place.namespace))].filter(Boolean)
  const none: Promise<never[]> = Promise.resolve([])
  const inNamespaces = <Row>(query: Query) => (namespaces.length > 0 ? ask<Row>(query) : none)
  const [spans, referenceSpans, requests, referenceRequests, usage, kube] = await Promise.all([
    ask<SpanCell>(windowCellsQuery(own)),
    ask<SpanCell>(referenceCellsQuery(other)),
    ask<RequestCell>(windowRequestsQuery(own)),
    ask<RequestCell>(referenceRequestsQuery(other)),
    inNamespaces<PodUsageRow>(podUsageQuery({ ...both, namespaces, windowFromMs: window.fromMs, bucketMs })),
    inNamespaces<KubeNearRow>(
      kubeNearQuery({ fromMs: window.fromMs - kubeLeadMs, toMs: window.toMs, namespaces }),
    ),
  ])
  const inRange = (range: Range) => (row: { bucket: number }) => {
    const startMs = window.fromMs + row.bucket * bucketMs
    return startMs >= range.fromMs && startMs < range.toMs
  }
  const used = toUsageCells(usage, places)
  const isOwn = inRange(window)
  const cells: Cells = {
    window,
    bucketMs,
    sampled,
    spans,
    referenceSpans,
    requests,
    referenceRequests,
    usage: used.filter(isOwn),
    referenceUsage: used.filter((row) => !isOwn(row) && inRange(reference)(row)),
    kube: toKubeCells(kube, places),
  }
  return cells
}
