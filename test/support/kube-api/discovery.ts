import { apiVersionOf, resourceKinds } from './resources.ts'

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const groups = [...new Set(resourceKinds.filter(({ group }) => group).map(apiVersionOf))]
const served = [...groups, 'metrics.k8s.io/v1beta1', 'authorization.k8s.io/v1']

/** What clients ask a server about itself; undefined: the path asks for something else. */
export function discovery(pathname: string): object | undefined {
  if (pathname === '/version') {
    return { major: '1', minor: '34', gitVersion: 'v1.34.0', platform: 'linux/amd64' }
  }
  if (pathname === '/api') return { kind: 'APIVersions', versions: ['v1'] }
  if (pathname === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: served.map(groupOf) }
  const groupVersion = /^\/(?:api|apis)\/(v1|[^/]+\/[^/]+)$/.exec(pathname)?.[1]
  if (groupVersion === undefined || !(groupVersion === 'v1' || served.includes(groupVersion)))
    return undefined
  const resources = resourceKinds
    .filter((kind) => apiVersionOf(kind) === groupVersion)
    .map(({ plural, kind, namespaced }) => ({ name: plural, singularName: '', namespaced, kind, verbs }))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }
}

function groupOf(groupVersion: string): object {
  const [name = '', version = ''] = groupVersion.split('/')
  const preferred = { groupVersion, version }
  return { name, versions: [preferred], preferredVersion: preferred }
}
