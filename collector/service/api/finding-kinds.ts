import { type FindingKind, type FindingSeverity, findingKinds } from '../../record/kube-facts.ts'

/** What the service concludes from the state of objects (query/finding-sql.ts), beside the findings of the agent. */
const stateFindingKinds: Readonly<Record<string, FindingKind>> = {
  'crash-looping': {
    title: 'Pod in a crash loop',
    severity: 'error',
    hint: 'Look at the last exit code and the log of the previous container: kubectl logs --previous <pod>.',
  },
  'image-pull': {
    title: 'Image cannot be pulled',
    severity: 'error',
    hint: 'Check the image name and tag, that the registry is reachable, and the imagePullSecrets of the pod.',
  },
  'pending-long': {
    title: 'Pod pending for more than 5 minutes',
    severity: 'error',
    hint: 'Read the FailedScheduling and FailedMount events of the pod: too little free CPU or memory, a taint, an unbound claim, a missing Secret or ConfigMap.',
  },
  evicted: {
    title: 'Evicted pod',
    severity: 'warning',
    hint: 'The node ran out of memory or disk: set requests near real use, then delete the evicted pods.',
  },
  'not-ready': {
    title: 'Running pod that is not ready',
    severity: 'warning',
    hint: 'The readiness probe fails: no traffic reaches the pod. See its Unhealthy events for the answer of the probe.',
  },
  'workload-not-ready': {
    title: 'Workload with missing replicas',
    severity: 'warning',
    hint: 'Fewer replicas are ready than asked for. Open the workload’s pods for the reason.',
  },
  'node-not-ready': {
    title: 'Node not ready',
    severity: 'error',
    hint: 'Its kubelet does not report or says no: look at the conditions of the node, then at the machine.',
  },
  'node-cordoned': {
    title: 'Node cordoned',
    severity: 'info',
    hint: 'Nothing new is scheduled there: kubectl uncordon <node> when the maintenance is over.',
  },
}

const all: Readonly<Record<string, FindingKind>> = { ...findingKinds, ...stateFindingKinds }

const severities: readonly FindingSeverity[] = ['error', 'warning', 'info']

/** An id that a newer agent sends is shown as it is. */
export function findingKind(id: string): FindingKind {
  return all[id] ?? { title: id, severity: 'info', hint: '' }
}

/** Worst first. */
export function compareFindings(a: string, b: string): number {
  const rank = (id: string) => severities.indexOf(findingKind(id).severity)
  return rank(a) - rank(b) || findingKind(a).title.localeCompare(findingKind(b).title)
}

/**
 * Findings about a pod's template, which never changes in a pod's life: who has it now had it before, so that the number at
 * an earlier time is known from what was there then. Of all others the past is not kept.
 */
export const templateFindings: ReadonlySet<string> = new Set([
  ...['no-cpu-request', 'no-memory-request', 'no-cpu-limit', 'no-memory-limit'],
  ...['no-readiness-probe', 'no-liveness-probe', 'privileged'],
])

/** UI path relative to the cluster that lists the objects of these kinds with one of these findings. */
export function rowsOfFindings(kinds: readonly string[], findings: readonly string[]): string {
  const finding = findings.join()
  if (kinds.length === 1 && kinds[0] === 'Pod') return `pods?finding=${finding}`
  if (kinds.length === 1 && kinds[0] === 'Node') return `nodes?finding=${finding}`
  return `objects?kind=${kinds.join()}&finding=${finding}`
}
