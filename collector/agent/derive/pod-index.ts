import { isDeepStrictEqual } from 'node:util'
import { type KnownPod, type PodHints, type PodIndex, podAddress } from '../../record/pod-identity.ts'
import type { ProjectedPod } from './projections.ts'
import type { Workload } from './workload.ts'

/**
 * Finds the pod that sends telemetry. An IP, and a name too, belongs to different pods at different times, so each is a
 * list of intervals: closed when the pod ends, kept for a while because its last spans arrive after it is gone.
 *
 *   10.0.0.7   [web-1 ────────)         [web-9 ─────────────▶        find(at) takes the newest that had begun
 *
 * Invariants: one open interval per key; closing a pod's interval never touches a newer owner's. We see the pods of
 * selected namespaces only, so an address is believed for a shorter time than a name: its next owner may be one that we
 * do not see. The processes of a Succeeded or Failed pod have ended, and its address with them.
 * Limits: ended pods, and containers that a pod had before, are forgotten after `retentionMs`, the oldest first beyond
 * `endedPodsMax` and `formerKeysMax`.
 */
export interface PodIndexWriter extends PodIndex {
  put(pod: ProjectedPod, workload: Workload, nowMs: number): void
  remove(uid: string, nowMs: number): void
  /** Forgets a namespace at once, ended pods included. */
  forget(namespace: string): void
  readonly size: number
}

export interface PodIndexConfig {
  /** How long an ended pod is known by uid, container and name. */
  readonly retentionMs?: number
  /** How long by its address: at least the two minutes within which its spans may still arrive. */
  readonly addressGraceMs?: number
  readonly endedPodsMax?: number
}

/** Never changed, only replaced: keys that a pod took at the same time share one. */
interface Interval {
  readonly uid: string
  readonly fromMs: number
  readonly toMs: number
}

/** Mostly a key has one owner, and there are four keys a pod: a list of one each would be a sixth of the index. */
type Owners = Interval | readonly Interval[]

interface Entry {
  identity: KnownPod
  createdAtMs: number
  endedAtMs: number
  /** Keys of the intervals of this pod, the former first. */
  keys: readonly string[]
}

const open = Number.POSITIVE_INFINITY
/** Containers that a restarting pod had, of which spans may still come. */
const formerKeysMax = 32

