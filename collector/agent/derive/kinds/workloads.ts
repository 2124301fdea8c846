import { createHash } from 'node:crypto'
import type { ObjectCondition } from '../../../record/kube.ts'
import { annotation, type ProjectedMeta, projectMeta } from '../metadata.ts'
import { count, type Json, list, object, text, texts } from '../read.ts'
import { versionOf } from '../version.ts'
import { amounts, conditionsOf, type Described, facts, type PodTemplate } from './described.ts'

/** What keeps pods running: Deployment, StatefulSet, DaemonSet. Each is Available, Progressing or Degraded. */
export function projectDeployment(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const template = templateOf(meta, spec)
  const conditions = conditionsOf(status)
  const desired = replicasOf(spec)
  const available = count(status['availableReplicas'])
  const counts = { replicas: count(status['replicas']), updated: count(status['updatedReplicas']), available }
  return {
    kind: 'Deployment',
    ...meta,
    status: deploymentStatus({ desired, ...counts, seen: hasSeen(meta, status), conditions }),
    template,
    fields: {
      reason: conditions.find(isTrouble)?.reason ?? '',
      version: template.version,
      ready: available,
      desired,
      facts: facts('Deployment', {
        strategy: text(object(spec['strategy'])['type']),
        paused: spec['paused'] === true ? 'true' : '',
        images: template.images.join(', '),
      }),
      amounts: amounts('Deployment', {
        ...counts,
        unavailable: count(status['unavailableReplicas']),
        revision: count(Number(annotation(raw, 'deployment.kubernetes.io/revision'))),
      }),
      conditions,
    },
  }
}

export function projectStatefulSet(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const strategy = object(spec['updateStrategy'])
  const template = templateOf(meta, spec)
  const desired = replicasOf(spec)
  const ready = count(status['readyReplicas'])
  // Servers before 1.22 do not tell what is available.
  const available = 'availableReplicas' in status ? count(status['availableReplicas']) : ready
  const counts = { replicas: count(status['replicas']), updated: count(status['updatedReplicas']), available }
  const partition = count(object(strategy['rollingUpdate'])['partition'])
  const toUpdate = strategy['type'] === 'OnDelete' ? 0 : Math.max(0, desired - partition)
  const isUpdating =
    text(status['updateRevision']) !== text(status['currentRevision']) && counts.updated < toUpdate
  const isDone = hasSeen(meta, status) && !isUpdating && counts.replicas >= desired
  return {
    kind: 'StatefulSet',
    ...meta,
    status: !isDone ? 'Progressing' : available >= desired ? 'Available' : 'Degraded',
    template,
    fields: {
      version: template.version,
      ready,
      desired,
      facts: facts('StatefulSet', {
        strategy: text(strategy['type']),
        images: template.images.join(', '),
        serviceName: text(spec['serviceName']),
      }),
      amounts: amounts('StatefulSet', counts),
      conditions: conditionsOf(status),
    },
  }
}

export function projectDaemonSet(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const strategy = text(object(spec['updateStrategy'])['type'])
  const template = templateOf(meta, spec)
  const desired = count(status['desiredNumberScheduled'])
  const scheduled = count(status['currentNumberScheduled'])
  const updated = count(status['updatedNumberScheduled'])
  const available = count(status['numberAvailable'])
  const isUpdated = strategy === 'OnDelete' || updated >= desired
  const isDone = hasSeen(meta, status) && isUpdated && scheduled >= desired
  return {
    kind: 'DaemonSet',
    ...meta,
    status: !isDone ? 'Progressing' : available >= desired ? 'Available' : 'Degraded',
    template,
    fields: {
      version: template.version,
      ready: count(status['numberReady']),
      desired,
      facts: facts('DaemonSet', { strategy, images: template.images.join(', ') }),
      amounts: amounts('DaemonSet', {
        scheduled,
        updated,
        available,
        misscheduled: count(status['numberMisscheduled']),
      }),
      conditions: conditionsOf(status),
    },
  }
}

function replicasOf(spec: Json): number {
  return typeof spec['replicas'] === 'number' ? count(spec['replicas']) : 1
}

/** What the status says is about the specification as it is now. */
function hasSeen(meta: ProjectedMeta, status: Json): boolean {
  return count(status['observedGeneration']) >= meta.generation
}

interface DeploymentCounts {
  readonly desired: number
  readonly replicas: number
  readonly updated: number
  readonly available: number
  readonly seen: boolean
  readonly conditions: readonly ObjectCondition[]
}

function deploymentStatus(counts: DeploymentCounts): string {
  const { desired, replicas, updated, available, seen, conditions } = counts
  if (conditions.some(isTrouble)) return 'Degraded'
  if (!seen || updated < desired || replicas > updated) return 'Progressing'
  if (available >= desired) return 'Available'
  // A finished rollout that lost pods is in trouble; one that is still waiting for its new pods is not yet.
  const progress = conditions.find((one) => one.type === 'Progressing')
  return progress?.reason === 'NewReplicaSetAvailable' ? 'Degraded' : 'Progressing'
}

export function isTrouble({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return (type === 'ReplicaFailure' && status === 'True') || (type === 'Progressing' && status === 'False')
}

function templateOf(meta: ProjectedMeta, spec: Json): PodTemplate {
  const template = object(spec['template'])
  return {
    ...whatRuns(meta, spec),
    hash: createHash('sha1').update(JSON.stringify(template)).digest('base64url').slice(0, 16),
    restartedAt: annotation(template, 'kubectl.kubernetes.io/restartedAt'),
  }
}

/** Of a specification with a pod template. */
export function whatRuns(meta: ProjectedMeta, spec: Json): Pick<PodTemplate, 'images' | 'version'> {
  const template = object(spec['template'])
  const images = list(object(template['spec'])['containers']).map((one) => text(one['image']))
  const labels = { ...meta.labels, ...texts(object(template['metadata'])['labels']) }
  return { images, version: versionOf(labels, images) }
}
