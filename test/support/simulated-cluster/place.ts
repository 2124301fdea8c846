import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi } from '../kube-api/server.ts'
import type { PodProcess } from './pod-process.ts'
import type { PodLife } from './pod-step.ts'
import type { Workload } from './workloads.ts'

/** Where one pod of a workload runs. */
export interface Place {
  readonly workload: Workload
  /** Decides the address. */
  readonly ordinal: number
  readonly node: string
  /** Of the pod. */
  readonly name: string
  /** The ReplicaSet, StatefulSet or DaemonSet that made the pod. */
  readonly ownerName: string
  life: PodLife
  process: PodProcess | undefined
}

export const podAt = (api: FakeKubeApi, { workload, name }: Place): KubeObject | undefined =>
  api.get('Pod', { namespace: workload.namespace, name })

export function isReady(pod: KubeObject | undefined): boolean {
  const { conditions } = (pod?.['status'] ?? {}) as { conditions?: { type: string; status: string }[] | null }
  return (conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
}
