import type { KubeRecord } from '../../collector/record/kube.ts'
import { type KubeObject, mergePatch } from '../support/kube-api/objects.ts'
import type { FakeKubeApi } from '../support/kube-api/server.ts'
import { pick, type Random } from './kube-faults.ts'

const homes = ['shop', 'größe', 'batch'].map((name) => name.replace('ö', 'oe').replace('ß', 'ss'))
const names = ['a', 'b', 'c']
const ips = ['10.0.0.1', '10.0.0.2', '10.0.0.3']
const workKinds = ['Pod', 'Pod', 'Pod', 'Event', 'Event', 'ReplicaSet', 'Deployment', 'Job'] as const
const kinds = [...workKinds, 'Service', 'EndpointSlice', 'ResourceQuota', 'PersistentVolumeClaim'] as const
export const mirroredKinds = ['Namespace', ...new Set(kinds)].filter((kind) => kind !== 'Event')

const label = 'binnacle.dev/collect'
const on = { metadata: { labels: { [label]: 'enabled' } } }
const off = { metadata: { labels: { [label]: null } } }

/** One thing that happens in the cluster. */
export function happen(api: FakeKubeApi, random: Random): void {
  const namespace = pick(random, homes)
  const home = api.get('Namespace', { name: namespace })
  if (!home) return void api.create('Namespace', { metadata: { name: namespace, ...on.metadata } })
  const dice = random()
  if (dice < 0.04) return api.remove('Namespace', { name: namespace })
  if (dice < 0.12) {
    const isOn = home.metadata.labels?.[label] === 'enabled'
    return void api.patch(
      'Namespace',
      { name: namespace },
      mergePatch(turn(random), isOn ? off : on) as object,
    )
  }
  if (dice < 0.14) return api.faults.expireEvents(random() * 500)
  change(api, random, namespace)
}

/** No two versions of an object are alike. */
const turn = (random: Random) => ({ metadata: { labels: { turn: String(random()) } } })

function change(api: FakeKubeApi, random: Random, namespace: string): void {
  const kind = pick(random, kinds)
  const where = { namespace, name: pick(random, names) }
  const current = api.get(kind, where)
  if (!current) return void api.create(kind, objectOf(kind, where, random))
  const dice = random()
  if (dice < 0.2) return api.remove(kind, where)
  if (dice < 0.4) {
    api.remove(kind, where)
    return void api.create(kind, objectOf(kind, where, random))
  }
  const late = kind === 'Pod' && !addressOf(current) && dice < 0.8 ? runs(api) : {}
  const again = kind === 'Event' ? { count: Number(current['count'] ?? 1) + 1 } : {}
  api.patch(kind, where, { ...turn(random), ...late, ...again })
}

/** The address comes late, and is one that another pod had a moment ago: the first that is free. */
function runs(api: FakeKubeApi): object {
  const taken = new Set(api.list('Pod').map(addressOf))
  const podIP = ips.find((ip) => !taken.has(ip))
  return podIP ? { status: { phase: 'Running', podIP } } : {}
}

const addressOf = (pod: KubeObject): string | undefined =>
  (pod['status'] as { podIP?: string } | undefined)?.podIP

function objectOf(
  kind: (typeof kinds)[number],
  where: { readonly namespace: string; readonly name: string },
  random: Random,
): KubeObject {
  const owned = random() < 0.5
  const metadata = {
    ...where,
    labels: { text: 'größe'.repeat(10) },
    ...(owned
      ? { ownerReferences: [{ kind: 'ReplicaSet', name: 'a', uid: 'owner', controller: true }] }
      : { ownerReferences: null as unknown as [] }),
    // A field that we have never heard of, and now and then an object as big as etcd allows.
    managedFields: [{ manager: random() < 0.02 ? 'm'.repeat(1_500_000) : 'kubelet' }],
  }
  switch (kind) {
    case 'Pod':
      return {
        metadata,
        spec: { containers: [{ name: 'main', image: 'web:1' }], neverHeardOf: { nested: [1] } },
        status: { phase: 'Pending', containerStatuses: null },
      }
    case 'Event':
      return {
        metadata,
        involvedObject: { kind: 'Pod', namespace: where.namespace, name: 'a' },
        reason: 'Started',
        type: 'Normal',
        count: 1,
        firstTimestamp: null,
        lastTimestamp: null,
        eventTime: new Date(Date.now() + (random() - 0.5) * 7_200_000).toISOString(),
      }
    case 'Service':
      return { metadata, spec: { selector: { app: where.name } } }
    case 'EndpointSlice': {
      const labels = { ...metadata.labels, 'kubernetes.io/service-name': pick(random, names) }
      return { metadata: { ...metadata, labels }, endpoints: random() < 0.5 ? [{}] : [] }
    }
    default:
      return { metadata, spec: { replicas: 1, template: { spec: { containers: null } } } }
  }
}

