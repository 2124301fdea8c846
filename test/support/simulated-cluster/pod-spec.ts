import type { KubeObject } from '../kube-api/objects.ts'
import type { Workload } from './workloads.ts'

/** Objects of a workload, in the shape that real controllers give them. */
export function deploymentOf(workload: Workload): KubeObject {
  return {
    metadata: { name: workload.name, namespace: workload.namespace, labels: labelsOf(workload) },
    spec: {
      replicas: workload.replicas,
      selector: { matchLabels: { app: workload.app, version: workload.version } },
      template: templateOf(workload),
    },
    status: {
      replicas: 0,
      readyReplicas: 0,
      availableReplicas: 0,
      updatedReplicas: 0,
      observedGeneration: 1,
    },
  }
}

export function replicaSetOf(workload: Workload, deployment: KubeObject, hash: string): KubeObject {
  return {
    metadata: {
      name: `${workload.name}-${hash}`,
      namespace: workload.namespace,
      labels: { ...labelsOf(workload), 'pod-template-hash': hash },
      ownerReferences: [ownerOf(deployment, 'apps/v1')],
    },
    spec: { replicas: workload.replicas, template: templateOf(workload) },
    status: { replicas: workload.replicas, readyReplicas: 0 },
  }
}

export function podOf(workload: Workload, replicaSet: KubeObject, suffix: string): KubeObject {
  const { metadata, spec } = templateOf(workload)
  return {
    metadata: {
      name: `${replicaSet.metadata.name}-${suffix}`,
      namespace: workload.namespace,
      labels: {
        ...metadata.labels,
        'pod-template-hash': replicaSet.metadata.labels?.['pod-template-hash'] ?? '',
      },
      ownerReferences: [ownerOf(replicaSet, 'apps/v1')],
    },
    spec: structuredClone(spec),
    status: { phase: 'Pending', qosClass: qosOf(workload), conditions: [] },
  }
}

const labelsOf = ({ app, version }: Workload) => ({ app, version })

function templateOf(workload: Workload) {
  const { cpuRequestMillicores, cpuLimitMillicores, memoryRequestMiB, memoryLimitMiB } = workload
  const probe = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10 }
  return {
    metadata: { labels: labelsOf(workload) },
    spec: {
      containers: [
        {
          name: workload.app,
          image: workload.image,
          env: Object.entries(workload.env ?? {}).map(([name, value]) => ({ name, value })),
          resources: {
            requests: quantities(cpuRequestMillicores, memoryRequestMiB),
            limits: quantities(cpuLimitMillicores, memoryLimitMiB),
          },
          ...(workload.probes ? { readinessProbe: probe, livenessProbe: probe } : {}),
          ...(workload.privileged ? { securityContext: { privileged: true } } : {}),
        },
      ],
    },
  }
}

function quantities(millicores: number, mib: number): Record<string, string> {
  return { ...(millicores > 0 ? { cpu: `${millicores}m` } : {}), ...(mib > 0 ? { memory: `${mib}Mi` } : {}) }
}

function qosOf({
  cpuRequestMillicores,
  memoryRequestMiB,
  cpuLimitMillicores,
  memoryLimitMiB,
}: Workload): string {
  if (cpuRequestMillicores + memoryRequestMiB + cpuLimitMillicores + memoryLimitMiB === 0) return 'BestEffort'
  return cpuRequestMillicores === cpuLimitMillicores && memoryRequestMiB === memoryLimitMiB
    ? 'Guaranteed'
    : 'Burstable'
}

function ownerOf(owner: KubeObject, apiVersion: string) {
  return {
    apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
  }
}
