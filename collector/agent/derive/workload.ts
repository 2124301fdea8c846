import type { Owner, ProjectedMeta } from './metadata.ts'

/** The top of an owner chain. */
export interface Workload {
  readonly kind: string
  readonly name: string
  /** Guessed from names, because an owner on the way is not ours to see. */
  readonly isInferred?: boolean
}

/** Looks an owner up in what we watch; undefined: not seen yet, or not ours to see. */
export type FindOwner = (owner: Owner, namespace: string) => Pick<ProjectedMeta, 'owner'> | undefined

const depthMax = 4

/**
 * Pod → ReplicaSet → Deployment, pod → Job → CronJob, or whatever controls the pod; a bare object is its own workload.
 * An owner we have not seen is inferred from its name: ReplicaSets of Deployments end in the pod template's hash, Jobs
 * of CronJobs in their scheduled minute.
 */
export function workloadOf(
  kind: string,
  object: Pick<ProjectedMeta, 'name' | 'namespace' | 'labels' | 'owner'>,
  findOwner: FindOwner,
): Workload {
  let current: Workload = { kind, name: object.name }
  let owner = object.owner
  for (let depth = 0; depth < depthMax && owner.kind !== ''; depth++) {
    current = { kind: owner.kind, name: owner.name }
    const known = findOwner(owner, object.namespace)
    if (!known) return infer(current, object.labels)
    owner = known.owner
  }
  return current
}

function infer(workload: Workload, labels: Readonly<Record<string, string>>): Workload {
  const hash = labels['pod-template-hash']
  if (workload.kind === 'ReplicaSet' && hash && workload.name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: workload.name.slice(0, -hash.length - 1), isInferred: true }
  }
  // The controller appends the scheduled time in minutes since 1970: eight digits until 2160.
  const scheduled = workload.kind === 'Job' ? /^(.+)-\d{8}$/.exec(workload.name) : null
  return scheduled?.[1] ? { kind: 'CronJob', name: scheduled[1], isInferred: true } : workload
}
