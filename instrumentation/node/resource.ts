/** Written into the bundle by `build.ts`. */
declare const PACKAGE_VERSION: string

/** What a process is. The SDK's own detector would add the command line, in which there may be a password. */
const own = {
  'process.pid': process.pid,
  'process.runtime.name': 'nodejs',
  'process.runtime.version': process.versions.node,
  'telemetry.distro.name': 'binnacle',
  'telemetry.distro.version': PACKAGE_VERSION,
}

/**
 * Where a process runs, as Kubernetes tells it through the downward API. Each attribute may come by the name that the
 * OpenTelemetry operator uses, or by a plain one. OTEL_RESOURCE_ATTRIBUTES, read by the SDK itself, wins over these.
 */
const sources: readonly (readonly [attribute: string, ...variables: string[]])[] = [
  ['k8s.pod.uid', 'OTEL_RESOURCE_ATTRIBUTES_POD_UID', 'K8S_POD_UID', 'POD_UID'],
  ['k8s.pod.name', 'OTEL_RESOURCE_ATTRIBUTES_POD_NAME', 'K8S_POD_NAME', 'POD_NAME'],
  ['k8s.namespace.name', 'OTEL_RESOURCE_ATTRIBUTES_NAMESPACE_NAME', 'K8S_NAMESPACE_NAME', 'POD_NAMESPACE'],
  ['k8s.node.name', 'OTEL_RESOURCE_ATTRIBUTES_NODE_NAME', 'K8S_NODE_NAME', 'NODE_NAME'],
  ['k8s.container.name', 'OTEL_RESOURCE_ATTRIBUTES_CONTAINER_NAME', 'K8S_CONTAINER_NAME'],
]

export function resourceAttributes(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | number> {
  const attributes: Record<string, string> = {}
  for (const [attribute, ...variables] of sources) {
    const value = variables.map((name) => env[name]).find(Boolean)
    if (value) attributes[attribute] = value
  }
  const pod = attributes['k8s.pod.name']
  if (pod && !env['OTEL_RESOURCE_ATTRIBUTES']?.includes('service.instance.id=')) {
    const namespace = attributes['k8s.namespace.name'] ?? 'default'
    attributes['service.instance.id'] = [namespace, pod, attributes['k8s.container.name']]
      .filter(Boolean)
      .join('.')
  }
  return { ...own, ...attributes }
}
