import {
  type KubeResource,
  type ListRequest,
  type PodLogRequest,
  podsResource,
  type WatchRequest,
} from '../record/kube-api.ts'

export function resourcePath(resource: KubeResource, namespace: string | undefined): string {
  const root =
    resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${root}${scope}/${resource.plural}`
}

/** Metadata only of list and watch: the server converts; ReplicaSets shrink to about a tenth. */
export function acceptHeader(resource: KubeResource, verb: 'list' | 'watch'): string {
  if (!resource.metadataOnly) return 'application/json'
  // A watch converts the objects inside its events, so both ask for what the items shall be.
  const as = verb === 'list' ? 'PartialObjectMetadataList' : 'PartialObjectMetadata'
  return `application/json;as=${as};v=v1;g=meta.k8s.io,application/json`
}

export function listPath(request: ListRequest): string {
  const query = new URLSearchParams({ limit: String(request.limit) })
  if (request.continueToken) query.set('continue', request.continueToken)
  // A continue token carries its own version; sending both is an error.
  else if (request.resourceVersion !== undefined) query.set('resourceVersion', request.resourceVersion)
  return `${resourcePath(request.resource, request.namespace)}?${query}`
}

export function watchPath(request: WatchRequest): string {
  const query = new URLSearchParams({
    watch: '1',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(request.timeoutSeconds),
  })
  if (request.resourceVersion !== undefined) query.set('resourceVersion', request.resourceVersion)
  if (request.sendInitialEvents) {
    query.set('sendInitialEvents', 'true')
    query.set('resourceVersionMatch', 'NotOlderThan')
  }
  return `${resourcePath(request.resource, request.namespace)}?${query}`
}

export function podLogPath(request: PodLogRequest): string {
  const query = new URLSearchParams({
    container: request.container,
    previous: String(request.previous),
    tailLines: String(request.tailLines),
    limitBytes: String(request.limitBytes),
  })
  const pods = resourcePath(podsResource, request.namespace)
  return `${pods}/${encodeURIComponent(request.pod)}/log?${query}`
}
