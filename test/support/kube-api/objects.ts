import { randomUUID } from 'node:crypto'
import { apiVersionOf, type ResourceKind, resourceKinds } from './resources.ts'

/** A Kubernetes object as JSON; only its metadata matters to the server. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: Metadata
  [field: string]: unknown
}

export interface Metadata {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: unknown[]
  [field: string]: unknown
}

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubeObject
  readonly previous: KubeObject | undefined
  readonly version: bigint
}

/**
 * The objects of the fake API server: one resourceVersion counter for all types, a bounded history per type for watches,
 * and a notification per change.
 */
export class Objects {
  private readonly types = new Map<
    ResourceKind,
    { readonly objects: Map<string, KubeObject>; history: Change[] }
  >()
  private readonly listeners = new Set<(kind: ResourceKind, change: Change) => void>()
  private readonly nowMs: () => number
  private readonly historyMax: number
  version: bigint

  constructor({
    nowMs,
    historyMax,
    firstVersion,
  }: { nowMs: () => number; historyMax: number; firstVersion: bigint }) {
    this.nowMs = nowMs
    this.historyMax = historyMax
    this.version = firstVersion
    for (const kind of resourceKinds) this.types.set(kind, { objects: new Map(), history: [] })
  }

  onChange(listener: (kind: ResourceKind, change: Change) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  list(kind: ResourceKind): KubeObject[] {
    return [...this.of(kind).objects.values()]
  }

  get(kind: ResourceKind, namespace: string, name: string): KubeObject | undefined {
    return this.of(kind).objects.get(keyOf(kind, namespace, name))
  }

  /** Changes after the version, or undefined when the history no longer reaches back so far. */
  since(kind: ResourceKind, version: bigint): Change[] | undefined {
    const { history } = this.of(kind)
    if (version < this.compactedTo) return undefined
    return history.filter((change) => change.version > version)
  }

  /** Watches from before this version get 410. */
  compactedTo = 0n

  /** Forgets the history, as etcd's compaction does. */
  compact(): void {
    this.compactedTo = this.version
    for (const type of this.types.values()) type.history = []
  }

  create(kind: ResourceKind, object: KubeObject): KubeObject {
    const namespace = kind.namespaced ? (object.metadata.namespace ?? 'default') : ''
    const created: KubeObject = {
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      ...structuredClone(object),
      metadata: {
        uid: randomUUID(),
        creationTimestamp: new Date(this.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z'),
        ...(kind.kind === 'Deployment' ? { generation: 1 } : {}),
        ...structuredClone(object.metadata),
        ...(kind.namespaced ? { namespace } : {}),
      },
    }
    return this.put(kind, 'ADDED', created, undefined)
  }

  replace(kind: ResourceKind, object: KubeObject): KubeObject {
    const previous = this.get(kind, object.metadata.namespace ?? '', object.metadata.name)
    if (!previous) throw new Error(`no ${kind.kind} ${object.metadata.name}`)
    const { uid, creationTimestamp } = previous.metadata
    const kept = { ...(uid ? { uid } : {}), ...(creationTimestamp ? { creationTimestamp } : {}) }
    const next = structuredClone(object)
    next.metadata = { ...next.metadata, ...kept }
    return this.put(kind, 'MODIFIED', next, previous)
  }

  remove(kind: ResourceKind, namespace: string, name: string): KubeObject | undefined {
    const previous = this.get(kind, namespace, name)
    if (!previous) return undefined
    this.of(kind).objects.delete(keyOf(kind, namespace, name))
    return this.put(kind, 'DELETED', structuredClone(previous), previous)
  }

  private put(
    kind: ResourceKind,
    type: Change['type'],
    object: KubeObject,
    previous: KubeObject | undefined,
  ): KubeObject {
    this.version += 1n
    object.metadata.resourceVersion = String(this.version)
    const { objects, history } = this.of(kind)
    if (type !== 'DELETED')
      objects.set(keyOf(kind, object.metadata.namespace ?? '', object.metadata.name), object)
    const change = { type, object, previous, version: this.version }
    history.push(change)
    if (history.length > this.historyMax) this.compactedTo = history.shift()?.version ?? this.compactedTo
    for (const listener of this.listeners) listener(kind, change)
    return object
  }

  private of(kind: ResourceKind) {
    const type = this.types.get(kind)
    if (!type) throw new Error(`unknown kind ${kind.kind}`)
    return type
  }
}

const keyOf = (kind: ResourceKind, namespace: string, name: string) =>
  kind.namespaced ? `${namespace}/${name}` : name

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch
  const base = target !== null && typeof target === 'object' && !Array.isArray(target) ? target : {}
  const merged: Record<string, unknown> = { ...(base as Record<string, unknown>) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}
