import type { MetricRow } from '../record/signal.ts'
import type { ResourceRow } from '../record/span.ts'
import { keepDropped, readKeyValue } from './any-value.ts'
import { collectRows, type DecodeContext, type DecodeResult, TooManyItems } from './decoded.ts'
import { type Exemplar, readExemplar } from './exemplar.ts'
import { exemplarsMax, itemsMax, listMax } from './limits.ts'
import { doubleList, fixed64List, varintList, zigzag } from './number-lists.ts'
import { type ProtoReader, readProto, WireError } from './proto-reader.ts'
import { clampTime, toMs } from './times.ts'
import { type Place, type Scope, type WalkRequest, walkRequest } from './walk-request.ts'

/** What becomes of one data point. */
export type PointOutcome =
  | { readonly type: 'kept'; readonly row: MetricRow }
  | { readonly type: 'rejected'; readonly message: string }
  | { readonly type: 'filtered'; readonly rule: string }

/** An ExportMetricsServiceRequest as rows of `metrics`, one a data point. */
export function decodeMetrics(request: WalkRequest, context: DecodeContext): DecodeResult<MetricRow> {
  const collector = collectRows<MetricRow>()
  const message = walkRequest(request, context, {
    onDamaged: (message) => collector.reject(damaged(message)),
    onItem(bytes, place) {
      for (const outcome of readMetricRows(bytes, place, context)) {
        if (outcome.type === 'kept') collector.accept(outcome.row, place.resource)
        else if (outcome.type === 'rejected') collector.reject(outcome.message)
        else collector.filter(outcome.rule)
      }
    },
  })
  return message === undefined ? collector.done() : { type: 'invalid', message }
}

/** The metric alone, for a decoder that left it to this one; damage is an outcome. */
export function tryReadMetricRows(bytes: Uint8Array, place: Place, context: DecodeContext): PointOutcome[] {
  try {
    return readMetricRows(bytes, place, context)
  } catch (error) {
    if (!(error instanceof WireError) || error instanceof TooManyItems) throw error
    return [{ type: 'rejected', message: damaged(error.message) }]
  }
}

const damaged = (message: string) => `a metric cannot be read: ${message}`

function readMetricRows(bytes: Uint8Array, place: Place, context: DecodeContext): PointOutcome[] {
  const { resource, scope, rules } = place
  const metric = readMetric(bytes)
  return metric.points.map((point) => {
    if (metric.name === '') return { type: 'rejected', message: 'a metric has no name' }
    const row = metricRow(metric, point, { resource, scope, context })
    const rule = rules?.applyMetric(row)
    return rule === undefined ? { type: 'kept', row } : { type: 'filtered', rule }
  })
}

export type Kind = 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary'

const kinds: Readonly<Record<number, Kind>> = {
  5: 'gauge',
  7: 'sum',
  9: 'histogram',
  10: 'exponential_histogram',
  11: 'summary',
}

/** The others have no aggregation temporality. */
const temporalKinds: ReadonlySet<Kind> = new Set(['sum', 'histogram', 'exponential_histogram'])

interface Metric {
  name: string
  description: string
  unit: string
  kind: Kind
  temporality: number
  monotonic: boolean
  points: Point[]
}

interface Point {
  attributes: Map<string, string>
  /** Beyond what we take. */
  surplusAttributes: number
  exemplars: Exemplar[]
  startNs: bigint
  timeNs: bigint
  value: number
  count: bigint
  sum: number
  min: number
  max: number
  bounds: number[]
  bucketCounts: bigint[]
  quantileValues: number[]
  exponential: string
  flags: number
}

function readMetric(bytes: Uint8Array): Metric {
  const metric: Metric = {
    name: '',
    description: '',
    unit: '',
    kind: 'gauge',
    temporality: 0,
    monotonic: false,
    points: [],
  }
  const reader = readProto(bytes)
  while (reader.next()) {
    const kind = kinds[reader.field()]
    if (reader.field() === 1) metric.name = reader.text()
    else if (reader.field() === 2) metric.description = reader.text()
    else if (reader.field() === 3) metric.unit = reader.text()
    else if (kind) readData(reader.bytes(), kind, metric)
  }
  return metric
}

