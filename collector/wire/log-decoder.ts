import type { KubeChangeRow, KubeCrashRow, KubeEventRow, KubeObjectRow } from '../record/kube.ts'
import type { LogRow } from '../record/signal.ts'
import type { ResourceRow } from '../record/span.ts'
import { keepDropped, type Plain, plainText, readAnyValue, readKeyValue } from './any-value.ts'
import { collectRows, type DecodeContext, type DecodeResult } from './decoded.ts'
import { tryKubeRow } from './kube-rows.ts'
import { readProto, WireError } from './proto-reader.ts'
import { clampTime } from './times.ts'
import { isId } from './trace-decoder.ts'
import { type Place, type Scope, type WalkRequest, walkRequest } from './walk-request.ts'

/** A log record goes to `logs`, or, when it is a Kubernetes record of ours, to one of the k8s_* tables. */
export type LogItem =
  | { readonly type: 'log'; readonly row: LogRow }
  | { readonly type: 'object'; readonly row: KubeObjectRow }
  | { readonly type: 'change'; readonly row: KubeChangeRow }
  | { readonly type: 'event'; readonly row: KubeEventRow }
  | { readonly type: 'crash'; readonly row: KubeCrashRow }

/** What becomes of one log record. */
export type LogOutcome =
  | { readonly type: 'kept'; readonly item: LogItem; readonly resource: ResourceRow }
  | { readonly type: 'rejected'; readonly message: string }
  | { readonly type: 'filtered'; readonly rule: string }

export function decodeLogs(request: WalkRequest, context: DecodeContext): DecodeResult<LogItem> {
  const collector = collectRows<LogItem>()
  const message = walkRequest(request, context, {
    onDamaged: (message) => collector.reject(damaged(message)),
    onItem(bytes, place) {
      const outcome = readLogItem(bytes, place, context)
      if (outcome.type === 'kept') collector.accept(outcome.item, outcome.resource)
      else if (outcome.type === 'rejected') collector.reject(outcome.message)
      else collector.filter(outcome.rule)
    },
  })
  return message === undefined ? collector.done() : { type: 'invalid', message }
}

/** The record alone, for a decoder that left it to this one; damage is an outcome. */
export function tryReadLogItem(bytes: Uint8Array, place: Place, context: DecodeContext): LogOutcome {
  try {
    return readLogItem(bytes, place, context)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return { type: 'rejected', message: damaged(error.message) }
  }
}

const damaged = (message: string) => `a log record cannot be read: ${message}`

function readLogItem(bytes: Uint8Array, place: Place, context: DecodeContext): LogOutcome {
  const { resource, decoded, scope, rules } = place
  const record = readLogRecord(bytes)
  // The state of the cluster is not for the rules: neither the records nor the resource they name.
  const kube = tryKubeRow(record, { clusterId: decoded.cluster_id, ...context })
  if (kube?.type === 'invalid') return { type: 'rejected', message: kube.message }
  if (kube) return { type: 'kept', item: kube, resource: decoded }
  const row = logRow(record, { resource, scope, context })
  const rule = rules?.applyLog(row)
  if (rule !== undefined) return { type: 'filtered', rule }
  return { type: 'kept', item: { type: 'log', row }, resource }
}

export interface LogRecord {
  timeNs: bigint
  observedNs: bigint
  severityNumber: number
  severityText: string
  eventName: string
  body: string
  attributes: Map<string, string>
  flags: number
  traceId: Uint8Array
  spanId: Uint8Array
}

const noTraceId = new Uint8Array(16)
const noSpanId = new Uint8Array(8)

function readLogRecord(bytes: Uint8Array): LogRecord {
  const record: LogRecord = {
    timeNs: 0n,
    observedNs: 0n,
    severityNumber: 0,
    severityText: '',
    eventName: '',
    body: '',
    attributes: new Map(),
    flags: 0,
    traceId: noTraceId,
    spanId: noSpanId,
  }
  let body: Plain = null
  let droppedAttributes = 0
  let surplusAttributes = 0
  const reader = readProto(bytes)
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        record.timeNs = reader.fixed64()
        break
      case 2:
        record.severityNumber = reader.uint32()
        break
      case 3:
        record.severityText = reader.text()
        break
      case 5:
        body = readAnyValue(reader.bytes(), body)
        break
      case 6:
        if (!readKeyValue(reader.bytes(), record.attributes)) surplusAttributes++
        break
      case 7:
        droppedAttributes = reader.uint32()
        break
      case 8:
        record.flags = reader.fixed32()
        break
      case 9:
        record.traceId = reader.bytes()
        break
      case 10:
        record.spanId = reader.bytes()
        break
      case 11:
        record.observedNs = reader.fixed64()
        break
      case 12:
        record.eventName = reader.text()
        break
    }
  }
  record.body = plainText(body)
  keepDropped(record.attributes, droppedAttributes + surplusAttributes)
  return record
}

interface LogPlace {
  readonly resource: ResourceRow
  readonly scope: Scope
  readonly context: DecodeContext
}

function logRow(record: LogRecord, { resource, scope, context }: LogPlace): LogRow {
  const observed = clampTime(record.observedNs || record.timeNs, context.receivedAtMs).ns
  return {
    time: record.timeNs === 0n ? observed : clampTime(record.timeNs, context.receivedAtMs).ns,
    observed_time: observed,
    cluster_id: resource.cluster_id,
    namespace: resource.namespace,
    application: resource.application,
    service: resource.service,
    pod: resource.pod,
    event_name: record.eventName || (record.attributes.get('event.name') ?? ''),
    severity_number: record.severityNumber <= 24 ? record.severityNumber : 0,
    severity_text: record.severityText,
    body: record.body,
    trace_id: isId(record.traceId, 16) ? record.traceId : noTraceId,
    span_id: isId(record.spanId, 8) ? record.spanId : noSpanId,
    flags: record.flags,
    attributes: record.attributes,
    scope_name: scope.name,
    scope_version: scope.version,
    scope_attributes: scope.attributes,
    schema_url: scope.schemaUrl,
    resource_id: resource.resource_id,
    received_at: context.receivedAtMs,
    batch_id: context.batchId,
  }
}
