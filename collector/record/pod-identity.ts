/** Who a pod is, on every record of it. */
export interface PodIdentity {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly node: string
  readonly workloadKind: string
  readonly workloadName: string
  readonly version: string
}

/** What the agent knows about a pod that sends telemetry. */
export interface KnownPod extends PodIdentity {
  /** The only container that is no init container; '': there are several. */
  readonly container: string
  readonly labels: Readonly<Record<string, string>>
  /** What annotations `resource.opentelemetry.io/…` of the pod say of its telemetry. */
  readonly resourceAttributes: Readonly<Record<string, string>>
}

/** What a telemetry resource and its connection say about the sending pod; missing hints are undefined. */
export interface PodHints {
  readonly podUid?: string | undefined
  readonly containerId?: string | undefined
  readonly namespace?: string | undefined
  readonly podName?: string | undefined
  readonly podIp?: string | undefined
  readonly hostName?: string | undefined
  readonly peerAddress?: string | undefined
}

/** Undefined for what is no pod's own address: loopback, and 127.0.0.6, from which mesh sidecars call. */
export function podAddress(address: string | undefined): string | undefined {
  const plain = address?.replace(/^::ffff:/i, '')
  return !plain || plain.startsWith('127.') || plain === '::1' ? undefined : plain
}

/** Pods of the selected namespaces, by every identity that telemetry may carry. */
export interface PodIndex {
  /** Tries uid, container id, namespace and name, pod IP, host name within the peer's namespace, peer IP; falls through on a miss. */
  find(hints: PodHints, atMs: number): KnownPod | undefined
}

/** Whether a namespace is collected, and the rule that decided. */
export interface ScopeDecision {
  readonly selected: boolean
  /** Also of unselected ones, such as `label binnacle.dev/collect=disabled`. */
  readonly reason: string
}
