import type { ClusterSize } from './cluster.ts'

/** What the bench tells the process of the fake API server, and hears from it. */
export type ToApi =
  | { readonly type: 'fill'; readonly size: ClusterSize; readonly standingEvents: number }
  | { readonly type: 'load'; readonly load: Load }
  | { readonly type: 'opt-in'; readonly namespace: string; readonly collected: boolean }
  | { readonly type: 'disturb'; readonly how: Disturbance }
  | { readonly type: 'count' }

/** What breaks the watches: see Faults of the fake API server. */
export type Disturbance = 'close' | 'expire' | 'cut' | 'reset' | 'error' | 'restart'

export type FromApi =
  | { readonly type: 'ready'; readonly port: number; readonly cert: string; readonly kubeconfig: string }
  | { readonly type: 'filled'; readonly podBytes: number; readonly objects: number }
  | { readonly type: 'loading' }
  | { readonly type: 'opted'; readonly atMs: number }
  | { readonly type: 'disturbed' }
  | { readonly type: 'counted'; readonly counts: Counts }

/** Per second; all zero: quiet. */
export interface Load {
  readonly events: number
  readonly podUpdates: number
}

export interface Counts {
  /** Objects there are now, by kind. */
  readonly objects: Readonly<Record<string, number>>
  readonly eventsWritten: number
  readonly podUpdates: number
  /** Requests so far and watches open now. */
  readonly requests: number
  readonly watches: number
  /** What the server was behind its own schedule at worst: it must not be the bottleneck. */
  readonly lateMsMax: number
}
