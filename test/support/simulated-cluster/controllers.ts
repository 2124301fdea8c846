import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi } from '../kube-api/server.ts'
import type { Admission } from './admission.ts'
import type { RecordEvent } from './events.ts'
import { isReady, type Place, podAt } from './place.ts'
import { bornAt } from './pod-life.ts'
import { controllerOf, type EnvVar, podOf, replicaSetOf } from './pod-spec.ts'
import { nodes, type Workload } from './workloads.ts'

/** The part of the Deployment, StatefulSet and DaemonSet controllers: as many pods as are wanted, of the wanted version. */
export interface Controllers {
  readonly places: readonly Place[]
  deploy(workload: Workload): void
  /** One step towards what the API objects want, for every workload. */
  reconcile(): void
  /** Gives a Deployment its next version, as a team's pipeline would. */
  release(name: string): void
  scale(name: string, replicas: number): void
  replicasOf(name: string): number
}

export interface ControllersDeps {
  readonly api: FakeKubeApi
  readonly record: RecordEvent
  readonly admission: Admission
  readonly terminate: (place: Place) => void
  readonly forget: (place: Place) => void
  readonly environment: (workload: Workload) => readonly EnvVar[]
  readonly nowMs: () => number
  readonly random: () => number
}

/** As `revisionHistoryLimit`, which is 10 in real clusters. */
const oldReplicaSetsMax = 2

interface Managed {
  workload: Workload
  /** Of the current version: the ReplicaSet, or the StatefulSet or DaemonSet itself. */
  ownerName: string
  revision: number
  /** When the current version's rollout began, and whether all of it has been available. */
  sinceMs: number
  isRolledOut: boolean
}

/** As `progressDeadlineSeconds`, which is 600 in real clusters. */
const progressDeadlineMs = 60_000

