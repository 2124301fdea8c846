import { createHash } from 'node:crypto'
import type { ResourceRow } from '../record/span.ts'

/** The top of the owner chain first: a pod of a Deployment names its ReplicaSet too. */
const workloadKeys: readonly (readonly [key: string, kind: string])[] = [
  ['k8s.deployment.name', 'Deployment'],
  ['k8s.statefulset.name', 'StatefulSet'],
  ['k8s.daemonset.name', 'DaemonSet'],
  ['k8s.cronjob.name', 'CronJob'],
  ['k8s.job.name', 'Job'],
  ['k8s.replicaset.name', 'ReplicaSet'],
]

/** What every signal takes from its resource: the row of the `resources` table. */
export function resourceRow(
  attributes: Map<string, string>,
  schemaUrl: string,
  receivedAtMs: number,
): ResourceRow {
  const get = (key: string) => attributes.get(key) ?? ''
  const namespace = get('k8s.namespace.name')
  const [workloadKey = '', workloadKind = ''] = workloadKeys.find(([key]) => attributes.has(key)) ?? []
  return {
    resource_id: resourceId(attributes, schemaUrl),
    cluster_id: get('k8s.cluster.uid') || get('k8s.cluster.name'),
    namespace,
    application: get('service.namespace') || namespace || 'default',
    service: get('service.name') || 'unknown_service',
    version: get('service.version'),
    workload_kind: workloadKind,
    workload: get(workloadKey),
    pod: get('k8s.pod.name') || get('service.instance.id') || get('host.name'),
    pod_uid: get('k8s.pod.uid'),
    container: get('k8s.container.name'),
    node: get('k8s.node.name'),
    attributes,
    schema_url: schemaUrl,
    last_seen: receivedAtMs,
  }
}

/** The first eight bytes of the SHA-256 over the sorted pairs, each preceded by its length, and the schema URL if there is one. */
export function resourceId(attributes: ReadonlyMap<string, string>, schemaUrl = ''): bigint {
  const hash = createHash('sha256')
  for (const key of [...attributes.keys()].sort()) {
    const value = attributes.get(key) ?? ''
    hash.update(`${Buffer.byteLength(key)}:${key}${Buffer.byteLength(value)}:${value}`)
  }
  if (schemaUrl !== '') hash.update(schemaUrl)
  return hash.digest().readBigUInt64LE(0)
}
