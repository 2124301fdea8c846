import type { ContainerState, ObjectChange } from '../../record/kube.ts'
import type { Described, PodTemplate } from './kinds/described.ts'
import { type ProjectedObject, statusOf } from './object-state.ts'
import type { ProjectedPod } from './projections.ts'
import type { Workload } from './workload.ts'

export interface Transition<T extends ProjectedObject = ProjectedObject> {
  /** Undefined: seen for the first time. */
  readonly previous: T | undefined
  readonly next: T
  readonly deleted: boolean
  readonly workload: Workload
  /** When the previous status began; 0: unknown. */
  readonly previousSinceMs: number
  readonly nowMs: number
}

/** How far back a first sight of an object still tells its creation and last restart: as far as the events reach. */
export const backfillMs = 3_600_000

/**
 * What happened between two states of an object. Ids are deterministic, and times come from the object where it has them,
 * so that a relist or a second agent repeats a change instead of adding one. (Of a deletion nothing tells the time but
 * a write that made way for it, which objects without a grace have not: theirs is when it was seen.)
 */
export function deriveChanges(transition: Transition): ObjectChange[] {
  const { previous, next, deleted, nowMs } = transition
  const make = maker(transition)
  const changes: ObjectChange[] = []
  if (!previous && nowMs - next.createdAtMs <= backfillMs) {
    changes.push(make('created', 'created', { timeMs: next.createdAtMs || nowMs, to: statusOf(next) }))
  }
  if (next.kind === 'Pod') changes.push(...restarts(previous as ProjectedPod | undefined, next, nowMs, make))
  if (isDescribed(previous) && isDescribed(next)) changes.push(...rollouts(previous, next, make))
  if (deleted) {
    const timeMs = next.deletingAtMs > 0 ? changedMs(transition) : nowMs
    const previousDurationMs = heldMs(transition, timeMs)
    changes.push(make('deleted', 'deleted', { timeMs, from: statusOf(next), previousDurationMs }))
  } else if (previous && statusOf(previous) !== statusOf(next)) {
    // What slices make of a Service is no version of the Service.
    const version =
      next.kind === 'Service' ? `${next.resourceVersion}:${changedMs(transition)}` : next.resourceVersion
    changes.push(
      make('status', `status:${version}`, {
        from: statusOf(previous),
        to: statusOf(next),
        previousDurationMs: heldMs(transition, changedMs(transition)),
        ...troubleOf(next),
      }),
    )
  }
  return changes
}

type Make = (change: ObjectChange['change'], id: string, fields?: Partial<ObjectChange>) => ObjectChange

function maker(transition: Transition): Make {
  const { next, workload } = transition
  return (change, id, fields) => ({
    id: `${next.uid}:${id}`,
    kind: next.kind,
    namespace: next.kind === 'Namespace' ? next.name : next.namespace,
    name: next.name,
    uid: next.uid,
    workloadKind: workload.kind,
    workloadName: workload.name,
    timeMs: changedMs(transition),
    change,
    from: '',
    to: '',
    previousDurationMs: 0,
    container: '',
    exitCode: 0,
    reason: '',
    message: '',
    image: '',
    version: isDescribed(next) ? (next.fields.version ?? '') : 'version' in next ? next.version : '',
    replicas: isDescribed(next) ? (next.fields.desired ?? 0) : 'desired' in next ? next.desired : 0,
    ...fields,
  })
}

/** When the object became what it is: the same for every replica, where the API server tells it. */
function changedMs({ next, nowMs }: Transition): number {
  return next.changedAtMs || nowMs
}

function heldMs({ previousSinceMs }: Transition, untilMs: number): number {
  return previousSinceMs > 0 ? Math.max(0, untilMs - previousSinceMs) : 0
}

function troubleOf(next: ProjectedObject): Partial<ObjectChange> {
  if (isDescribed(next)) return conditionOf(next)
  if (next.kind !== 'Pod') return {}
  const container = next.containers.find((one) => one.reason !== '' && one.reason !== 'Completed')
  if (!container) return { reason: next.reason, message: next.message }
  return {
    container: container.name,
    image: container.image,
    reason: next.reason || container.reason,
    message: next.message || container.message,
    exitCode: container.exitCode ?? container.lastExitCode ?? 0,
  }
}

/** One change per container whose count rose, even by more than one: what lies between was never visible. */
function restarts(
  previous: ProjectedPod | undefined,
  next: ProjectedPod,
  nowMs: number,
  make: Make,
): ObjectChange[] {
  return next.containers.flatMap((container) => {
    const before = previous?.containers.find((one) => one.name === container.name)?.restarts ?? 0
    // The count falls back to 0 when a node loses its state: nothing restarted then.
    if (container.restarts <= before) return []
    if (!previous && nowMs - (container.lastFinishedAtMs ?? 0) > backfillMs) return []
    return [restartOf(container, previous ? before : container.restarts - 1, make)]
  })
}