export function createControllers(deps: ControllersDeps): Controllers {
  const { api, record, admission, terminate, forget, environment, nowMs, random } = deps
  const managed: Managed[] = []
  const places: Place[] = []

  const suffix = (length: number) =>
    Array.from({ length }, () => 'bcdfghjklmnpqrstvwxz2456789'[Math.floor(random() * 27)] ?? 'b').join('')
  const find = (name: string) => managed.find(({ workload }) => workload.name === name)
  const controller = ({ workload: { owner, namespace, name } }: Managed) =>
    api.get(owner, { namespace, name })
  const ownerKind = ({ owner }: Workload) => (owner === 'Deployment' ? 'ReplicaSet' : owner)
  const mine = ({ workload: { namespace, name } }: Managed) =>
    places.filter(({ workload }) => workload.namespace === namespace && workload.name === name)
  const isLeaving = ({ life }: Place) => life.stage === 'terminating'

  function newReplicaSet(one: Managed, deployment: KubeObject): void {
    one.revision++
    const replicaSet = replicaSetOf(one.workload, { deployment, hash: suffix(9), revision: one.revision })
    one.ownerName = api.create('ReplicaSet', replicaSet).metadata.name
    one.sinceMs = nowMs()
    one.isRolledOut = false
    const { namespace, name } = deployment.metadata
    const annotations = { 'deployment.kubernetes.io/revision': String(one.revision) }
    api.patch('Deployment', { namespace: namespace ?? '', name }, { metadata: { annotations } })
  }

  function addPod(one: Managed): void {
    const { workload, ownerName } = one
    const owner = api.get(ownerKind(workload), { namespace: workload.namespace, name: ownerName })
    if (!owner) return
    const taken = mine(one).map(({ ordinal }) => ordinal)
    const ordinal = [...taken.keys(), taken.length].find((free) => !taken.includes(free)) ?? taken.length
    const name = `${ownerName}-${workload.owner === 'StatefulSet' ? ordinal : suffix(5)}`
    const made = podOf(workload, { owner, name })
    const pod = api.create('Pod', admission.admit(made, { kind: workload.owner, name: workload.name }))
    const statefulSet = workload.owner === 'StatefulSet'
    record(owner, {
      type: 'Normal',
      reason: 'SuccessfulCreate',
      message: statefulSet
        ? `create Pod ${name} in StatefulSet ${ownerName} successful`
        : `Created pod: ${name}`,
      component: `${ownerKind(workload).toLowerCase()}-controller`,
    })
    const node = nodes[workload.owner === 'DaemonSet' ? ordinal % nodes.length : places.length % nodes.length]
    places.push({
      workload,
      ordinal,
      node: node ?? nodes[0],
      name: pod.metadata.name,
      ownerName,
      life: bornAt(nowMs() + Math.round(random() * 800)),
      process: undefined,
    })
  }

  function resize(
    one: Managed,
    ownerName: string,
    { from, to }: { readonly from: number; readonly to: number },
  ): void {
    const deployment = controller(one)
    if (one.workload.owner !== 'Deployment' || !deployment) return
    const where = { namespace: one.workload.namespace, name: ownerName }
    if (api.get('ReplicaSet', where)) api.patch('ReplicaSet', where, { spec: { replicas: to } })
    record(deployment, {
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message: `Scaled ${to > from ? 'up' : 'down'} replica set ${ownerName} from ${from} to ${to}`,
      component: 'deployment-controller',
    })
  }

  /** Surge by one, and one old pod goes when all new ones are ready. */
  function step(one: Managed): void {
    const object = controller(one)
    if (!object) {
      for (const place of mine(one)) terminate(place)
      return
    }
    const wanted = wantedOf(one.workload, object)
    const staying = mine(one).filter((place) => !isLeaving(place))
    const current = staying.filter(({ ownerName }) => ownerName === one.ownerName)
    const old = staying.filter(({ ownerName }) => ownerName !== one.ownerName)
    if (current.length > wanted) {
      resize(one, one.ownerName, { from: current.length, to: wanted })
      for (const place of current.slice(wanted)) terminate(place)
      return
    }
    const [leaving] = old
    const allReady = current.every((place) => isReady(podAt(api, place)))
    if (leaving && staying.length > wanted && allReady) {
      resize(one, leaving.ownerName, { from: old.length, to: old.length - 1 })
      terminate(leaving)
      return
    }
    const next = old.length > 0 ? Math.min(wanted, current.length + (allReady ? 1 : 0)) : wanted
    if (next <= current.length) return
    resize(one, one.ownerName, { from: current.length, to: next })
    for (let missing = next - current.length; missing > 0; missing--) addPod(one)
  }

  function dropGone(): void {
    for (const place of places.filter((one) => !podAt(api, one))) {
      forget(place)
      places.splice(places.indexOf(place), 1)
    }
  }

  function writeStatus(one: Managed): void {
    const { workload } = one
    const object = controller(one)
    if (!object) return
    const staying = mine(one).filter((place) => !isLeaving(place))
    const readyOf = (list: readonly Place[]) => list.filter((place) => isReady(podAt(api, place))).length
    const current = staying.filter(({ ownerName }) => ownerName === one.ownerName)
    const wanted = wantedOf(workload, object)
    const ready = readyOf(staying)
    one.isRolledOut ||= current.length >= wanted && ready >= wanted && staying.length === current.length
    api.patch(
      workload.owner,
      { namespace: workload.namespace, name: workload.name },
      {
        status: statusOf(workload, {
          total: staying.length,
          updated: current.length,
          ready,
          wanted,
          generation: object.metadata.generation,
          progress: one.isRolledOut
            ? 'NewReplicaSetAvailable'
            : nowMs() - one.sinceMs > progressDeadlineMs
              ? 'ProgressDeadlineExceeded'
              : 'ReplicaSetUpdated',
        }),
      },
    )
    if (workload.owner !== 'Deployment') return
    for (const { metadata } of replicaSetsOf(one)) {
      const pods = staying.filter(({ ownerName }) => ownerName === metadata.name)
      const status = { replicas: pods.length, readyReplicas: readyOf(pods) }
      api.patch('ReplicaSet', { namespace: workload.namespace, name: metadata.name }, { status })
    }
  }

  function replicaSetsOf({ workload }: Managed): KubeObject[] {
    return api.list('ReplicaSet', workload.namespace).filter(({ metadata }) => {
      const [owner] = (metadata.ownerReferences ?? []) as { name?: string }[]
      return owner?.name === workload.name
    })
  }

  return {
    places,
    deploy(workload) {
      const object = api.create(workload.owner, controllerOf(workload, environment(workload)))
      const one: Managed = {
        workload,
        ownerName: workload.name,
        revision: 0,
        sinceMs: nowMs(),
        isRolledOut: false,
      }
      managed.push(one)
      if (workload.owner === 'Deployment') newReplicaSet(one, object)
      step(one)
    },
    reconcile() {
      dropGone()
      for (const one of managed) {
        if (!api.get('Namespace', { name: one.workload.namespace })) continue
        step(one)
        writeStatus(one)
      }
    },
    release(name) {
      const one = find(name)
      if (!one || !controller(one)) return
      const { workload } = one
      const version = nextVersion(workload.version)
      one.workload = { ...workload, version, image: workload.image.replace(/:[^:]*$/, `:${version}`) }
      const { spec } = controllerOf(one.workload, environment(one.workload)) as unknown as {
        spec: { template: object; selector: object }
      }
      const deployment = api.patch(
        'Deployment',
        { namespace: workload.namespace, name },
        {
          metadata: { labels: { version } },
          spec: { template: spec.template },
        },
      )
      newReplicaSet(one, deployment)
      const outdated = replicaSetsOf(one).slice(0, -(oldReplicaSetsMax + 1))
      for (const { metadata } of outdated)
        api.remove('ReplicaSet', { namespace: workload.namespace, name: metadata.name })
    },
    scale(name, replicas) {
      const one = find(name)
      if (one && controller(one)) {
        api.patch(one.workload.owner, { namespace: one.workload.namespace, name }, { spec: { replicas } })
      }
    },
    replicasOf(name) {
      const one = find(name)
      const object = one && controller(one)
      return one && object ? wantedOf(one.workload, object) : 0
    },
  }
}

