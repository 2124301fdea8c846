import type { ContainerState } from '../../record/kube.ts'
import { findings } from './kinds/described.ts'
import { type Missing, mergeMissing, missingIn } from './missing.ts'
import type { ProjectedPod, Resources } from './projections.ts'

/**
 * What is careless about a pod, by its containers, and what it waits for in vain. `missing` is what events said of it.
 * A pod that has ended needs nothing; one that runs to an end needs no probes.
 */
export function podFindings(pod: ProjectedPod, missing: Missing = {}): Record<string, string> {
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed') return {}
  const lacking = (lacks: (container: ContainerState) => boolean) =>
    pod.containers
      .filter((one) => !one.init && lacks(one))
      .map((one) => one.name)
      .join(', ')
  const without = (key: keyof Resources) => (pod.resources?.[key] ? '' : lacking((one) => one[key] === 0))
  const serves = pod.owner.kind !== 'Job'
  const waits = pod.containers.filter((one) => one.state === 'waiting').map((one) => missingIn(one.message))
  const absent = mergeMissing(missing, missingIn(pod.message), ...waits)
  return findings({
    'no-cpu-request': without('cpuRequestMillicores'),
    'no-memory-request': without('memoryRequestBytes'),
    'no-cpu-limit': without('cpuLimitMillicores'),
    'no-memory-limit': without('memoryLimitBytes'),
    'no-readiness-probe': serves ? lacking((one) => !one.readinessProbe) : '',
    'no-liveness-probe': serves ? lacking((one) => !one.livenessProbe) : '',
    privileged: pod.containers
      .filter((one) => one.privileged)
      .map((one) => one.name)
      .join(', '),
    'missing-secret': absent['missing-secret']?.join(', '),
    'missing-config-map': absent['missing-config-map']?.join(', '),
    'missing-claim': absent['missing-claim']?.join(', '),
  })
}

/** Volumes are mounted and images pulled before the first container starts: until then events say what is missing. */
export function isGettingReady(pod: ProjectedPod): boolean {
  return (
    pod.phase === 'Pending' &&
    pod.containers.some((one) => one.state === 'waiting' || one.state === 'unknown')
  )
}