/** What whoever applies the records in their order comes to know. */
export interface Reader {
  apply(record: KubeRecord): void
  /** `Kind uid version`, sorted. */
  objects(): string[]
  /** `uid version` of every event that was told of. */
  readonly events: ReadonlySet<string>
  /** What must never be. */
  readonly complaints: string[]
  collected(): string[]
  /** The agent stopped: the next one begins with what it collects. */
  agentLeft(): void
}

export function createReader(): Reader {
  const objects = new Map<string, { readonly namespace: string; readonly line: string }>()
  const events = new Set<string>()
  const complaints: string[] = []
  const collected = new Set<string>()
  /** Collected by the agent before, and not heard of since. */
  const stale = new Set<string>()

  function forget(namespace: string): void {
    for (const [uid, one] of objects) if (one.namespace === namespace) objects.delete(uid)
  }

  function apply({ type, record }: KubeRecord): void {
    const { namespace } = record
    if (type === 'change' && record.kind === 'Cluster') {
      for (const one of stale) stop(one)
      return
    }
    if (type === 'change' && record.change === 'collection-started') {
      if (collected.has(namespace) && !stale.has(namespace)) complaints.push(`${namespace} started twice`)
      // What is still there is told of again.
      if (stale.delete(namespace)) forget(namespace)
      collected.add(namespace)
      return
    }
    if (!collected.has(namespace)) complaints.push(`${type} of ${namespace}, which is not collected`)
    if (type === 'event') events.add(`${record.uid} ${record.resourceVersion}`)
    if (type === 'object') {
      if (record.deleted) objects.delete(record.uid)
      else {
        const line = `${record.kind} ${record.uid} ${record.resourceVersion}`
        objects.set(record.uid, { namespace, line })
      }
    }
    if (type === 'change' && record.change === 'collection-stopped') stop(namespace)
  }

  function stop(namespace: string): void {
    collected.delete(namespace)
    stale.delete(namespace)
    forget(namespace)
  }

  return {
    apply,
    objects: () => [...objects.values()].map(({ line }) => line).sort(),
    events,
    complaints,
    collected: () => [...collected].sort(),
    agentLeft() {
      for (const namespace of collected) stale.add(namespace)
    },
  }
}

const isCollected = (api: FakeKubeApi, { kind, metadata }: KubeObject): boolean => {
  const name = kind === 'Namespace' ? metadata.name : (metadata.namespace ?? '')
  return api.get('Namespace', { name })?.metadata.labels?.[label] === 'enabled'
}

/** The same, as the server has it. */
export function objectsOf(api: FakeKubeApi): string[] {
  return mirroredKinds
    .flatMap((kind) => api.list(kind))
    .filter((object) => isCollected(api, object))
    .map(({ kind, metadata }) => `${kind} ${metadata.uid} ${metadata.resourceVersion}`)
    .sort()
}

export function collectedOf(api: FakeKubeApi): string[] {
  return api
    .list('Namespace')
    .filter((object) => isCollected(api, object))
    .map(({ metadata }) => metadata.name)
    .sort()
}

export function eventsOf(api: FakeKubeApi): string[] {
  return api
    .list('Event')
    .filter((event) => isCollected(api, event))
    .map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`)
}

/** Addresses in use, and the uids of the pods that have them. */
export function addressesOf(api: FakeKubeApi): [ip: string, uid: string][] {
  return api
    .list('Pod')
    .filter((pod) => isCollected(api, pod))
    .flatMap((pod) => {
      const ip = addressOf(pod)
      return ip && pod.metadata.uid ? [[ip, pod.metadata.uid]] : []
    })
}