function readData(bytes: Uint8Array, kind: Kind, metric: Metric): void {
  // `data` is a oneof: another kind replaces what was read, the same kind adds to it.
  if (metric.kind !== kind) Object.assign(metric, { kind, points: [], temporality: 0, monotonic: false })
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() === 1) {
      if (metric.points.length >= itemsMax) throw new TooManyItems()
      metric.points.push(readPoint[kind](reader.bytes()))
    } else if (reader.field() === 2 && temporalKinds.has(kind)) metric.temporality = reader.uint32()
    else if (reader.field() === 3 && kind === 'sum') metric.monotonic = reader.varint() !== 0n
  }
}

function emptyPoint(): Point {
  return {
    attributes: new Map(),
    surplusAttributes: 0,
    exemplars: [],
    startNs: 0n,
    timeNs: 0n,
    value: 0,
    count: 0n,
    sum: 0,
    min: 0,
    max: 0,
    bounds: [],
    bucketCounts: [],
    quantileValues: [],
    exponential: '',
    flags: 0,
  }
}

/** Data point messages number their fields each in their own way. */
const readPoint: Readonly<Record<Kind, (bytes: Uint8Array) => Point>> = {
  gauge: readNumberPoint,
  sum: readNumberPoint,
  histogram: readHistogramPoint,
  exponential_histogram: readExponentialPoint,
  summary: readSummaryPoint,
}

function readPointWith(bytes: Uint8Array, take: (reader: ProtoReader, point: Point) => void): Point {
  const point = emptyPoint()
  const reader = readProto(bytes)
  while (reader.next()) take(reader, point)
  keepDropped(point.attributes, point.surplusAttributes)
  return point
}

function takeAttribute(reader: ProtoReader, point: Point): void {
  if (!readKeyValue(reader.bytes(), point.attributes)) point.surplusAttributes++
}

function takeExemplar(reader: ProtoReader, point: Point): void {
  if (point.exemplars.length >= exemplarsMax)
    throw new WireError(`a data point has more than ${exemplarsMax} exemplars`)
  point.exemplars.push(readExemplar(reader.bytes()))
}

function readNumberPoint(bytes: Uint8Array): Point {
  return readPointWith(bytes, (reader, point) => {
    if (reader.field() === 2) point.startNs = reader.fixed64()
    else if (reader.field() === 3) point.timeNs = reader.fixed64()
    else if (reader.field() === 4) point.value = reader.double()
    else if (reader.field() === 5) takeExemplar(reader, point)
    else if (reader.field() === 6) point.value = Number(BigInt.asIntN(64, reader.fixed64()))
    else if (reader.field() === 7) takeAttribute(reader, point)
    else if (reader.field() === 8) point.flags = reader.uint32()
  })
}

function readHistogramPoint(bytes: Uint8Array): Point {
  return readPointWith(bytes, (reader, point) => {
    if (reader.field() === 2) point.startNs = reader.fixed64()
    else if (reader.field() === 3) point.timeNs = reader.fixed64()
    else if (reader.field() === 4) point.count = reader.fixed64()
    else if (reader.field() === 5) point.sum = reader.double()
    else if (reader.field() === 6) fixed64List(reader, point.bucketCounts)
    else if (reader.field() === 7) doubleList(reader, point.bounds)
    else if (reader.field() === 8) takeExemplar(reader, point)
    else if (reader.field() === 9) takeAttribute(reader, point)
    else if (reader.field() === 10) point.flags = reader.uint32()
    else if (reader.field() === 11) point.min = reader.double()
    else if (reader.field() === 12) point.max = reader.double()
  })
}

