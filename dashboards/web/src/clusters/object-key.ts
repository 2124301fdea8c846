import type { ObjectRow } from '@binnacle/collector/api/objects'

export type ObjectKey = Pick<ObjectRow, 'kind' | 'namespace' | 'name'>

/** As the URL says which object is open: `StatefulSet/shop/postgres`, `Node//worker-1`. */
export function objectKeyText({ kind, namespace, name }: ObjectKey): string {
  return `${kind}/${namespace}/${name}`
}

export function parseObjectKey(text: string | undefined): ObjectKey | undefined {
  const [kind, namespace, name] = (text ?? '').split('/')
  return kind && namespace !== undefined && name ? { kind, namespace, name } : undefined
}

const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicaSet']

/** The page that shows objects of a kind, and what opens one there. */
export function placeOf(key: ObjectKey): {
  readonly path: '/pods' | '/workloads' | '/nodes' | '/objects' | '/inventory'
  readonly search: Readonly<Record<string, string>>
} {
  const { kind, namespace, name } = key
  const open = objectKeyText(key)
  if (kind === 'Pod') return { path: '/pods', search: { namespace, q: name, pod: name } }
  if (kind === 'Node') return { path: '/nodes', search: { open } }
  if (kind === 'Namespace') return { path: '/inventory', search: { namespace: name } }
  return workloadKinds.includes(kind)
    ? { path: '/workloads', search: { open } }
    : { path: '/objects', search: { kind, open } }
}
