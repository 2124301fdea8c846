import type { FindingRow, ObjectCountRow } from '../query/inventory.ts'
import type { WorkloadListRow } from '../query/workloads.ts'
import type { Finding, Inventory } from './schema/clusters.ts'
import type { Severity } from './schema/common.ts'

interface FindingKind {
  readonly id: string
  readonly title: string
  readonly severity: Severity
  readonly hint: string
}

/** What the inventory looks for, worst first. */
const findingKinds: readonly FindingKind[] = [
  {
    id: 'crash-looping',
    title: 'Pods in a crash loop',
    severity: 'error',
    hint: 'Look at the last exit code and the log of the previous container: kubectl logs --previous <pod>.',
  },
  {
    id: 'image-pull',
    title: 'Images that cannot be pulled',
    severity: 'error',
    hint: 'Check the image name and tag, that the registry is reachable, and the imagePullSecrets of the pod.',
  },
  {
    id: 'pending-long',
    title: 'Pods pending for more than 5 minutes',
    severity: 'error',
    hint: 'Read the FailedScheduling and FailedMount events of the pod: too little free CPU or memory, a taint, an unbound claim, a missing Secret or ConfigMap.',
  },
  {
    id: 'evicted',
    title: 'Evicted pods',
    severity: 'warning',
    hint: 'The node ran out of memory or disk: set requests near real use, then delete the evicted pods.',
  },
  {
    id: 'not-ready',
    title: 'Running pods that are not ready',
    severity: 'warning',
    hint: 'The readiness probe fails: no traffic reaches the pod. See its Unhealthy events for the answer of the probe.',
  },
  {
    id: 'workload-not-ready',
    title: 'Workloads with missing replicas',
    severity: 'warning',
    hint: 'Fewer replicas are ready than asked for. Open the workload’s pods for the reason.',
  },
  {
    id: 'privileged',
    title: 'Privileged containers',
    severity: 'warning',
    hint: 'Drop securityContext.privileged and add only the capabilities that are needed.',
  },
  {
    id: 'no-limits',
    title: 'Containers without CPU or memory limit',
    severity: 'warning',
    hint: 'Set resources.limits, at least for memory: without it one leak can take the whole node.',
  },
  {
    id: 'no-requests',
    title: 'Containers without CPU or memory request',
    severity: 'warning',
    hint: 'Set resources.requests: the scheduler cannot place what it does not know, and the pod is evicted first.',
  },
  {
    id: 'no-readiness-probe',
    title: 'Containers without readiness probe',
    severity: 'info',
    hint: 'Add a readinessProbe, so that traffic waits until the container can serve it.',
  },
  {
    id: 'no-liveness-probe',
    title: 'Containers without liveness probe',
    severity: 'info',
    hint: 'Add a livenessProbe, so that a container that hangs is restarted.',
  },
  {
    id: 'latest-tag',
    title: 'Images with tag latest or none',
    severity: 'info',
    hint: 'Use a version tag or digest: latest changes under a running release, and a rollback does nothing.',
  },
]

const listsByKind: Readonly<Record<string, string>> = { Pod: 'pods', Namespace: 'namespaces', Node: 'nodes' }

export function toInventory(rows: {
  readonly findings: readonly FindingRow[]
  readonly objects: readonly ObjectCountRow[]
  readonly workloads: readonly WorkloadListRow[]
}): Inventory {
  const pods = rows.objects.find((row) => row.kind === 'Pod')?.count ?? 0
  const degraded = rows.workloads.filter((row) => row.ready < row.desired)
  return {
    findings: findingKinds.flatMap((kind): Finding[] => {
      if (kind.id === 'workload-not-ready') {
        return degraded.length === 0 ? [] : [workloadFinding(kind, degraded, rows.workloads.length)]
      }
      const row = rows.findings.find((one) => one.id === kind.id)
      return row === undefined ? [] : [podFinding(kind, row, pods)]
    }),
    objects: rows.objects.map(({ kind, count, notReady }) => ({
      kind,
      count,
      notReady,
      rows: listsByKind[kind] ?? 'workloads',
    })),
  }
}

function podFinding(kind: FindingKind, { count, objects }: FindingRow, outOf: number): Finding {
  return {
    ...kind,
    count,
    outOf,
    objects: objects.map(([namespace, name, owner, detail]) => ({
      kind: 'Pod',
      namespace,
      name,
      owner,
      detail,
    })),
  }
}

function workloadFinding(kind: FindingKind, degraded: readonly WorkloadListRow[], outOf: number): Finding {
  return {
    ...kind,
    count: degraded.length,
    outOf,
    objects: degraded.slice(0, 200).map((row) => ({
      kind: row.kind,
      namespace: row.namespace,
      name: row.name,
      owner: '',
      detail: `${row.ready} of ${row.desired} ready`,
    })),
  }
}
