import type { Clock } from '../../std/clock.ts'

/**
 * When an open group that is not full is closed: at `blockAgeMs`, but not before three times the length of the last commit
 * have passed since the last group was closed, so that the database spends at most a quarter of its time on small parts (a
 * part costs it tens of milliseconds however few rows it has). A group of many rows is closed as soon as nothing more
 * comes: its senders may all be waiting for it. None waits for more than a second.
 */
export interface Pace {
  /** Resolves when it is time, or when the group is closed. */
  whenDue(group: OpenGroup, closed: AbortSignal): Promise<void>
  groupClosed(): void
  groupCommitted(tookMs: number): void
}

export interface OpenGroup {
  readonly rows: number
  /** One for each request that was handed to a decoder. */
  readonly decoding: readonly unknown[]
}

export interface PaceConfig {
  readonly blockAgeMs: number
  readonly blockRowsMax: number
}

const ageMaxMs = 1_000
const commitShare = 3
/** Nothing more comes when nothing came for this long. */
const quietMs = 25
/** Of a full group: what counts as many rows. */
const manyShare = 0.25

export function createPace(clock: Clock, { blockAgeMs, blockRowsMax }: PaceConfig): Pace {
  let closedAtMs = Number.NEGATIVE_INFINITY
  let commitMs = 0
  return {
    async whenDue(group, closed) {
      const openedAtMs = clock.monotonicMs()
      await clock.sleep(blockAgeMs, closed)
      while (!closed.aborted) {
        const nowMs = clock.monotonicMs()
        const dueAtMs = Math.min(closedAtMs + commitMs * commitShare, openedAtMs + ageMaxMs)
        if (nowMs >= dueAtMs) return
        const before = group.decoding.length
        await clock.sleep(Math.min(quietMs, Math.ceil(dueAtMs - nowMs)), closed)
        if (group.decoding.length === before && group.rows >= blockRowsMax * manyShare) return
      }
    },
    groupClosed() {
      closedAtMs = clock.monotonicMs()
    },
    groupCommitted(tookMs) {
      commitMs = tookMs
    },
  }
}
