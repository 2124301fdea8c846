import { createHash } from 'node:crypto'
import type { SpanRow } from '../../collector/record/span.ts'
import { promotedColumns } from '../../collector/wire/promoted.ts'

const model: SpanRow = {
  trace_id: new Uint8Array(16),
  span_id: new Uint8Array(8),
  parent_span_id: new Uint8Array(8),
  start_time: 0n,
  duration_ns: 0n,
  cluster_id: 'c',
  namespace: 'shop',
  application: 'shop',
  service: 'web',
  version: 'v1',
  pod: 'web-0',
  operation: 'GET',
  kind: 2,
  status: 0,
  status_message: '',
  http_method: '',
  http_route: '',
  http_status: 0,
  db_system: '',
  db_statement: '',
  messaging_system: '',
  messaging_destination: '',
  rpc_system: '',
  peer: '',
  exception_type: '',
  attributes: new Map(),
  resource_id: 1n,
  scope_name: '',
  scope_version: '',
  scope_attributes: new Map(),
  schema_url: '',
  trace_state: '',
  flags: 1,
  events_time: [],
  events_name: [],
  events_attributes: [],
  links_trace_id: [],
  links_span_id: [],
  links_trace_state: [],
  links_attributes: [],
  dropped_attributes: 0,
  dropped_events: 0,
  dropped_links: 0,
  clamped: false,
  sidecar: false,
  weight: 1,
  received_at: 0,
  batch_id: '',
}

export interface EntrySpan extends Partial<Omit<SpanRow, 'attributes'>> {
  /** Of which its ids are made. */
  readonly id: string
  readonly atMs: number
  readonly ms: number
  readonly attributes?: Readonly<Record<string, string>>
}

/** A root server span; hot attributes have their columns as on receipt. */
export function entrySpan({ id, atMs, ms, attributes = {}, ...over }: EntrySpan): SpanRow {
  const ids = createHash('sha256').update(id).digest()
  const all = new Map(Object.entries(attributes))
  return {
    ...model,
    trace_id: new Uint8Array(ids.subarray(0, 16)),
    span_id: new Uint8Array(ids.subarray(16, 24)),
    start_time: BigInt(Math.round(atMs * 1000)) * 1_000n,
    duration_ns: BigInt(Math.round(ms * 1_000_000)),
    received_at: Math.ceil(atMs + ms),
    ...promotedColumns(all, { kind: over.kind ?? 2, service: over.service ?? 'web' }),
    attributes: all,
    ...over,
  }
}
