import { createHash } from 'node:crypto'
import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import { logsTable, metricsTable } from '../../../collector/record/signal.ts'
import { type ResourceRow, spansTable } from '../../../collector/record/span.ts'
import { Damaged, fieldsOf } from './check-message.ts'
import { readLog } from './read-log.ts'
import { readMetric } from './read-metric.ts'
import { readSpan } from './read-span.ts'
import { countedAttributes, type KeyValue, readMessage } from './values.ts'

export interface ReferenceContext {
  readonly receivedAtMs: number
  readonly batchId: string
}

export interface TableRow {
  readonly table: string
  readonly row: object
}

/** Where an item stands. */
export interface Place {
  readonly resource: ResourceRow
  readonly scope: { name: string; version: string; attributes: Map<string, string>; schemaUrl: string }
  readonly receivedAtMs: number
  readonly receivedNs: bigint
  readonly batchId: string
}

export type Reference =
  | { readonly type: 'invalid' }
  | {
      readonly type: 'decoded'
      readonly rows: readonly TableRow[]
      readonly rejected: number
      readonly resources: readonly ResourceRow[]
    }

/** The row of an item, or as many rejections. */
export type ItemResult = readonly (TableRow | 'rejected')[]

const readers: Readonly<Record<OtlpSignal, (item: Uint8Array, place: Place) => ItemResult>> = {
  traces: (item, place) => tagged(spansTable.name, readSpan(item, place)),
  logs: readLog,
  metrics: (item, place) => readMetric(item, place).flatMap((row) => tagged(metricsTable.name, row)),
}

function tagged(table: string, row: object | 'rejected'): ItemResult {
  return [row === 'rejected' ? row : { table, row }]
}

export const logsTableName = logsTable.name

/**
 * OTLP/protobuf to rows, slow and obvious: messages are read by @bufbuild/protobuf, rows are written down from the tables'
 * descriptions. It shares no code with the decoders it is compared with, but the Kubernetes records of a log.
 *
 * A request is invalid as a whole when its envelope is damaged (request, resources with scopes, scopes); a resource without
 * scopes only has to be fields. A damaged item is rejected alone.
 */
export function decodeByReference(
  signal: OtlpSignal,
  body: Uint8Array,
  { receivedAtMs, batchId }: ReferenceContext,
): Reference {
  const rows: TableRow[] = []
  const resources = new Map<bigint, ResourceRow>()
  let rejected = 0
  try {
    for (const bytes of readMessage<{ resources: Uint8Array[] }>('Request', body).resources) {
      if (!fieldsOf(bytes).some(({ number }) => number === 2)) continue
      const { resource, ...items } = readResource(bytes, receivedAtMs)
      for (const scopeBytes of items.scopes) {
        const scope = readScope(scopeBytes, resource.schema_url)
        const place = {
          resource,
          scope,
          receivedAtMs,
          receivedNs: BigInt(receivedAtMs) * 1_000_000n,
          batchId,
        }
        for (const item of scope.items) {
          for (const result of readItem(signal, item, place)) {
            if (result === 'rejected') rejected++
            else {
              rows.push(result)
              resources.set(resource.resource_id, resource)
            }
          }
        }
      }
    }
  } catch (error) {
    if (error instanceof Damaged) return { type: 'invalid' }
    throw error
  }
  return { type: 'decoded', rows, rejected, resources: [...resources.values()] }
}

function readItem(signal: OtlpSignal, item: Uint8Array, place: Place): ItemResult {
  try {
    return readers[signal](item, place)
  } catch (error) {
    if (error instanceof Damaged) return ['rejected']
    throw error
  }
}

interface ScopeMessage {
  readonly scope?: {
    readonly name: string
    readonly version: string
    readonly attributes: KeyValue[]
    readonly droppedAttributesCount: number
  }
  readonly items: readonly Uint8Array[]
  readonly schemaUrl: string
}

function readScope(bytes: Uint8Array, resourceSchemaUrl: string) {
  const { scope, items, schemaUrl } = readMessage<ScopeMessage>('ScopeItems', bytes)
  return {
    name: scope?.name ?? '',
    version: scope?.version ?? '',
    attributes: countedAttributes(scope?.attributes ?? [], scope?.droppedAttributesCount ?? 0),
    schemaUrl: schemaUrl === '' ? resourceSchemaUrl : schemaUrl,
    items,
  }
}

interface ResourceMessage {
  readonly resource?: { readonly attributes: KeyValue[]; readonly droppedAttributesCount: number }
  readonly scopes: readonly Uint8Array[]
  readonly schemaUrl: string
}

function readResource(bytes: Uint8Array, receivedAtMs: number) {
  const message = readMessage<ResourceMessage>('ResourceItems', bytes)
  const { resource } = message
  const attributes = countedAttributes(resource?.attributes ?? [], resource?.droppedAttributesCount ?? 0)
  return { resource: resourceRowOf(attributes, message.schemaUrl, receivedAtMs), scopes: message.scopes }
}

function resourceRowOf(
  attributes: Map<string, string>,
  schemaUrl: string,
  receivedAtMs: number,
): ResourceRow {
  const firstNonEmpty = (...keys: string[]) =>
    keys.map((key) => attributes.get(key) ?? '').find((text) => text !== '') ?? ''
  const workload = [
    ['Deployment', 'k8s.deployment.name'],
    ['StatefulSet', 'k8s.statefulset.name'],
    ['DaemonSet', 'k8s.daemonset.name'],
    ['CronJob', 'k8s.cronjob.name'],
    ['Job', 'k8s.job.name'],
    ['ReplicaSet', 'k8s.replicaset.name'],
  ].find(([, key]) => attributes.has(key ?? ''))
  return {
    resource_id: idOf(attributes, schemaUrl),
    cluster_id: firstNonEmpty('k8s.cluster.uid', 'k8s.cluster.name'),
    namespace: firstNonEmpty('k8s.namespace.name'),
    application: firstNonEmpty('service.namespace', 'k8s.namespace.name') || 'default',
    service: firstNonEmpty('service.name') || 'unknown_service',
    version: firstNonEmpty('service.version'),
    workload_kind: workload?.[0] ?? '',
    workload: attributes.get(workload?.[1] ?? '') ?? '',
    pod: firstNonEmpty('k8s.pod.name', 'service.instance.id', 'host.name'),
    pod_uid: firstNonEmpty('k8s.pod.uid'),
    container: firstNonEmpty('k8s.container.name'),
    node: firstNonEmpty('k8s.node.name'),
    attributes,
    schema_url: schemaUrl,
    last_seen: receivedAtMs,
  }
}

/** SHA-256 over the sorted pairs, each text behind `<its bytes>:`, then the schema URL; the first eight bytes. */
function idOf(attributes: ReadonlyMap<string, string>, schemaUrl: string): bigint {
  const withLength = (text: string) => `${Buffer.from(text).length}:${text}`
  const pairs = [...attributes].sort(([a], [b]) => (a < b ? -1 : 1))
  const text = pairs.map(([key, value]) => withLength(key) + withLength(value)).join('') + schemaUrl
  return createHash('sha256').update(text).digest().readBigUInt64LE(0)
}