function readExponentialPoint(bytes: Uint8Array): Point {
  const shape = {
    scale: 0,
    zeroCount: '0',
    zeroThreshold: 0,
    positive: emptyBuckets(),
    negative: emptyBuckets(),
  }
  const point = readPointWith(bytes, (reader, into) => {
    if (reader.field() === 1) takeAttribute(reader, into)
    else if (reader.field() === 2) into.startNs = reader.fixed64()
    else if (reader.field() === 3) into.timeNs = reader.fixed64()
    else if (reader.field() === 4) into.count = reader.fixed64()
    else if (reader.field() === 5) into.sum = reader.double()
    else if (reader.field() === 6) shape.scale = zigzag(reader.varint())
    else if (reader.field() === 7) shape.zeroCount = String(reader.fixed64())
    else if (reader.field() === 8) readBuckets(reader.bytes(), shape.positive)
    else if (reader.field() === 9) readBuckets(reader.bytes(), shape.negative)
    else if (reader.field() === 10) into.flags = reader.uint32()
    else if (reader.field() === 11) takeExemplar(reader, into)
    else if (reader.field() === 12) into.min = reader.double()
    else if (reader.field() === 13) into.max = reader.double()
    else if (reader.field() === 14) shape.zeroThreshold = reader.double()
  })
  point.bucketCounts = shape.positive.counts
  point.exponential = JSON.stringify(shape, (_key, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return point
}

interface Buckets {
  offset: number
  counts: bigint[]
}
const emptyBuckets = (): Buckets => ({ offset: 0, counts: [] })

function readBuckets(bytes: Uint8Array, buckets: Buckets): void {
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() === 1) buckets.offset = zigzag(reader.varint())
    else if (reader.field() === 2) varintList(reader, buckets.counts)
  }
}

function readSummaryPoint(bytes: Uint8Array): Point {
  return readPointWith(bytes, (reader, point) => {
    if (reader.field() === 2) point.startNs = reader.fixed64()
    else if (reader.field() === 3) point.timeNs = reader.fixed64()
    else if (reader.field() === 4) point.count = reader.fixed64()
    else if (reader.field() === 5) point.sum = reader.double()
    else if (reader.field() === 6) readQuantile(reader.bytes(), point)
    else if (reader.field() === 7) takeAttribute(reader, point)
    else if (reader.field() === 8) point.flags = reader.uint32()
  })
}

function readQuantile(bytes: Uint8Array, point: Point): void {
  const reader = readProto(bytes)
  let quantile = 0
  let value = 0
  while (reader.next()) {
    if (reader.field() === 1) quantile = reader.double()
    else if (reader.field() === 2) value = reader.double()
  }
  if (point.bounds.length >= listMax) throw new WireError(`a summary has more than ${listMax} quantiles`)
  point.bounds.push(quantile)
  point.quantileValues.push(value)
}

interface PointPlace {
  readonly resource: ResourceRow
  readonly scope: Scope
  readonly context: DecodeContext
}

function metricRow(metric: Metric, point: Point, { resource, scope, context }: PointPlace): MetricRow {
  const time = toMs(clampTime(point.timeNs, context.receivedAtMs).ns)
  return {
    metric: metric.name,
    time,
    start_time: point.startNs === 0n ? time : toMs(clampTime(point.startNs, context.receivedAtMs).ns),
    kind: metric.kind,
    unit: metric.unit,
    description: metric.description,
    temporality: metric.temporality <= 2 ? metric.temporality : 0,
    monotonic: metric.monotonic,
    cluster_id: resource.cluster_id,
    namespace: resource.namespace,
    application: resource.application,
    service: resource.service,
    node: resource.node,
    pod: resource.pod,
    container: resource.container,
    attributes: point.attributes,
    scope_name: scope.name,
    scope_version: scope.version,
    scope_attributes: scope.attributes,
    schema_url: scope.schemaUrl,
    resource_id: resource.resource_id,
    value: point.value,
    count: point.count,
    sum: point.sum,
    min: point.min,
    max: point.max,
    bounds: point.bounds,
    bucket_counts: point.bucketCounts,
    quantile_values: point.quantileValues,
    exponential: point.exponential,
    exemplars_time: point.exemplars.map(({ timeNs }) => clampTime(timeNs, context.receivedAtMs).ns),
    exemplars_value: point.exemplars.map(({ value }) => value),
    exemplars_trace_id: point.exemplars.map(({ traceId }) => traceId),
    exemplars_span_id: point.exemplars.map(({ spanId }) => spanId),
    exemplars_attributes: point.exemplars.map((exemplar) => exemplar.attributes),
    flags: point.flags,
    received_at: context.receivedAtMs,
    batch_id: context.batchId,
  }
}
