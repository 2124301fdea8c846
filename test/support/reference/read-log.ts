import {
  kubeChangesTable,
  kubeCrashesTable,
  kubeEventsTable,
  kubeObjectsTable,
} from '../../../collector/record/kube.ts'
import { type LogRow, logsTable } from '../../../collector/record/signal.ts'
import { tryKubeRow } from '../../../collector/wire/kube-rows.ts'
import type { ItemResult, Place } from './decode-request.ts'
import {
  type AnyValue,
  believed,
  countedAttributes,
  idOr0,
  type KeyValue,
  readMessage,
  valueText,
} from './values.ts'

interface LogRecord {
  readonly timeUnixNano: bigint
  readonly severityNumber: number
  readonly severityText: string
  readonly body?: AnyValue
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  readonly flags: number
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly observedTimeUnixNano: bigint
  readonly eventName: string
}

const kubeTables = {
  object: kubeObjectsTable,
  change: kubeChangesTable,
  event: kubeEventsTable,
  crash: kubeCrashesTable,
}

export function readLog(bytes: Uint8Array, place: Place): ItemResult {
  const record = readMessage<LogRecord>('LogRecord', bytes)
  // Kubernetes records are JSON with a table of their own each; their rows have tests of their own.
  const kube = tryKubeRow(
    { eventName: record.eventName, body: valueText(record.body) },
    { clusterId: place.resource.cluster_id, ...place },
  )
  if (kube?.type === 'invalid') return ['rejected']
  if (kube !== undefined) return [{ table: kubeTables[kube.type].name, row: kube.row }]
  return [{ table: logsTable.name, row: logRow(record, place) }]
}

function logRow(record: LogRecord, { resource, scope, receivedNs, receivedAtMs, batchId }: Place): LogRow {
  const { timeUnixNano: time, observedTimeUnixNano: observed } = record
  const attributes = countedAttributes(record.attributes, record.droppedAttributesCount)
  const seen = believed(observed === 0n ? time : observed, receivedNs)
  return {
    time: time === 0n ? seen : believed(time, receivedNs),
    observed_time: seen,
    cluster_id: resource.cluster_id,
    namespace: resource.namespace,
    application: resource.application,
    service: resource.service,
    pod: resource.pod,
    event_name: record.eventName === '' ? (attributes.get('event.name') ?? '') : record.eventName,
    severity_number: record.severityNumber >= 0 && record.severityNumber <= 24 ? record.severityNumber : 0,
    severity_text: record.severityText,
    body: valueText(record.body),
    trace_id: idOr0(record.traceId, 16),
    span_id: idOr0(record.spanId, 8),
    flags: record.flags,
    attributes,
    scope_name: scope.name,
    scope_version: scope.version,
    scope_attributes: scope.attributes,
    schema_url: scope.schemaUrl,
    resource_id: resource.resource_id,
    received_at: receivedAtMs,
    batch_id: batchId,
  }
}