function restartOf(container: ContainerState, before: number, make: Make) {
  return make('restart', `restart:${container.name}:${container.restarts}`, {
    ...(container.lastFinishedAtMs === undefined ? {} : { timeMs: container.lastFinishedAtMs }),
    from: String(before),
    to: String(container.restarts),
    container: container.name,
    exitCode: container.lastExitCode ?? 0,
    reason: container.lastReason ?? '',
    message: container.message,
    image: container.image,
  })
}

/** The condition that made the status: the one in trouble, else the one that tells how a rollout goes. */
function conditionOf({ fields }: Described): Partial<ObjectChange> {
  const { conditions = [], reason = '' } = fields
  const condition =
    conditions.find((one) => reason !== '' && one.reason === reason) ??
    conditions.find((one) => one.type === 'Progressing' || one.type === 'ReplicaFailure')
  return { reason: condition?.reason ?? reason, message: condition?.message ?? '' }
}

function isDescribed(object: ProjectedObject | undefined): object is Described {
  return object !== undefined && 'fields' in object
}

function rollouts(previous: Described, next: Described, make: Make): ObjectChange[] {
  if (next.kind === 'HorizontalPodAutoscaler') return scalings(previous, next, make)
  const changes: ObjectChange[] = []
  const image = next.template?.images[0] ?? ''
  if (previous.template && next.template && previous.template.hash !== next.template.hash) {
    const [from, to] = label(previous.template, next.template)
    const reason = rolloutReason(previous.template, next.template)
    changes.push(make('rollout', `rollout:${next.generation}`, { from, to, reason, image }))
  }
  // How many a DaemonSet wants follows from the nodes: nobody scaled it. Jobs and Services are not scaled at all.
  const isScaled = next.kind === 'Deployment' || next.kind === 'StatefulSet'
  if (isScaled && previous.fields.desired !== next.fields.desired) {
    const from = String(previous.fields.desired ?? 0)
    const to = String(next.fields.desired ?? 0)
    changes.push(make('scale', `scale:${next.generation}`, { from, to, image }))
  }
  return changes
}

/** What an autoscaler wants changes from its second look on: at first it knows nothing. */
function scalings(previous: Described, next: Described, make: Make): ObjectChange[] {
  const from = previous.fields.desired ?? 0
  const to = next.fields.desired ?? 0
  if (from === to || previous.status === 'Unknown') return []
  const able = next.fields.conditions?.find((one) => one.type === 'AbleToScale')
  const timeMs = next.fields.amounts?.['lastScaledAtMs']
  return [
    make('scale', `scale:${next.resourceVersion}`, {
      ...(timeMs === undefined ? {} : { timeMs }),
      from: String(from),
      to: String(to),
      reason: able?.reason ?? '',
      message: able?.message ?? '',
    }),
  ]
}

/** A rollout is named by its versions, or by its images where the version says nothing. */
function label(previous: PodTemplate, next: PodTemplate): [from: string, to: string] {
  if (previous.version !== next.version) return [previous.version, next.version]
  return [previous.images.join(', '), next.images.join(', ')]
}

function rolloutReason(previous: PodTemplate, next: PodTemplate): string {
  if (previous.images.join() !== next.images.join()) return 'image'
  if (previous.version !== next.version) return 'version'
  return previous.restartedAt !== next.restartedAt ? 'restart' : 'template'
}

/** Says that collection of a namespace began or ended, so that a screen does not show its pods as gone. */
export function scopeChange(
  change: 'collection-started' | 'collection-stopped',
  {
    kind,
    name,
    uid,
    reason,
    timeMs,
    installation,
  }: {
    /** Cluster: what has no such record of its own since then is not collected. */
    readonly kind: 'Namespace' | 'Cluster'
    readonly name: string
    readonly uid: string
    readonly reason: string
    readonly timeMs: number
    /** Of the agent: several may watch one cluster. */
    readonly installation: string
  },
): ObjectChange {
  return {
    id: `${uid || name}:${change}:${timeMs}`,
    kind,
    namespace: name,
    name,
    uid,
    workloadKind: 'Agent',
    workloadName: installation,
    timeMs,
    change,
    from: '',
    to: '',
    previousDurationMs: 0,
    container: '',
    exitCode: 0,
    reason,
    message: '',
    image: '',
    version: '',
    replicas: 0,
  }
}
