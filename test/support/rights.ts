import type { Manifest } from './helm.ts'
import type { Access } from './kube-api/faults.ts'

/** One verb on one resource, as the roles of a chart grant it to one account. */
export interface Grant {
  readonly verb: string
  readonly group: string
  readonly resource: string
  /** '': in the whole cluster. */
  readonly namespace: string
  /** '': whichever. */
  readonly name: string
}

interface Binding extends Manifest {
  readonly roleRef: { readonly kind: string; readonly name: string }
  readonly subjects: readonly { readonly name: string; readonly namespace: string }[]
}

export function grantsOf(manifests: readonly Manifest[], account: string): Grant[] {
  const bindings = manifests.filter((one): one is Binding => one.kind.endsWith('RoleBinding'))
  return bindings
    .filter(({ subjects }) => subjects.some(({ name }) => name === account))
    .flatMap(({ roleRef, metadata }) => {
      const { namespace = '' } = metadata
      const role = manifests.find(
        (one) =>
          one.kind === roleRef.kind &&
          one.metadata.name === roleRef.name &&
          (one.metadata.namespace ?? '') === namespace,
      )
      if (!role) throw new Error(`${metadata.name} binds ${roleRef.name}, which there is not`)
      return (role.rules ?? []).flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) =>
            verbs.flatMap((verb) =>
              resourceNames.map((name) => ({ verb, group, resource, namespace, name })),
            ),
          ),
        ),
      )
    })
}

const covers = (grant: Grant, access: Access): boolean =>
  grant.verb === access.verb &&
  grant.group === access.group &&
  grant.resource === access.resource &&
  (grant.namespace === '' || grant.namespace === access.namespace) &&
  (grant.name === '' || grant.name === access.name)

const text = ({ verb, group, resource, namespace, name }: Grant | Access): string =>
  [verb, group ? `${resource}.${group}` : resource, name, namespace && `in ${namespace}`]
    .filter((word) => word !== '')
    .join(' ')

/** What was granted and nobody asked for, and what was asked for and is not granted. */
export function compareRights(grants: readonly Grant[], accesses: readonly Access[]) {
  const list = (items: readonly (Grant | Access)[]) => [...new Set(items.map(text))].sort()
  return {
    unused: list(grants.filter((grant) => !accesses.some((access) => covers(grant, access)))),
    ungranted: list(accesses.filter((access) => !grants.some((grant) => covers(grant, access)))),
  }
}
