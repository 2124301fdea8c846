import {
  type KnownPod,
  type PodHints,
  type PodIndex,
  podAddress,
  type ScopeDecision,
} from '../../record/pod-identity.ts'

/** Attributes of a telemetry resource that tell where it comes from; others are not asked for. */
export type ReadAttribute = (key: string) => string | undefined

/** What is done with the telemetry of one resource. */
export type Admission =
  /** `pod` is undefined while it is not known; `namespace` is '' when none is. */
  | { readonly type: 'admitted'; readonly namespace: string; readonly pod: KnownPod | undefined }
  /** `unplaced`: neither the resource nor its connection tells a namespace that we know. */
  | {
      readonly type: 'refused'
      readonly namespace: string
      readonly unplaced: boolean
      readonly message: string
    }

export interface AdmissionRules {
  readonly pods: PodIndex
  readonly decide: (namespace: string) => ScopeDecision
  readonly unknownNamespace: 'refuse' | 'accept'
}

/** Who sends: what the resource says, and the address of the connection. */
export interface Sender {
  readonly attribute: ReadAttribute
  readonly peerAddress: string
}

/**
 * The pod decides about the namespace; of an unknown pod (it may be newer than our watch) what the resource says.
 * The index knows pods of selected namespaces only, so a pod of another namespace is unknown too.
 *
 * A forwarder speaks for other pods than its own: a resource that contradicts the pod that was found is not that pod's.
 * Both its namespace and the forwarder's must be selected, so that nobody carries in what is not.
 */
export function admit(rules: AdmissionRules, from: Sender & { readonly nowMs: number }): Admission {
  const { attribute, peerAddress } = from
  const found = rules.pods.find(hintsOf(attribute, peerAddress), from.nowMs)
  const told = attribute('k8s.namespace.name') ?? ''
  const pod = found && isSaidOf(found, attribute) ? found : undefined
  const namespace = told || found?.namespace || ''
  if (namespace === '' && rules.unknownNamespace === 'accept') return { type: 'admitted', namespace, pod }
  if (namespace === '')
    return {
      type: 'refused',
      namespace,
      unplaced: true,
      message: `the namespace of ${attribute('service.name') ?? 'the sender'} at ${peerAddress} is not known: set the resource attribute k8s.namespace.name or k8s.pod.uid`,
    }
  for (const one of new Set([namespace, found?.namespace ?? namespace])) {
    const { selected, reason } = rules.decide(one)
    if (selected) continue
    const message = `namespace ${one} is not collected: ${reason}`
    return { type: 'refused', namespace: one, unplaced: false, message }
  }
  return { type: 'admitted', namespace, pod }
}

/** By what the pod of a sender may still be found; undefined: by nothing. */
export function senderKey({ attribute, peerAddress }: Sender): string | undefined {
  const name = attribute('k8s.pod.name')
  return (
    attribute('k8s.pod.uid') ||
    attribute('container.id') ||
    (name && `${attribute('k8s.namespace.name')}/${name}`) ||
    podAddress(peerAddress)
  )
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

function isSaidOf(pod: KnownPod, attribute: ReadAttribute): boolean {
  const agrees = (key: string, value: string) => (attribute(key) || value) === value
  return (
    agrees('k8s.pod.uid', pod.uid) &&
    agrees('k8s.pod.name', pod.name) &&
    agrees('k8s.namespace.name', pod.namespace)
  )
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

export interface Place {
  readonly namespace: string
  readonly clusterName: string
  /** Whether the labels app.kubernetes.io/instance and /name name the service, before its workload does. */
  readonly serviceNameFromLabels: boolean
}

/**
 * Resource attributes that the sender has not set. Of a service: what an annotation
 * `resource.opentelemetry.io/…` of its pod says, labels, its workload
 * (https://opentelemetry.io/docs/specs/semconv/non-normative/k8s-attributes/). Of a pod that is not known: the address of
 * its connection, by which the service may still find it. Empty values are left out.
 */
export function enrichment(
  pod: KnownPod | undefined,
  { attribute, peerAddress }: Sender,
  { namespace, clusterName, serviceNameFromLabels }: Place,
): Map<string, string> {
  const placed: [string, string][] = [
    ['k8s.cluster.name', clusterName],
    ['k8s.namespace.name', namespace],
  ]
  const all = pod
    ? [...placed, ...ofPod(pod, serviceNameFromLabels)]
    : [...placed, ['network.peer.address', peerAddress] as const]
  return new Map(all.filter(([key, value]) => value !== '' && !isSaid(attribute, key)))
}

function ofPod(pod: KnownPod, serviceNameFromLabels: boolean): [string, string][] {
  const labels = serviceNameFromLabels ? pod.labels : {}
  const said = pod.resourceAttributes
  const workloadKey = workloadKeys[pod.workloadKind]
  return [
    ['k8s.pod.name', pod.name],
    ['k8s.pod.uid', pod.uid],
    ['k8s.node.name', pod.node],
    ['k8s.container.name', pod.container],
    ...(workloadKey ? [[workloadKey, pod.workloadName] as [string, string]] : []),
    [
      'service.name',
      labels['app.kubernetes.io/instance'] || labels['app.kubernetes.io/name'] || pod.workloadName,
    ],
    ['service.version', pod.version],
    ['service.instance.id', pod.container && `${pod.namespace}.${pod.name}.${pod.container}`],
    // Last, for it wins over all of them but the identity of the pod.
    ...Object.entries(said).filter(([key]) => !key.startsWith('k8s.')),
  ]
}

/** What an SDK says when nobody told it a name, `unknown_service:java`, is none. */
function isSaid(attribute: ReadAttribute, key: string): boolean {
  const value = attribute(key)
  return value !== undefined && !(key === 'service.name' && /^(?:unknown_service(?::|$)|$)/.test(value))
}
