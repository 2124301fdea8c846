import type { MetricRow } from '../../../collector/record/signal.ts'
import type { Place } from './decode-request.ts'
import { believed, countedAttributes, idOr0, type KeyValue, readMessage } from './values.ts'

interface Metric {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly data: { readonly case: undefined } | { readonly case: Case; readonly value: Data }
}

type Case = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary'

interface Data {
  readonly dataPoints: readonly Point[]
  readonly aggregationTemporality?: number
  readonly isMonotonic?: boolean
}

/** Of any kind: what a kind has not is absent. */
interface Point {
  readonly startTimeUnixNano: bigint
  readonly timeUnixNano: bigint
  readonly attributes: readonly KeyValue[]
  readonly exemplars?: readonly Exemplar[]
  readonly flags: number
  readonly value?: Value
  readonly count?: bigint
  readonly sum?: number
  readonly min?: number
  readonly max?: number
  readonly bucketCounts?: readonly bigint[]
  readonly explicitBounds?: readonly number[]
  readonly quantileValues?: readonly { readonly quantile: number; readonly value: number }[]
  readonly scale?: number
  readonly zeroCount?: bigint
  readonly zeroThreshold?: number
  readonly positive?: Buckets
  readonly negative?: Buckets
}

type Value =
  | { readonly case: undefined }
  | { readonly case: 'asDouble'; readonly value: number }
  | { readonly case: 'asInt'; readonly value: bigint }

interface Buckets {
  readonly offset: number
  readonly bucketCounts: readonly bigint[]
}

interface Exemplar {
  readonly timeUnixNano: bigint
  readonly value: Value
  readonly spanId: Uint8Array
  readonly traceId: Uint8Array
  readonly filteredAttributes: readonly KeyValue[]
}

const kinds: Readonly<Record<Case, string>> = {
  gauge: 'gauge',
  sum: 'sum',
  histogram: 'histogram',
  exponentialHistogram: 'exponential_histogram',
  summary: 'summary',
}

export function readMetric(bytes: Uint8Array, place: Place): (MetricRow | 'rejected')[] {
  const metric = readMessage<Metric>('Metric', bytes)
  const { data } = metric
  if (data.case === undefined) return []
  return data.value.dataPoints.map((point) =>
    metric.name === '' ? 'rejected' : pointRow(metric, data, point, place),
  )
}

const numberOf = (value: Value | undefined) => (value?.case === undefined ? 0 : Number(value.value))
const ms = (ns: bigint) => Number(ns / 1_000_000n)

function pointRow(
  metric: Metric,
  data: { readonly case: Case; readonly value: Data },
  point: Point,
  { resource, scope, receivedNs, receivedAtMs, batchId }: Place,
): MetricRow {
  const time = ms(believed(point.timeUnixNano, receivedNs))
  const exponential = data.case === 'exponentialHistogram'
  const temporality = data.value.aggregationTemporality ?? 0
  const exemplars = point.exemplars ?? []
  return {
    metric: metric.name,
    time,
    start_time: point.startTimeUnixNano === 0n ? time : ms(believed(point.startTimeUnixNano, receivedNs)),
    kind: kinds[data.case],
    unit: metric.unit,
    description: metric.description,
    temporality: temporality === 1 || temporality === 2 ? temporality : 0,
    monotonic: data.value.isMonotonic ?? false,
    cluster_id: resource.cluster_id,
    namespace: resource.namespace,
    application: resource.application,
    service: resource.service,
    node: resource.node,
    pod: resource.pod,
    container: resource.container,
    attributes: countedAttributes(point.attributes, 0),
    scope_name: scope.name,
    scope_version: scope.version,
    scope_attributes: scope.attributes,
    schema_url: scope.schemaUrl,
    resource_id: resource.resource_id,
    value: numberOf(point.value),
    count: point.count ?? 0n,
    sum: point.sum ?? 0,
    min: point.min ?? 0,
    max: point.max ?? 0,
    bounds: [...(point.explicitBounds ?? point.quantileValues?.map(({ quantile }) => quantile) ?? [])],
    bucket_counts: [...(exponential ? (point.positive?.bucketCounts ?? []) : (point.bucketCounts ?? []))],
    quantile_values: point.quantileValues?.map(({ value }) => value) ?? [],
    exponential: exponential ? exponentialText(point) : '',
    exemplars_time: exemplars.map((one) => believed(one.timeUnixNano, receivedNs)),
    exemplars_value: exemplars.map((one) => numberOf(one.value)),
    exemplars_trace_id: exemplars.map((one) => idOr0(one.traceId, 16)),
    exemplars_span_id: exemplars.map((one) => idOr0(one.spanId, 8)),
    exemplars_attributes: exemplars.map((one) => countedAttributes(one.filteredAttributes, 0)),
    flags: point.flags,
    received_at: receivedAtMs,
    batch_id: batchId,
  }
}

function exponentialText(point: Point): string {
  const buckets = (one: Buckets | undefined) => ({
    offset: one?.offset ?? 0,
    counts: (one?.bucketCounts ?? []).map(String),
  })
  return JSON.stringify({
    scale: point.scale,
    zeroCount: String(point.zeroCount),
    zeroThreshold: point.zeroThreshold,
    positive: buckets(point.positive),
    negative: buckets(point.negative),
  })
}
