/** What the agent knows about a pod that sends telemetry. */
export interface PodIdentity {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly node: string
  readonly workloadKind: string
  readonly workloadName: string
  readonly version: string
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

/** Pods of the selected namespaces, by every identity that telemetry may carry. */
export interface PodIndex {
  /** Tries uid, container id, namespace and name, pod IP, host name within the peer's namespace, peer IP; falls through on a miss. */
  find(hints: PodHints, atMs: number): PodIdentity | undefined
}

/** Whether a namespace is collected, and the rule that decided. */
export interface ScopeDecision {
  readonly selected: boolean
  /** Also of unselected ones, such as `label binnacle.dev/collect=disabled`. */
  readonly reason: string
}
