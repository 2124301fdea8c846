/**
 * What the stages ask of the Kubernetes API and what it answers: the seam between the client (collector/kube) and its users
 * (agent/watch, agent/scrape). Operating errors are values; only bugs throw.
 */
export interface KubeResource {
  /** Empty: the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  /** Ask for PartialObjectMetadata: all that an owner chain needs, at a tenth of the bytes. */
  readonly metadataOnly?: boolean
}

export type JsonObject = { readonly [key: string]: unknown }

export interface KubeError {
  readonly type: 'error'
  /** HTTP status or the code of a Status object; 0: the network, a deadline or an unreadable answer. */
  readonly status: number
  /** Reason of the Status object, such as `Expired`, else ''. */
  readonly reason: string
  readonly message: string
  readonly retryAfterMs?: number
}

export interface ListRequest {
  readonly resource: KubeResource
  /** Absent: all namespaces, or a cluster-scoped resource. */
  readonly namespace?: string
  /** 0: all in one answer. */
  readonly limit: number
  readonly continueToken?: string
  /** Absent: the newest consistent state. '0': whatever the server has in its cache. */
  readonly resourceVersion?: string
  readonly signal: AbortSignal
}

export interface ListPage {
  readonly type: 'page'
  readonly resourceVersion: string
  /** Empty: this was the last page. */
  readonly continueToken: string
  /** After this page, where the server tells. */
  readonly remainingItems?: number
}

export interface WatchRequest {
  readonly resource: KubeResource
  readonly namespace?: string
  /** Absent only with `sendInitialEvents`. */
  readonly resourceVersion?: string
  readonly timeoutSeconds: number
  /** Watch-list: the state first, then a bookmark with `k8s.io/initial-events-end`, then changes. */
  readonly sendInitialEvents: boolean
  readonly signal: AbortSignal
}

export type WatchItem =
  | {
      readonly type: 'event'
      readonly kind: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
      readonly object: JsonObject
    }
  /** Always the last item: the answer was an error, an ERROR event arrived, or the connection broke. */
  | { readonly type: 'failed'; readonly error: KubeError }

export interface KubeApi {
  /** Items are handed over as they are read, so that a page is never held as a whole. They count only if a page follows. */
  list(request: ListRequest, onItem: (item: JsonObject) => void): Promise<ListPage | KubeError>
  /** Ends without `failed` when the server closes in order. */
  watch(request: WatchRequest): AsyncIterable<WatchItem>
  get(
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly type: 'object'; readonly object: JsonObject } | KubeError>
}

/** `kubectl logs`: the right to it is one of its own (`pods/log`). */
export interface PodLogRequest {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  /** Of the container's last instance that ended, else of the present one. */
  readonly previous: boolean
  readonly tailLines: number
  /** The server ends after as many bytes, counted from the first of the lines: the newest are what is missing then. */
  readonly limitBytes: number
}

export interface PodLogApi {
  podLog(
    request: PodLogRequest,
    signal: AbortSignal,
  ): Promise<{ readonly type: 'text'; readonly text: string } | KubeError>
}

const resource = (group: string, plural: string, version = 'v1'): KubeResource => ({ group, version, plural })

export const namespacesResource = resource('', 'namespaces')
export const nodesResource = resource('', 'nodes')
export const podsResource = resource('', 'pods')
/** Core events carry every field of events.k8s.io too; watching both would count each event twice. */
export const eventsResource = resource('', 'events')
export const replicaSetsResource: KubeResource = { ...resource('apps', 'replicasets'), metadataOnly: true }
export const deploymentsResource = resource('apps', 'deployments')
export const statefulSetsResource = resource('apps', 'statefulsets')
export const daemonSetsResource = resource('apps', 'daemonsets')
export const jobsResource = resource('batch', 'jobs')
export const cronJobsResource = resource('batch', 'cronjobs')
export const servicesResource = resource('', 'services')
export const endpointSlicesResource = resource('discovery.k8s.io', 'endpointslices')
export const resourceQuotasResource = resource('', 'resourcequotas')
export const limitRangesResource = resource('', 'limitranges')
export const claimsResource = resource('', 'persistentvolumeclaims')
export const autoscalersResource = resource('autoscaling', 'horizontalpodautoscalers', 'v2')

/** All that the agent watches of a selected namespace. */
export const namespacedResources: readonly KubeResource[] = [
  podsResource,
  eventsResource,
  replicaSetsResource,
  deploymentsResource,
  statefulSetsResource,
  daemonSetsResource,
  jobsResource,
  cronJobsResource,
  servicesResource,
  endpointSlicesResource,
  resourceQuotasResource,
  limitRangesResource,
  claimsResource,
  autoscalersResource,
]
