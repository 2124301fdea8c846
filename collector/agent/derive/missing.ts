import type { FindingId } from '../../record/kube-facts.ts'

export type MissingId = Extract<FindingId, 'missing-secret' | 'missing-config-map' | 'missing-claim'>

/** What a pod waits for and is not there, by finding: names, with the key where only the key is missing. */
export type Missing = { readonly [id in MissingId]?: readonly string[] }

const ids: Readonly<Record<string, MissingId>> = {
  secret: 'missing-secret',
  configmap: 'missing-config-map',
  persistentvolumeclaim: 'missing-claim',
}

/**
 * Reads it out of what the kubelet and the scheduler say: nobody has to read Secrets for that, and what is `optional` is never
 * complained of. Messages: kubernetes/kubernetes pkg/kubelet/kubelet_pods.go, pkg/volume/{secret,configmap,projected},
 * pkg/scheduler/framework/plugins/volumebinding.
 */
export function missingIn(message: string): Missing {
  const found = new Map<MissingId, Set<string>>()
  const add = (kind: string, name: string) => {
    const id = ids[kind.toLowerCase()]
    if (id) found.set(id, (found.get(id) ?? new Set()).add(name))
  }
  // `secret "tls" not found`, also within the list of a projected volume
  for (const [, kind = '', name = ''] of message.matchAll(
    /\b(secret|configmap|persistentvolumeclaim) "([^"]+)" not found/gi,
  ))
    add(kind, name)
  // `couldn't find key PASSWORD in Secret shop/database`
  for (const [, key = '', kind = '', name = ''] of message.matchAll(
    /\bcouldn't find key (\S+) in (secret|configmap) [^/\s]+\/(\S+?)(?=[\s,;\]]|$)/gi,
  ))
    add(kind, `${name} (key ${key})`)
  // `references non-existent secret key: tls.crt`, of a volume that the message names
  const volume = /\bfor volume "([^"]+)"/.exec(message)?.[1]
  for (const [, kind = '', key = ''] of message.matchAll(
    /\breferences non-existent (secret|config) key: ([^\s,;\]]+)/gi,
  ))
    add(kind === 'config' ? 'configmap' : kind, `${volume ? `volume ${volume} ` : ''}(key ${key})`)
  // `Unable to retrieve some image pull secrets (regcred, other); …`
  for (const name of /\bimage pull secrets \(([^)]+)\)/.exec(message)?.[1]?.split(/,\s*/) ?? [])
    add('secret', name)
  return Object.fromEntries([...found].map(([id, names]) => [id, [...names]]))
}

export function mergeMissing(...all: readonly Missing[]): Missing {
  const merged: { [id in MissingId]?: string[] } = {}
  for (const id of Object.values(ids)) {
    const names = [...new Set(all.flatMap((one) => one[id] ?? []))]
    if (names.length > 0) merged[id] = names
  }
  return merged
}
