import {
  array,
  bool,
  defineTable,
  fixed,
  float64,
  type RowOf,
  string,
  timeMs,
  timeNs,
  uint8,
  uint32,
  uint64,
  word,
  words,
} from './table.ts'

/** Log records that are not Kubernetes records of ours (those go to the k8s_* tables). */
export const logsTable = defineTable('logs', 'time', {
  time: timeNs,
  observed_time: timeNs,
  cluster_id: word,
  namespace: word,
  application: word,
  service: word,
  pod: word,
  event_name: word,
  severity_number: uint8,
  severity_text: word,
  body: string,
  trace_id: fixed(16),
  span_id: fixed(8),
  flags: uint32,
  attributes: words,
  scope_name: word,
  scope_version: word,
  scope_attributes: words,
  /** Of the scope, else of the resource. */
  schema_url: word,
  resource_id: uint64,
  received_at: timeMs,
  batch_id: word,
})
export type LogRow = RowOf<typeof logsTable>

/** One row a metric data point. `value` of a gauge or sum; `count`, `sum`, `min`, `max`, buckets or quantiles of the others. */
export const metricsTable = defineTable('metrics', 'time', {
  metric: word,
  time: timeMs,
  start_time: timeMs,
  /** gauge, sum, histogram, exponential_histogram, summary */
  kind: word,
  unit: word,
  description: word,
  /** unspecified 0, delta 1, cumulative 2 (the OTLP numbers). */
  temporality: uint8,
  monotonic: bool,
  cluster_id: word,
  namespace: word,
  application: word,
  service: word,
  node: word,
  pod: word,
  container: word,
  attributes: words,
  scope_name: word,
  scope_version: word,
  scope_attributes: words,
  /** Of the scope, else of the resource. */
  schema_url: word,
  resource_id: uint64,
  value: float64,
  count: uint64,
  sum: float64,
  min: float64,
  max: float64,
  /** Explicit bounds of a histogram, or quantiles of a summary. */
  bounds: array(float64),
  /** Bucket counts of a histogram; of an exponential one: positive buckets from `offset` on. */
  bucket_counts: array(uint64),
  /** Values of a summary's quantiles. */
  quantile_values: array(float64),
  /** Exponential histogram as JSON: scale, zeroCount, positive and negative offset and counts. Empty otherwise. */
  exponential: string,
  /** Sample measurements behind the point, all five lists in the same order; ids are zeros when there is no valid one. */
  exemplars_time: array(timeNs),
  exemplars_value: array(float64),
  exemplars_trace_id: array(fixed(16)),
  exemplars_span_id: array(fixed(8)),
  exemplars_attributes: array(words),
  flags: uint32,
  received_at: timeMs,
  batch_id: word,
})
export type MetricRow = RowOf<typeof metricsTable>
