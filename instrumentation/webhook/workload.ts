import type { Pod } from './pod.ts'

export interface Workload {
  readonly kind: string
  /** '' where it is not known before the API server has named the pod. */
  readonly name: string
}

/**
 * What a pod belongs to, the top of the chain first, by names alone: nothing can be looked up here. As the agent infers it
 * (collector/agent/derive/workload.ts): ReplicaSets of Deployments end in the hash of the pod template, Jobs of CronJobs in
 * the minute they were scheduled for.
 */
export function workloadsOf({ metadata }: Pod): readonly [Workload, ...Workload[]] {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return [{ kind: 'Pod', name: metadata.name || (metadata.generateName ?? '').replace(/-$/, '') }]
  const { kind, name } = owner
  const own = { kind, name }
  if (kind === 'ReplicaSet')
    for (const [label, parent] of templateHashes) {
      const hash = metadata.labels?.[label]
      if (hash && name.endsWith(`-${hash}`))
        return [{ kind: parent, name: name.slice(0, -hash.length - 1) }, own]
    }
  const scheduled = kind === 'Job' ? /^(.+)-\d{8}$/.exec(name)?.[1] : undefined
  return scheduled ? [{ kind: 'CronJob', name: scheduled }, own] : [own]
}

const templateHashes = [
  ['pod-template-hash', 'Deployment'],
  ['rollouts-pod-template-hash', 'Rollout'],
] as const

/** In the order of the agent; undefined: the pod names itself, at its start. */
export function serviceNameOf(pod: Pod, fromLabels: boolean): string | undefined {
  const { annotations = {}, labels = {} } = pod.metadata
  const labelled = labels['app.kubernetes.io/instance'] || labels['app.kubernetes.io/name']
  return (
    annotations['resource.opentelemetry.io/service.name'] ||
    (fromLabels ? labelled : '') ||
    workloadsOf(pod)[0].name ||
    undefined
  )
}
