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
  uint16,
  uint32,
  uint64,
  word,
  words,
} from './table.ts'

/** One row a span. Duplicates (same trace id and span id) collapse on read with FINAL and for good on merge. */
export const spansTable = defineTable('spans', 'start_time', {
  trace_id: fixed(16),
  span_id: fixed(8),
  /** Eight zero bytes: a root span. */
  parent_span_id: fixed(8),
  start_time: timeNs,
  duration_ns: uint64,
  cluster_id: word,
  namespace: word,
  /** `service.namespace`, else the Kubernetes namespace, else `default`. */
  application: word,
  service: word,
  /** `service.version`, empty when unknown. */
  version: word,
  pod: word,
  operation: word,
  /** unspecified 0, internal 1, server 2, client 3, producer 4, consumer 5 (the OTLP numbers). */
  kind: uint8,
  /** unset 0, ok 1, error 2 (the OTLP numbers). */
  status: uint8,
  status_message: string,
  /** Hot attributes: semantic-convention keys, old and new names in one column. */
  http_method: word,
  http_route: word,
  http_status: uint16,
  db_system: word,
  db_statement: string,
  messaging_system: word,
  messaging_destination: word,
  rpc_system: word,
  /** What a client or producer span calls, by the naming rules of wire/peer.ts: `host:port`, `host:port/database`, … */
  peer: word,
  exception_type: word,
  /** All span attributes, the promoted ones too. Arrays, maps and bytes as JSON text. */
  attributes: words,
  resource_id: uint64,
  scope_name: word,
  scope_version: word,
  scope_attributes: words,
  /** Of the scope, else of the resource. */
  schema_url: word,
  trace_state: string,
  flags: uint32,
  events_time: array(timeNs),
  events_name: array(word),
  events_attributes: array(words),
  links_trace_id: array(fixed(16)),
  links_span_id: array(fixed(8)),
  links_trace_state: array(string),
  links_attributes: array(words),
  dropped_attributes: uint32,
  dropped_events: uint32,
  dropped_links: uint32,
  /** A time of this span was clamped on receipt (before 1971, in the far future, or end before start). */
  clamped: bool,
  /** Of a service mesh's proxy beside a workload: it carries a call and is nobody's entry (wire/sidecar.ts). */
  sidecar: bool,
  /** How many spans this one stands for: the adjusted count of a sampled span (`ot=th` of its trace state), else 1. */
  weight: float64,
  received_at: timeMs,
  batch_id: word,
})
export type SpanRow = RowOf<typeof spansTable>

/** Resource attributes, once per id: the first eight bytes of the SHA-256 of the sorted key-value pairs. */
export const resourcesTable = defineTable('resources', null, {
  resource_id: uint64,
  cluster_id: word,
  namespace: word,
  application: word,
  service: word,
  version: word,
  workload_kind: word,
  workload: word,
  pod: word,
  pod_uid: string,
  container: word,
  node: word,
  attributes: words,
  schema_url: word,
  last_seen: timeMs,
})
export type ResourceRow = RowOf<typeof resourcesTable>
