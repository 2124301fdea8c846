import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Access, AccessRule, ActiveFailure, Faults } from './faults.ts'
import type { Change, KubeObject, Objects } from './objects.ts'
import type { ResourceKind } from './resources.ts'
import type { OpenWatch } from './watch.ts'

export interface UsageOfContainer {
  readonly name: string
  readonly cpuNanocores: number
  readonly memoryBytes: number
}

export interface LogQuery {
  readonly container: string
  readonly previous: boolean
}

/** What is computed and not stored; whoever plays the kubelets sets it. */
export interface Hooks {
  usage: ((pod: KubeObject) => readonly UsageOfContainer[]) | undefined
  logs: ((pod: KubeObject, query: LogQuery) => string) | undefined
  /** host:port behind a Service, for webhooks. */
  serviceAddress: ((namespace: string, name: string) => string | undefined) | undefined
}

export interface Snapshot {
  readonly items: readonly KubeObject[]
  readonly version: bigint
}

/** What one server's request handlers share. */
export interface Context {
  readonly objects: Objects
  readonly faults: Faults
  readonly failures: ActiveFailure[]
  readonly forbidden: AccessRule[]
  /** By their text, each once. */
  readonly accesses: Map<string, Access>
  readonly watches: Set<OpenWatch>
  /** Changes that no open watch is told. */
  readonly lost: WeakSet<Change>
  /** What a continue token goes on with. */
  readonly snapshots: Map<string, Snapshot & { readonly kind: ResourceKind }>
  /** By kind; empty: lists with resourceVersion=0 see the present. */
  readonly frozen: Map<ResourceKind, Snapshot>
  readonly hooks: Hooks
  readonly nowMs: () => number
  readonly bookmarkEveryMs: number
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
}
