import type { PodHints, PodIdentity, PodIndex, ScopeDecision } from '../../record/pod-identity.ts'

/** Attributes of a telemetry resource that tell where it comes from; others are not asked for. */
export type ReadAttribute = (key: string) => string | undefined

/** What is done with the telemetry of one resource. */
export type Admission =
  | { readonly type: 'admitted'; readonly namespace: string; readonly pod: PodIdentity | undefined }
  /** `namespace` is '' when none is known. */
  | { readonly type: 'refused'; readonly namespace: string; readonly message: string }

export interface AdmissionRules {
  readonly pods: PodIndex
  readonly decide: (namespace: string) => ScopeDecision
  readonly unknownNamespace: 'refuse' | 'accept'
}

/**
 * The pod decides about the namespace; of an unknown pod (it may be newer than our watch) what the resource says.
 * The index knows pods of selected namespaces only, so a pod of another namespace is unknown too.
 */
export function admit(
  rules: AdmissionRules,
  from: { readonly attribute: ReadAttribute; readonly peerAddress: string; readonly nowMs: number },
): Admission {
  const pod = rules.pods.find(hintsOf(from.attribute, from.peerAddress), from.nowMs)
  const namespace = pod?.namespace ?? from.attribute('k8s.namespace.name') ?? ''
  if (namespace === '') {
    return rules.unknownNamespace === 'accept'
      ? { type: 'admitted', namespace, pod }
      : {
          type: 'refused',
          namespace,
          message: `the namespace of ${from.attribute('service.name') ?? 'the sender'} at ${from.peerAddress} is not known: set the resource attribute k8s.namespace.name or k8s.pod.uid`,
        }
  }
  const { selected, reason } = rules.decide(namespace)
  return selected
    ? { type: 'admitted', namespace, pod }
    : { type: 'refused', namespace, message: `namespace ${namespace} is not collected: ${reason}` }
}

function hintsOf(attribute: ReadAttribute, peerAddress: string): PodHints {
  return {
    podUid: attribute('k8s.pod.uid'),
    containerId: attribute('container.id'),
    namespace: attribute('k8s.namespace.name'),
    podName: attribute('k8s.pod.name'),
    podIp: attribute('k8s.pod.ip'),
    hostName: attribute('host.name'),
    peerAddress,
  }
}

/** https://opentelemetry.io/docs/specs/semconv/resource/k8s/ */
const workloadKeys: Readonly<Record<string, string>> = {
  Deployment: 'k8s.deployment.name',
  StatefulSet: 'k8s.statefulset.name',
  DaemonSet: 'k8s.daemonset.name',
  ReplicaSet: 'k8s.replicaset.name',
  CronJob: 'k8s.cronjob.name',
  Job: 'k8s.job.name',
}

/** Resource attributes that are added where the sender has not set them. Empty values are left out. */
export function enrichment(
  pod: PodIdentity | undefined,
  { namespace, clusterName }: { readonly namespace: string; readonly clusterName: string },
): Map<string, string> {
  const workloadKey = pod && workloadKeys[pod.workloadKind]
  const all: [string, string][] = [
    ['k8s.cluster.name', clusterName],
    ['k8s.namespace.name', namespace],
    ['k8s.pod.name', pod?.name ?? ''],
    ['k8s.pod.uid', pod?.uid ?? ''],
    ['k8s.node.name', pod?.node ?? ''],
    ['service.name', pod?.workloadName ?? ''],
    ['service.version', pod?.version ?? ''],
  ]
  if (workloadKey) all.push([workloadKey, pod.workloadName])
  return new Map(all.filter(([, value]) => value !== ''))
}
