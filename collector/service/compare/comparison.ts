import type { Histogram } from './histogram.ts'
import type { Interval } from './proportions.ts'

/** What two releases, or a release and what was before it, are compared by. `b` is the newer one. */
export interface Comparison {
  /** How the sides are called in sentences: v1, v2; before, after. */
  readonly names: { readonly a: string; readonly b: string }
  readonly a: SideFacts
  readonly b: SideFacts
  readonly operations: readonly OperationPair[]
  readonly exceptions: readonly ExceptionCounts[]
  /** Calls of the days before, of every version but `b`, in which its new exceptions did not occur. */
  readonly callsBefore: number
  /** The share of calls that `b` should get, where it is known, and who says so. */
  readonly intended: { readonly share: number; readonly source: 'label' | 'pods' } | null
  /** Both sides answered calls at the same time; else a and b are other hours, whose load may differ by itself. */
  readonly sideBySide: boolean
}

export interface SideFacts {
  readonly minutes: number
  readonly podHours: number
  readonly restarts: number
  /** One value a step, of steps in which something was measured: means over the pods. */
  readonly cpuMillicores: readonly number[]
  readonly memoryBytes: readonly number[]
  /** CPU time of the pods by calls, in ms, of steps with both. */
  readonly cpuMsPerCall: readonly number[]
}

/** An entry operation on both sides. */
export interface OperationPair {
  readonly operation: string
  readonly kind: string
  readonly a: OperationCalls
  readonly b: OperationCalls
}

export interface OperationCalls {
  /** Sums of weights. */
  readonly calls: number
  readonly errors: number
  readonly durations: Histogram
  /** How many independent calls one of `calls` is worth, by its weights: 1 without sampling. */
  readonly worth: number
}

/** One kind of exception, by type and stack. */
export interface ExceptionCounts {
  readonly group: string
  readonly type: string
  readonly a: number
  readonly b: number
  /** Thrown before both sides by what is not `b`. */
  readonly known: boolean
}

export type Outcome = 'worse' | 'better' | 'no-difference' | 'not-enough-data'

export type AspectId = 'p50' | 'p95' | 'p99' | 'errors' | 'exceptions' | 'restarts' | 'cpu' | 'memory'

export interface Estimate extends Interval {
  readonly value: number
}

/** One thing that was compared. Durations in ms, shares 0…1, restarts per pod-hour, CPU in millicores, memory in bytes. */
export interface Aspect {
  readonly id: AspectId
  /** Null: not measured on this side. */
  readonly a: Estimate | null
  readonly b: Estimate | null
  /** Of shares b − a, of everything else b / a − 1. */
  readonly change: Estimate | null
  /** Two-sided; null: no test was possible. */
  readonly p: number | null
  /** The change is large enough to care about, if it is real. */
  readonly isLarge: boolean
  /** Without a significant change there is none: enough was seen to say so. */
  readonly isConclusive: boolean
  /** Why there are no data, where there are none. */
  readonly missing: string
}

export interface JudgedAspect extends Aspect {
  /** Holm's, over all aspects. */
  readonly adjustedP: number | null
  readonly outcome: Outcome
}

/** Calls that a side must have, by what they are worth, before a difference is looked for, and before it is said that there is none. */
export const callsMin = 30
export const conclusiveCallsMin = 100
/** False alarms of either direction, over all aspects of one comparison. */
export const level = 0.05
