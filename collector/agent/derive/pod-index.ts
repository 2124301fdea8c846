import type { PodHints, PodIdentity, PodIndex } from '../../record/pod-identity.ts'
import type { ProjectedPod } from './projections.ts'
import type { Workload } from './workload.ts'

/**
 * Finds the pod that sends telemetry. An IP, and a name too, belongs to different pods at different times, so each is a
 * list of intervals: closed when the pod ends, kept for a while because its last spans arrive after it is gone.
 *
 *   10.0.0.7   [web-1 ────────)         [web-9 ─────────────▶        find(at) takes the newest that had begun
 *
 * Invariants: one open interval per address; closing a pod's interval never touches a newer owner's.
 * Limits: ended pods are forgotten after `retentionMs`, the oldest first beyond `endedPodsMax`.
 */
export interface PodIndexWriter extends PodIndex {
  put(pod: ProjectedPod, workload: Workload, nowMs: number): void
  remove(uid: string, nowMs: number): void
  /** Forgets a namespace at once, ended pods included. */
  forget(namespace: string): void
  readonly size: number
}

export interface PodIndexConfig {
  /** At least the two minutes within which spans of an ended pod may still arrive. */
  readonly retentionMs?: number
  readonly endedPodsMax?: number
}

interface Interval {
  readonly uid: string
  readonly fromMs: number
  toMs: number
}

interface Entry {
  identity: PodIdentity
  endedAtMs: number
  /** Keys of the intervals of this pod. */
  keys: ReadonlySet<string>
}

const open = Number.POSITIVE_INFINITY

export function createPodIndex(config: PodIndexConfig = {}): PodIndexWriter {
  const { retentionMs = 300_000, endedPodsMax = 20_000 } = config
  const entries = new Map<string, Entry>()
  const intervals = new Map<string, Interval[]>()
  /** uids in the order of their end. */
  const ended = new Set<string>()

  function hold(key: string, uid: string, fromMs: number): void {
    const owners = intervals.get(key) ?? []
    const present = owners.findLast((owner) => owner.toMs === open)
    // A pod that is on its way out may still report an address that a newer pod has already taken.
    const was = owners.some((owner) => owner.uid === uid)
    if (present?.uid === uid || (present && was)) return
    // Two running pods cannot share an address: we missed the end of the older one.
    if (present) present.toMs = Math.max(present.fromMs, fromMs)
    owners.push({ uid, fromMs, toMs: open })
    intervals.set(key, owners)
  }

  function close(key: string, uid: string, atMs: number): void {
    for (const owner of intervals.get(key) ?? [])
      if (owner.uid === uid && owner.toMs === open) owner.toMs = atMs
  }

  function drop(uid: string): void {
    const entry = entries.get(uid)
    entries.delete(uid)
    ended.delete(uid)
    for (const key of entry?.keys ?? []) {
      const left = intervals.get(key)?.filter((owner) => owner.uid !== uid) ?? []
      if (left.length > 0) intervals.set(key, left)
      else intervals.delete(key)
    }
  }

  function prune(nowMs: number): void {
    for (const uid of ended) {
      const endedAtMs = entries.get(uid)?.endedAtMs ?? 0
      if (ended.size <= endedPodsMax && nowMs - endedAtMs < retentionMs) return
      drop(uid)
    }
  }

  function ownerAt(key: string, atMs: number): PodIdentity | undefined {
    const owners = intervals.get(key)
    if (!owners) return undefined
    const begun = owners.findLast((owner) => owner.fromMs <= atMs && atMs <= owner.toMs + retentionMs)
    // A sender's clock may run behind ours: then the present owner is the likeliest.
    const owner = begun ?? owners.findLast((one) => one.toMs === open)
    return owner && entries.get(owner.uid)?.identity
  }

  return {
    get size() {
      return entries.size
    },
    put(pod, workload, nowMs) {
      const known = entries.get(pod.uid)
      const keys = new Set(keysOf(pod))
      for (const key of known?.keys ?? []) if (!keys.has(key)) close(key, pod.uid, nowMs)
      // Of a pod seen for the first time we do not know since when it holds its address: since its creation, at most.
      const fromMs = known ? nowMs : Math.min(pod.createdAtMs || nowMs, nowMs)
      for (const key of keys) hold(key, pod.uid, fromMs)
      const all = known ? new Set([...known.keys, ...keys]) : keys
      entries.set(pod.uid, { identity: identityOf(pod, workload), endedAtMs: open, keys: all })
      prune(nowMs)
    },
    remove(uid, nowMs) {
      const entry = entries.get(uid)
      if (entry && entry.endedAtMs === open) {
        for (const key of entry.keys) close(key, uid, nowMs)
        entry.endedAtMs = nowMs
        ended.add(uid)
      }
      prune(nowMs)
    },
    forget(namespace) {
      for (const [uid, entry] of entries) if (entry.identity.namespace === namespace) drop(uid)
    },
    find(hints, atMs) {
      const byUid = hints.podUid ? entries.get(hints.podUid)?.identity : undefined
      if (byUid) return byUid
      const peer = addressOf(hints.peerAddress)
      for (const key of keysOfHints(hints)) {
        const found = ownerAt(key, atMs)
        if (found) return found
      }
      const atPeer = peer ? ownerAt(`ip ${peer}`, atMs) : undefined
      if (!atPeer || !hints.hostName) return atPeer
      // A collector in the same namespace may forward for the pod that the host name names.
      return ownerAt(`name ${atPeer.namespace}/${hints.hostName}`, atMs) ?? atPeer
    },
  }
}

function keysOf(pod: ProjectedPod): string[] {
  const ids = pod.containerIds.map((id) => `container ${id}`)
  const name = `name ${pod.namespace}/${pod.name}`
  // An ended pod's address is free for others; the address of a host network pod is its node's, shared by many.
  const ipless = pod.hostNetwork || pod.phase === 'Succeeded' || pod.phase === 'Failed'
  return [...ids, name, ...(ipless ? [] : pod.podIps.map((ip) => `ip ${ip}`))]
}

function keysOfHints({ containerId, namespace, podName, podIp }: PodHints): string[] {
  const keys: string[] = []
  if (containerId) keys.push(`container ${containerId.replace(/^[a-z0-9.+-]+:\/\//, '')}`)
  if (namespace && podName) keys.push(`name ${namespace}/${podName}`)
  const ip = addressOf(podIp)
  if (ip) keys.push(`ip ${ip}`)
  return keys
}

/** Undefined for what is no pod's own address: loopback, and 127.0.0.6, from which mesh sidecars call. */
function addressOf(address: string | undefined): string | undefined {
  const plain = address?.replace(/^::ffff:/i, '')
  return !plain || plain.startsWith('127.') || plain === '::1' ? undefined : plain
}

function identityOf(pod: ProjectedPod, workload: Workload): PodIdentity {
  return {
    uid: pod.uid,
    name: pod.name,
    namespace: pod.namespace,
    node: pod.node,
    workloadKind: workload.kind,
    workloadName: workload.name,
    version: pod.version,
  }
}