function wantedOf(workload: Workload, object: KubeObject): number {
  if (workload.owner === 'DaemonSet') return nodes.length
  const { replicas } = object['spec'] as { replicas?: number }
  return replicas ?? 1
}

interface Counts {
  readonly total: number
  readonly updated: number
  readonly ready: number
  readonly wanted: number
  readonly generation: number | undefined
  readonly progress: 'ReplicaSetUpdated' | 'NewReplicaSetAvailable' | 'ProgressDeadlineExceeded'
}

function statusOf(
  { owner }: Workload,
  { total, updated, ready, wanted, generation, progress }: Counts,
): object {
  const observed = { observedGeneration: generation ?? 1 }
  if (owner === 'DaemonSet') {
    const counts = { desiredNumberScheduled: wanted, currentNumberScheduled: total, numberReady: ready }
    return {
      ...observed,
      ...counts,
      updatedNumberScheduled: updated,
      numberAvailable: ready,
      numberMisscheduled: 0,
    }
  }
  const counts = {
    ...observed,
    replicas: total,
    updatedReplicas: updated,
    readyReplicas: ready,
    availableReplicas: ready,
  }
  if (owner === 'StatefulSet') return { ...counts, currentRevision: 'r1', updateRevision: 'r1' }
  return {
    ...counts,
    unavailableReplicas: Math.max(0, wanted - ready),
    conditions: [
      { type: 'Available', status: ready >= wanted ? 'True' : 'False' },
      {
        type: 'Progressing',
        status: progress === 'ProgressDeadlineExceeded' ? 'False' : 'True',
        reason: progress,
      },
    ],
  }
}

function nextVersion(version: string): string {
  const [major = '1', minor = '0', patch = '0'] = version.split('.')
  return `${major}.${minor}.${Number(patch) + 1}`
}
