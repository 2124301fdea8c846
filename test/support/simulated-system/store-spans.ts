import { spansTable } from '../../../collector/record/span.ts'
import type { Store } from '../../../collector/service/store/store.ts'
import { decodeTraces } from '../../../collector/wire/trace-decoder.ts'
import { type Attributes, encodeSpans, type ReplaySpan } from '../replay/spans.ts'
import type { SimulatedSpan } from './simulate.ts'

/** Writes simulated spans as those of the application `documents`; their time 0 is `atMs`. */
export async function insertSimulated(
  store: Store,
  spans: readonly SimulatedSpan[],
  atMs: number,
): Promise<void> {
  const body = encodeSpans(toReplaySpans(spans, atMs))
  const decoded = decodeTraces(
    { signal: 'traces', encoding: 'protobuf', body },
    { receivedAtMs: Date.now(), batchId: 'simulated' },
  )
  if (decoded.type === 'invalid') throw new Error(decoded.message)
  const outcome = await store.insert({ table: spansTable, rows: decoded.rows }, `simulated/${spans.length}`)
  if (outcome.type !== 'stored') throw new Error(`cannot store simulated spans: ${outcome.message}`)
}

function toReplaySpans(spans: readonly SimulatedSpan[], atMs: number): ReplaySpan[] {
  const resources = new Map<string, Attributes>()
  return spans.map((span) => {
    const resource = resources.get(span.pod) ?? {
      'service.name': span.service,
      'service.namespace': 'documents',
      'service.version': span.version,
      'k8s.namespace.name': 'documents',
      'k8s.cluster.name': 'simulated',
      'k8s.pod.name': span.pod,
    }
    resources.set(span.pod, resource)
    const startNs = BigInt(atMs) * 1_000_000n + nanos(span.startMs)
    return {
      traceId: hex(span.traceId, 32),
      spanId: spanId(span.traceId, span.spanId),
      parentSpanId: span.parentId < 0 ? '' : spanId(span.traceId, span.parentId),
      name: span.operation,
      kind: span.kind,
      startNs,
      endNs: startNs + nanos(span.durationMs),
      failed: span.failed,
      attributes: attributesOf(span.backend),
      resource,
    }
  })
}

function attributesOf(backend: string): Attributes {
  const [type = '', system = '', name = ''] = backend.split(':')
  if (type === 'database') return { 'db.system.name': system, 'db.namespace': name }
  if (type === 'queue') return { 'messaging.system': system, 'messaging.destination.name': name }
  return type === 'external' ? { 'server.address': system, 'server.port': name } : {}
}

const nanos = (ms: number) => BigInt(Math.round(ms * 1_000)) * 1_000n
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
const spanId = (trace: number, span: number) => hex(trace * 1_000 + span + 1, 16)
