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
import { narrow } from '../query/root-cause/narrow.ts'
import { toKubeCells, toUsageCells } from '../query/root-cause/of-places.ts'
import {
  type KubeNearRow,
  kubeNearQuery,
  type PodPlaceRow,
  type PodUsageRow,
  podPlacesQuery,
  podUsageQuery,
} from '../query/root-cause/places-sql.ts'
import { type Cause, type Change, rankCauses } from '../query/root-cause/rank.ts'
import {
  describeBlame,
  describeCause,
  describeChange,
  describeKube,
  describeUsage,
} from '../query/root-cause/sentences.ts'
import { nameOfParty } from '../query/root-cause/texts.ts'
import { defaultNaming } from '../query/transaction-naming.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { ApiProblem } from './errors.ts'
import { describeNode } from './flow-map.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import { type Hint, type HintEvidence, HintList, HintQuery } from './schema/root-cause.ts'
import { parseRange } from './time.ts'

const hourMs = 3_600_000
const rangeMsMax = 24 * hourMs
/** Spans that are looked at of the range, and of its reference; of more, whole traces are left out. */
const spansMax = { range: 100_000, reference: 250_000 }
const minuteMs = 60_000
/** Of a reference of many hours. */
const bucketsMax = 240
/** What happened to objects shortly before may be the cause. */
const kubeLeadMs = 15 * minuteMs
const hintsMax = 10
/** Of the first hint's score: less is not worth a line. */
const scoreShareMin = 0.01
const evidenceMax = 8

export function registerRootCauseRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
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
      const cells = await cellsOf(ask, { application, service, transaction, window, reference })
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
  readonly window: Range
  readonly reference: Range
}

async function cellsOf(ask: Ask, asked: Asked) {
  const { application, service, transaction, window, reference } = asked
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
  const traces = { application, service, transaction, naming: defaultNaming }
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

function toHintList(cells: Cells, reference: Range): HintList {
  const { change, causes } = rankCauses(cells)
  const { window: range, sampled } = cells
  const versionOf = new Map(cells.spans.map((cell) => [cell.pod, cell.version]))
  return {
    range,
    reference,
    sampled,
    change: { ...change, text: describeChange(change) },
    hints: causes
      .filter((cause) => cause.score >= scoreShareMin * (causes[0]?.score ?? 0))
      .slice(0, hintsMax)
      .map((cause, index) => toHint(cause, { rank: index + 1, change, versionOf, fromMs: range.fromMs })),
  }
}

function toHint(
  cause: Cause,
  of: { rank: number; change: Change; versionOf: ReadonlyMap<string, string>; fromMs: number },
): Hint {
  const where = narrow(cause.blames, of.versionOf)
  const { id, type } = describeNode(cause.party)
  const { score, addedMs, addedErrors, changedWay } = cause
  return {
    rank: of.rank,
    node: id,
    type: type === 'client' ? 'external' : type,
    name: nameOfParty(cause.party),
    text: describeCause(cause, of.change, where),
    ...{ score, addedMs, addedErrors, changedWay },
    where: where ? { ...where, names: [...where.names] } : null,
    evidence: evidenceOf(cause, of.fromMs),
  }
}

const noEvidence = {
  ...{ service: '', operation: '', callee: '', pod: '', now: null, usual: null, n: 0 },
  ...{ sigma: null, impact: null, timeMs: null },
}

function evidenceOf(cause: Cause, fromMs: number): HintEvidence[] {
  return [
    ...cause.kube.map(
      (one): HintEvidence => ({
        ...noEvidence,
        ...{ type: 'event', text: describeKube(one, fromMs), service: one.service, pod: one.pod },
        ...{ n: one.times, timeMs: one.timeMs },
      }),
    ),
    ...cause.usage.map(
      ({ service, pod, resource, comparison: { now, usual, n, sigma }, ...rest }): HintEvidence => ({
        ...noEvidence,
        ...{ type: resource, service, pod, now, usual, n, sigma },
        text: describeUsage({
          service,
          pod,
          resource,
          comparison: { now, usual, n, sigma, buckets: 0, surely: 0 },
          ...rest,
        }),
      }),
    ),
    ...cause.blames.map((blame): HintEvidence => {
      const { type, service, operation, callee, comparison } = blame.symptom
      return {
        ...noEvidence,
        ...{ type, text: describeBlame(blame), service, operation },
        callee: callee === '' ? '' : describeNode(callee).id,
        ...{ now: comparison.now, usual: comparison.usual, n: comparison.n, sigma: comparison.sigma },
        impact: blame.impact,
      }
    }),
  ].slice(0, evidenceMax)
}