export function createPodIndex(config: PodIndexConfig = {}): PodIndexWriter {
  const { retentionMs = 300_000, addressGraceMs = 120_000, endedPodsMax = 20_000 } = config
  const entries = new Map<string, Entry>()
  const intervals = new Map<string, Owners>()
  /** uids in the order of their end. */
  const ended = new Set<string>()

  function ownersOf(key: string): readonly Interval[] {
    const owners = intervals.get(key)
    if (owners === undefined) return []
    return 'uid' in owners ? [owners] : owners
  }

  function setOwners(key: string, owners: readonly Interval[]): void {
    const [first] = owners
    if (first === undefined) intervals.delete(key)
    else intervals.set(key, owners.length === 1 ? first : owners)
  }

  function hold(key: string, pod: ProjectedPod, interval: Interval): void {
    const owners = ownersOf(key)
    const present = owners.findLast((owner) => owner.toMs === open)
    if (present?.uid === pod.uid) return
    if (!present) return setOwners(key, [...owners, interval])
    // A pod that is on its way out may still report an address that a newer pod has already taken.
    const was = owners.some((owner) => owner.uid === pod.uid)
    const seenFirst = !entries.has(pod.uid)
    const older = seenFirst && pod.createdAtMs < (entries.get(present.uid)?.createdAtMs ?? 0)
    if (was || older) return
    // Two running pods cannot share an address: the end of the older one has not reached us.
    const ended = { ...present, toMs: Math.max(present.fromMs, interval.fromMs) }
    setOwners(key, [...owners.map((owner) => (owner === present ? ended : owner)), interval])
  }

  function close(key: string, uid: string, atMs: number): void {
    const isOpen = (owner: Interval) => owner.uid === uid && owner.toMs === open
    const owners = ownersOf(key)
    if (!owners.some(isOpen)) return
    setOwners(
      key,
      owners.map((owner) => (isOpen(owner) ? { ...owner, toMs: atMs } : owner)),
    )
  }

  function release(key: string, uid: string): void {
    setOwners(
      key,
      ownersOf(key).filter((owner) => owner.uid !== uid),
    )
  }

  function drop(uid: string): void {
    for (const key of entries.get(uid)?.keys ?? []) release(key, uid)
    entries.delete(uid)
    ended.delete(uid)
  }

  /** The keys that the pod has lost and that still find it; the others are forgotten. */
  function formerKeys(uid: string, keys: ReadonlySet<string>, nowMs: number): string[] {
    const lost = [...(entries.get(uid)?.keys ?? [])].filter((key) => !keys.has(key))
    const finds = (key: string) =>
      ownersOf(key).some((owner) => owner.uid === uid && nowMs <= owner.toMs + retentionMs)
    const kept = lost.filter(finds).slice(-formerKeysMax)
    for (const key of lost) if (!kept.includes(key)) release(key, uid)
    return kept
  }

  /** The pod has these keys, and no others. */
  function holdsJust(keys: ReadonlySet<string>, uid: string): boolean {
    const known = entries.get(uid)?.keys ?? []
    const isHeld = (key: string) => ownersOf(key).some((owner) => owner.uid === uid && owner.toMs === open)
    return known.length === keys.size && known.every((key) => keys.has(key) && isHeld(key))
  }

  function prune(nowMs: number): void {
    for (const uid of ended) {
      const endedAtMs = entries.get(uid)?.endedAtMs ?? 0
      if (ended.size <= endedPodsMax && nowMs - endedAtMs < retentionMs) return
      drop(uid)
    }
  }

  function ownerAt(key: string, atMs: number): KnownPod | undefined {
    const owners = ownersOf(key)
    const graceMs = isAddress(key) ? addressGraceMs : retentionMs
    const begun = owners.findLast((owner) => owner.fromMs <= atMs && atMs <= owner.toMs + graceMs)
    // The clock of the API server, by which pods are created, may run before ours: the present owner is the likeliest.
    const owner = begun ?? owners.findLast((one) => one.toMs === open)
    return owner && entries.get(owner.uid)?.identity
  }

  return {
    get size() {
      return entries.size
    },
    put(pod, workload, nowMs) {
      const known = entries.get(pod.uid)
      const identity = identityOf(pod, workload)
      const keys = new Set(keysOf(pod))
      // Most updates of a pod change nothing of it that stands here.
      if (known && isDeepStrictEqual(known.identity, identity) && holdsJust(keys, pod.uid))
        return prune(nowMs)
      for (const key of known?.keys ?? []) {
        if (hasEnded(pod) && isAddress(key)) release(key, pod.uid)
        else if (!keys.has(key)) close(key, pod.uid, nowMs)
      }
      ended.delete(pod.uid)
      // Of a pod seen for the first time we do not know since when it holds its address: since its creation, at most.
      const fromMs = known ? nowMs : Math.min(pod.createdAtMs || nowMs, nowMs)
      const interval: Interval = { uid: pod.uid, fromMs, toMs: open }
      for (const key of keys) hold(key, pod, interval)
      entries.set(pod.uid, {
        identity,
        createdAtMs: pod.createdAtMs,
        endedAtMs: open,
        keys: [...formerKeys(pod.uid, keys, nowMs), ...keys],
      })
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
      const peer = podAddress(hints.peerAddress)
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

const hasEnded = ({ phase }: ProjectedPod) => phase === 'Succeeded' || phase === 'Failed'

const isAddress = (key: string) => key.startsWith('ip ')

/** Keys: a container's id as the pod has it (a text of its own for each would double them), `name ` or `ip ` and the rest. */

function keysOf(pod: ProjectedPod): string[] {
  const name = `name ${pod.namespace}/${pod.name}`
  // An ended pod's address is free for others; the address of a host network pod is its node's, shared by many.
  const ipless = pod.hostNetwork || hasEnded(pod)
  return [...pod.containerIds, name, ...(ipless ? [] : pod.podIps.map((ip) => `ip ${ip}`))]
}

function keysOfHints({ containerId, namespace, podName, podIp }: PodHints): string[] {
  const keys: string[] = []
  if (containerId && !containerId.includes(' ')) keys.push(containerId.replace(/^[a-z0-9.+-]+:\/\//, ''))
  if (namespace && podName) keys.push(`name ${namespace}/${podName}`)
  const ip = podAddress(podIp)
  if (ip) keys.push(`ip ${ip}`)
  return keys
}

const noAttributes = {}

function identityOf(pod: ProjectedPod, workload: Workload): KnownPod {
  const apps = pod.containers.filter((one) => !one.init)
  return {
    uid: pod.uid,
    name: pod.name,
    namespace: pod.namespace,
    node: pod.node,
    workloadKind: workload.kind,
    workloadName: workload.name,
    version: pod.version,
    container: apps.length === 1 ? (apps[0]?.name ?? '') : '',
    labels: pod.labels,
    resourceAttributes: pod.resourceAttributes ?? noAttributes,
  }
}
