import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi } from '../kube-api/server.ts'

export interface EventSpec {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly component: string
  /** The container it is about, if it is about one. */
  readonly container?: string
}

const keysMax = 5_000

/**
 * Writes core/v1 events as the kubelet's recorder does: the same cause again is a PATCH of `count` and `lastTimestamp` on the
 * same uid. The scheduler uses the new recorder, whose events have no first and last time but `eventTime` and a `series`.
 */
export function createEventRecorder(api: FakeKubeApi, nowMs: () => number) {
  let sequence = 0
  const known = new Map<string, string>()
  const time = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
  const micro = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z')

  return (object: KubeObject, { type, reason, message, component, container }: EventSpec): void => {
    const namespace = object.metadata.namespace ?? 'default'
    const key = [object.metadata.uid, reason, message].join('\n')
    const name = known.get(key)
    const now = nowMs()
    const existing = name === undefined ? undefined : api.get('Event', { namespace, name })
    const scheduler = component === 'default-scheduler'
    if (existing && name !== undefined) {
      const count =
        Number(existing['count'] ?? (existing['series'] as { count?: number } | undefined)?.count ?? 1) + 1
      api.patch(
        'Event',
        { namespace, name },
        scheduler ? { series: { count, lastObservedTime: micro(now) } } : { count, lastTimestamp: time(now) },
      )
      return
    }
    const created = `${object.metadata.name}.${(BigInt(now) * 1_000_000n + BigInt(sequence++)).toString(16)}`
    known.set(key, created)
    if (known.size > keysMax) known.delete(known.keys().next().value ?? '')
    api.create('Event', {
      metadata: { name: created, namespace },
      involvedObject: {
        kind: object.kind,
        apiVersion: object.apiVersion,
        namespace,
        name: object.metadata.name,
        uid: object.metadata.uid,
        resourceVersion: object.metadata.resourceVersion,
        ...(container ? { fieldPath: `spec.containers{${container}}` } : {}),
      },
      type,
      reason,
      message,
      source: scheduler ? {} : { component, host: nodeNameOf(object) },
      reportingComponent: component,
      reportingInstance: scheduler ? `${component}-control-plane` : (nodeNameOf(object) ?? ''),
      ...(scheduler ? { action: 'Binding' } : {}),
      ...(scheduler
        ? { eventTime: micro(now), firstTimestamp: null, lastTimestamp: null }
        : { firstTimestamp: time(now), lastTimestamp: time(now), count: 1, eventTime: null }),
    })
  }
}

const nodeNameOf = (object: KubeObject) => (object['spec'] as { nodeName?: string } | undefined)?.nodeName

export type RecordEvent = ReturnType<typeof createEventRecorder>
