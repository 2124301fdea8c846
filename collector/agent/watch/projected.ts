import type { JsonObject } from '../../record/kube-api.ts'

/** What is kept of an object: its identity and whatever else the projection of its kind picks. */
export interface Projected {
  readonly uid: string
  readonly resourceVersion: string
  readonly namespace: string
  readonly name: string
}

/** Picks what we need at parse time; undefined: an object without uid or name, or one that is not ours to keep. */
export type Project<T extends Projected> = (object: JsonObject) => T | undefined

export type ReflectorEvent<T extends Projected> =
  | {
      readonly type: 'added' | 'modified' | 'deleted'
      /** For `deleted`: the last state known. */
      readonly object: T
      /** What the store held before. */
      readonly previous: T | undefined
      /** Read by a list (or synthesised from one), not seen on the watch. */
      readonly fromList: boolean
    }
  | { readonly type: 'synced' }
