import { agentScopeName, type KubeRecord, kubeEventNames } from '../record/kube.ts'
import { type NodeUsagePoint, nodeUsageMetrics, type UsagePoint, usageMetrics } from '../record/usage.ts'
import { type ProtoWriter, writeProto } from './proto-writer.ts'

/** Kubernetes records as an ExportLogsServiceRequest; record/kube.ts says how they travel. */
export function encodeKubeLogs({
  resource,
  records,
}: {
  readonly resource: ReadonlyMap<string, string>
  readonly records: readonly KubeRecord[]
}): Uint8Array {
  return writeProto()
    .message(1, (resourceLogs) => {
      resourceLogs.message(1, (writer) => writeAttributes(writer, 1, resource))
      resourceLogs.message(2, (scope) => {
        scope.message(1, (writer) => writer.text(1, agentScopeName))
        for (const record of records) scope.message(2, (writer) => writeKubeRecord(writer, record))
      })
    })
    .finish()
}

function writeKubeRecord(writer: ProtoWriter, record: KubeRecord): void {
  const { timeMs, observedAtMs } = timesOf(record)
  writer.fixed64(1, BigInt(timeMs) * 1_000_000n)
  writer.varint(2, severityNumber(record))
  writer.message(5, (body) => body.text(1, JSON.stringify(record.record)))
  writeAttributes(writer, 6, identityOf(record))
  writer.fixed64(11, BigInt(observedAtMs) * 1_000_000n)
  writer.text(12, kubeEventNames[record.type])
}

function timesOf(kube: KubeRecord): { readonly timeMs: number; readonly observedAtMs: number } {
  switch (kube.type) {
    case 'object':
      return { timeMs: kube.record.observedAtMs, observedAtMs: kube.record.observedAtMs }
    case 'change':
      return { timeMs: kube.record.timeMs, observedAtMs: kube.record.timeMs }
    case 'event':
      return { timeMs: kube.record.lastTimeMs, observedAtMs: kube.record.observedAtMs }
    case 'crash':
      return { timeMs: kube.record.timeMs, observedAtMs: kube.record.observedAtMs }
  }
}

/** OTLP severity numbers: INFO 9, WARN 13, ERROR 17. */
function severityNumber(kube: KubeRecord): number {
  if (kube.type === 'crash') return 17
  if (kube.type !== 'event') return 9
  return { info: 9, warning: 13, error: 17 }[kube.record.severity]
}

function identityOf(kube: KubeRecord): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  const set = (key: string, value: string) => (value ? attributes.set(key, value) : attributes)
  if (kube.type === 'event') {
    const { record } = kube
    set('k8s.namespace.name', record.namespace)
    set('k8s.event.uid', record.uid)
    set('k8s.event.reason', record.reason)
    attributes.set('k8s.event.count', String(record.count))
    set('k8s.object.kind', record.objectKind)
    set('k8s.object.name', record.objectName)
    set('k8s.object.uid', record.objectUid)
  } else if (kube.type === 'crash') {
    const { record } = kube
    set('k8s.namespace.name', record.namespace)
    set('k8s.pod.name', record.podName)
    set('k8s.pod.uid', record.podUid)
    set('k8s.container.name', record.container)
  } else {
    const { kind, namespace, name, uid } = kube.record
    set('k8s.namespace.name', kind === 'Namespace' ? name : namespace)
    set('k8s.object.kind', kind)
    set('k8s.object.name', name)
    set('k8s.object.uid', uid)
    if (kind === 'Pod') {
      set('k8s.pod.name', name)
      set('k8s.pod.uid', uid)
    }
  }
  return attributes
}

/** Usage as gauges, a resource per pod and container, or per node. */
export function encodeUsage({
  resource,
  points,
}: {
  readonly resource: ReadonlyMap<string, string>
  readonly points: readonly (UsagePoint | NodeUsagePoint)[]
}): Uint8Array {
  const writer = writeProto()
  for (const point of points) {
    const isNode = 'node' in point
    const metrics = isNode ? nodeUsageMetrics : usageMetrics
    writer.message(1, (resourceMetrics) => {
      resourceMetrics.message(1, (attributes) =>
        writeAttributes(
          attributes,
          1,
          isNode ? nodeResource(resource, point) : containerResource(resource, point),
        ),
      )
      resourceMetrics.message(2, (scope) => {
        scope.message(1, (name) => name.text(1, agentScopeName))
        writeGauge(scope, metrics.cpu, point.cpuMillicores / 1000, point.timeMs)
        writeGauge(scope, metrics.memory, point.memoryBytes, point.timeMs)
      })
    })
  }
  return writer.finish()
}

function containerResource(
  cluster: ReadonlyMap<string, string>,
  { pod, container }: UsagePoint,
): Map<string, string> {
  return new Map([
    ...clusterOf(cluster),
    ['k8s.namespace.name', pod.namespace],
    ['k8s.pod.name', pod.name],
    ['k8s.pod.uid', pod.uid],
    ['k8s.node.name', pod.node],
    ['k8s.container.name', container],
    ['service.name', pod.workloadName || pod.name],
  ])
}

function nodeResource(cluster: ReadonlyMap<string, string>, { node }: NodeUsagePoint): Map<string, string> {
  return new Map([...clusterOf(cluster), ['k8s.node.name', node]])
}

function clusterOf(resource: ReadonlyMap<string, string>): [string, string][] {
  return [...resource].filter(([key]) => key.startsWith('k8s.'))
}

function writeGauge(
  scope: ProtoWriter,
  { name, unit }: { readonly name: string; readonly unit: string },
  value: number,
  timeMs: number,
): void {
  scope.message(2, (metric) => {
    metric.text(1, name)
    metric.text(3, unit)
    metric.message(5, (gauge) =>
      gauge.message(1, (point) => {
        point.fixed64(3, BigInt(Math.round(timeMs)) * 1_000_000n)
        point.double(4, value)
      }),
    )
  })
}

function writeAttributes(writer: ProtoWriter, field: number, attributes: ReadonlyMap<string, string>): void {
  for (const [key, value] of attributes) {
    writer.message(field, (pair) => pair.text(1, key).message(2, (any) => any.text(1, value)))
  }
}
