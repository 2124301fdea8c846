import type { KubeObject } from '../kube-api/objects.ts'
import type { CronJobSpec, Workload } from './workloads.ts'

/** Objects of a workload, in the shape that real controllers give them. */
export function controllerOf(workload: Workload, env: readonly EnvVar[]): KubeObject {
  return {
    metadata: { name: workload.name, namespace: workload.namespace, labels: labelsOf(workload) },
    spec: {
      ...(workload.owner === 'DaemonSet' ? {} : { replicas: workload.replicas }),
      selector: { matchLabels: { app: workload.app, version: workload.version } },
      template: templateOf(workload, env),
      ...(workload.owner === 'Deployment'
        ? { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }
        : { updateStrategy: { type: 'RollingUpdate' } }),
      ...(workload.owner === 'StatefulSet' ? { serviceName: workload.name } : {}),
    },
    status: {
      observedGeneration: 1,
      replicas: 0,
      readyReplicas: 0,
      availableReplicas: 0,
      updatedReplicas: 0,
    },
  }
}

export function replicaSetOf(
  workload: Workload,
  {
    deployment,
    hash,
    revision,
  }: { readonly deployment: KubeObject; readonly hash: string; readonly revision: number },
): KubeObject {
  const { template } = deployment['spec'] as { template: unknown }
  return {
    metadata: {
      name: `${workload.name}-${hash}`,
      namespace: workload.namespace,
      labels: { ...labelsOf(workload), 'pod-template-hash': hash },
      annotations: { 'deployment.kubernetes.io/revision': String(revision) },
      ownerReferences: [ownerOf(deployment)],
    },
    spec: { replicas: 0, template },
    status: { replicas: 0, readyReplicas: 0 },
  }
}

export function podOf(
  workload: Workload,
  { owner, name }: { readonly owner: KubeObject; readonly name: string },
): KubeObject {
  const { template } = owner['spec'] as { template: { spec: object } }
  const hash = owner.metadata.labels?.['pod-template-hash']
  return {
    metadata: {
      name,
      namespace: workload.namespace,
      labels: { ...labelsOf(workload), ...(hash ? { 'pod-template-hash': hash } : {}) },
      ownerReferences: [ownerOf(owner)],
    },
    spec: structuredClone(template.spec),
    status: { phase: 'Pending', qosClass: qosOf(workload), conditions: [] },
  }
}

export function cronJobOf({ namespace, name, everyMs }: CronJobSpec): KubeObject {
  return {
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      schedule: `*/${Math.max(1, Math.round(everyMs / 60_000))} * * * *`,
      concurrencyPolicy: 'Forbid',
      jobTemplate: { spec: jobSpecOf({ name, namespace }) },
    },
    status: {},
  }
}

export function jobOf(spec: CronJobSpec, cronJob: KubeObject, name: string): KubeObject {
  return {
    metadata: {
      name,
      namespace: spec.namespace,
      labels: { app: spec.name },
      ownerReferences: [ownerOf(cronJob)],
    },
    spec: jobSpecOf(spec),
    status: { active: 1 },
  }
}

function jobSpecOf({ name, namespace }: Pick<CronJobSpec, 'name' | 'namespace'>) {
  return {
    completions: 1,
    parallelism: 1,
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name,
            image: `registry.example/${namespace}/${name}:v1`,
            resources: { requests: { cpu: '200m', memory: '128Mi' }, limits: { memory: '256Mi' } },
          },
        ],
      },
    },
  }
}

export function ownerOf(owner: KubeObject): object {
  const { apiVersion, kind, metadata } = owner
  return {
    apiVersion,
    kind,
    name: metadata.name,
    uid: metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** An entry of `env`, literal or by the downward API. */
export type EnvVar =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } } }

const labelsOf = ({ app, version, canaryWeight, optsOut }: Workload) => ({
  app,
  version,
  ...(optsOut ? { 'binnacle.dev/inject': 'disabled' } : {}),
  ...(canaryWeight === undefined ? {} : { 'binnacle.dev/canary-weight': String(canaryWeight) }),
})

function templateOf(workload: Workload, env: readonly EnvVar[]) {
  const { cpuRequestMillicores, cpuLimitMillicores, memoryRequestMiB, memoryLimitMiB, behaviour } = workload
  const probe = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10 }
  const resources = {
    requests: quantities(cpuRequestMillicores, memoryRequestMiB),
    limits: quantities(cpuLimitMillicores, memoryLimitMiB),
  }
  return {
    metadata: { labels: labelsOf(workload) },
    spec: {
      restartPolicy: 'Always',
      ...(behaviour.type === 'init-failing'
        ? { initContainers: [{ name: 'schema', image: workload.image, resources }] }
        : {}),
      containers: [
        {
          name: workload.app,
          image: workload.image,
          ...(behaviour.type === 'process' ? { command: ['node', behaviour.program] } : {}),
          env,
          resources,
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
