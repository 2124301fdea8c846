/** What the fake API server serves: a subset of the real groups, generic over kinds. */
export interface ResourceKind {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
}

const kind = (path: string, name: string, namespaced = true): ResourceKind => {
  const [group = '', version = '', plural = ''] = path.split('/')
  return { group: group === 'core' ? '' : group, version, plural, kind: name, namespaced }
}

export const resourceKinds: readonly ResourceKind[] = [
  kind('core/v1/namespaces', 'Namespace', false),
  kind('core/v1/nodes', 'Node', false),
  kind('core/v1/pods', 'Pod'),
  kind('core/v1/events', 'Event'),
  kind('core/v1/services', 'Service'),
  kind('core/v1/endpoints', 'Endpoints'),
  kind('core/v1/configmaps', 'ConfigMap'),
  kind('core/v1/secrets', 'Secret'),
  kind('core/v1/resourcequotas', 'ResourceQuota'),
  kind('core/v1/limitranges', 'LimitRange'),
  kind('core/v1/persistentvolumeclaims', 'PersistentVolumeClaim'),
  kind('apps/v1/deployments', 'Deployment'),
  kind('apps/v1/replicasets', 'ReplicaSet'),
  kind('apps/v1/statefulsets', 'StatefulSet'),
  kind('apps/v1/daemonsets', 'DaemonSet'),
  kind('batch/v1/jobs', 'Job'),
  kind('batch/v1/cronjobs', 'CronJob'),
  kind('discovery.k8s.io/v1/endpointslices', 'EndpointSlice'),
  kind('autoscaling/v2/horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
  kind('coordination.k8s.io/v1/leases', 'Lease'),
  kind(
    'admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
    false,
  ),
]

export const apiVersionOf = ({ group, version }: ResourceKind): string =>
  group ? `${group}/${version}` : version

export function kindNamed(name: string): ResourceKind {
  const found = resourceKinds.find((one) => one.kind === name)
  if (!found) throw new Error(`the fake API server has no kind ${name}`)
  return found
}
