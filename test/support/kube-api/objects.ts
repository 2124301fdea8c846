import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
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

interface TypeState {
  readonly objects: Map<string, KubeObject>
  history: Change[]
  /** Watches from before this version get 410. */
  compactedTo: bigint
}

export type ChangeListener = (kind: ResourceKind, change: Change) => void

/**
 * The objects of the fake API server: one resourceVersion counter for all types, a bounded history per type for watches
 * (`historyMax` changes; overflow: the oldest is forgotten, watches from before it get 410), and a notification per change.
 */
export class Objects {
  private readonly types = new Map<ResourceKind, TypeState>()
  private readonly listeners = new Set<ChangeListener>()
  private readonly nowMs: () => number
  private readonly historyMax: number
  version: bigint

  constructor({
    nowMs,
    historyMax,
    firstVersion,
  }: {
    readonly nowMs: () => number
    readonly historyMax: number
    readonly firstVersion: bigint
  }) {
    this.nowMs = nowMs
    this.historyMax = historyMax
    this.version = firstVersion
    for (const kind of resourceKinds) {
      this.types.set(kind, { objects: new Map(), history: [], compactedTo: 0n })
    }
  }

  onChange(listener: ChangeListener): () => void {
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
    const { history, compactedTo } = this.of(kind)
    if (version < compactedTo) return undefined
    return history.filter((change) => change.version > version)
  }

  lastChanges(kind: ResourceKind, count: number): Change[] {
    return this.of(kind).history.slice(-count)
  }

  compactedTo(kind: ResourceKind): bigint {
    return this.of(kind).compactedTo
  }

  /** Forgets the history, as etcd's compaction does. */
  compact(): void {
    for (const type of this.types.values()) {
      type.history = []
      type.compactedTo = this.version
    }
  }

  /** Back to an earlier state, as far as the history reaches; versions are given out again. */
  rewind(by: bigint): void {
    this.version -= by
    for (const [kind, type] of this.types) {
      for (const { version, object, previous } of type.history.toReversed()) {
        if (version <= this.version) break
        const { namespace = '', name } = object.metadata
        if (previous) type.objects.set(keyOf(kind, namespace, name), previous)
        else type.objects.delete(keyOf(kind, namespace, name))
      }
    }
    this.compact()
  }

  create(kind: ResourceKind, object: KubeObject): KubeObject {
    const created: KubeObject = {
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      ...structuredClone(object),
      metadata: {
        uid: randomUUID(),
        creationTimestamp: new Date(this.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z'),
        ...(hasGeneration(kind) ? { generation: 1 } : {}),
        ...structuredClone(object.metadata),
        ...(kind.namespaced ? { namespace: object.metadata.namespace ?? 'default' } : {}),
      },
    }
    return this.put(kind, { type: 'ADDED', object: created, previous: undefined })
  }

  /** Nothing happens, as in the real server, when nothing differs. */
  replace(kind: ResourceKind, object: KubeObject): KubeObject {
    const { namespace = '', name } = object.metadata
    const previous = this.get(kind, namespace, name)
    if (!previous) throw new Error(`no ${kind.kind} ${name}`)
    const { uid, creationTimestamp, resourceVersion, generation } = previous.metadata
    const next = structuredClone(object)
    next.metadata = {
      ...next.metadata,
      ...(uid ? { uid } : {}),
      ...(creationTimestamp ? { creationTimestamp } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(generation === undefined ? {} : { generation }),
    }
    const { managedFields } = previous.metadata
    if (managedFields !== undefined) next.metadata['managedFields'] = managedFields
    if (isDeepStrictEqual(next, previous)) return previous
    if (generation !== undefined && !isDeepStrictEqual(next['spec'], previous['spec'])) {
      next.metadata.generation = generation + 1
    }
    return this.put(kind, { type: 'MODIFIED', object: next, previous })
  }

  remove(kind: ResourceKind, namespace: string, name: string): KubeObject | undefined {
    const previous = this.get(kind, namespace, name)
    if (!previous) return undefined
    if (kind.kind === 'Namespace') this.empty(previous)
    const last = this.get(kind, namespace, name) ?? previous
    this.of(kind).objects.delete(keyOf(kind, namespace, name))
    return this.put(kind, { type: 'DELETED', object: structuredClone(last), previous: last })
  }

  /** What the namespace controller does before a namespace goes. */
  private empty(namespace: KubeObject): void {
    const { name } = namespace.metadata
    const namespaces = [...this.types.keys()].find(({ kind }) => kind === 'Namespace')
    if (!namespaces) return
    this.replace(namespaces, {
      ...namespace,
      metadata: { ...namespace.metadata, deletionTimestamp: new Date(this.nowMs()).toISOString() },
      status: { phase: 'Terminating' },
    })
    for (const kind of this.types.keys()) {
      if (!kind.namespaced) continue
      for (const { metadata } of this.list(kind)) {
        if (metadata.namespace === name) this.remove(kind, name, metadata.name)
      }
    }
  }

  private put(kind: ResourceKind, { type, object, previous }: Omit<Change, 'version'>): KubeObject {
    this.version += 1n
    object.metadata.resourceVersion = String(this.version)
    // A deletion is no write of fields.
    if (type !== 'DELETED') object.metadata['managedFields'] = [this.writer()]
    const state = this.of(kind)
    const { namespace = '', name } = object.metadata
    if (type !== 'DELETED') state.objects.set(keyOf(kind, namespace, name), object)
    const change = { type, object, previous, version: this.version }
    state.history.push(change)
    if (state.history.length > this.historyMax) {
      state.compactedTo = state.history.shift()?.version ?? state.compactedTo
    }
    for (const listener of this.listeners) listener(kind, change)
    return object
  }

  /** Who wrote it last, and when: of managedFields what readers of times need. */
  private writer() {
    const time = new Date(this.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z')
    return {
      manager: 'fake',
      operation: 'Update',
      apiVersion: 'v1',
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: {},
    }
  }

  private of(kind: ResourceKind): TypeState {
    const type = this.types.get(kind)
    if (!type) throw new Error(`unknown kind ${kind.kind}`)
    return type
  }
}

/** Kinds whose controllers tell which generation they have seen. */
const hasGeneration = ({ group }: ResourceKind) => group === 'apps' || group === 'batch'

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
