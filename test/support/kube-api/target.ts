import { kindNamed, type ResourceKind, resourceKinds } from './resources.ts'

/** What a path means. */
export interface Target {
  readonly kind: ResourceKind
  /** '' for all namespaces or a cluster-scoped kind. */
  readonly namespace: string
  readonly name: string | undefined
  readonly subresource: 'status' | 'log' | undefined
}

const resourcePath =
  /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/(status|log))?$/
/** `/api/v1/namespaces/NAME` looks like the start of a namespaced path. */
const namespacePath = /^\/api\/v1\/namespaces\/([^/]+)(?:\/(status))?$/

export function targetOf(path: string): Target | undefined {
  const [, name, subresource] = namespacePath.exec(path) ?? []
  if (name !== undefined) {
    return {
      kind: kindNamed('Namespace'),
      namespace: '',
      name: decodeURIComponent(name),
      subresource: subresource === 'status' ? 'status' : undefined,
    }
  }
  return resourceTarget(path)
}

function resourceTarget(path: string): Target | undefined {
  const match = resourcePath.exec(path)
  if (!match) return undefined
  const [, core, group = '', version = core, namespace = '', plural, name, subresource] = match
  const kind = resourceKinds.find(
    (one) => one.group === group && one.version === version && one.plural === plural,
  )
  if (!kind || (namespace !== '' && !kind.namespaced)) return undefined
  if (subresource === 'log' && kind.kind !== 'Pod') return undefined
  return {
    kind,
    namespace: decodeURIComponent(namespace),
    name: name === undefined ? undefined : decodeURIComponent(name),
    subresource: subresource === 'status' || subresource === 'log' ? subresource : undefined,
  }
}

/** The verb that RBAC knows the request by. */
export function verbOf(method: string | undefined, target: Target, parameters: URLSearchParams): string {
  switch (method) {
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return target.name === undefined ? 'deletecollection' : 'delete'
    default:
      if (target.name !== undefined) return 'get'
      return isSet(parameters, 'watch') ? 'watch' : 'list'
  }
}

export const isSet = (parameters: URLSearchParams, name: string): boolean =>
  ['1', 'true'].includes(parameters.get(name) ?? '')
