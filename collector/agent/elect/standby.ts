import { isScopeRecord, type KubeRecord } from '../../record/kube.ts'
import type { Clock } from '../../std/clock.ts'

/**
 * Between the pipeline and the batches: a leader's records pass, a standby's wait here until it is known that the leader
 * has them, so that one that takes over says what its predecessor may not have said. What both have said collapses in the
 * service by the ids of the records.
 *
 *   leader:   record ──────────────────────────────────▶ emit
 *   standby:  record ──▶ waiting ── another renewed, `marginMs` later ──▶ forgotten
 *                            └───── we lead ──▶ emit, oldest first, as the memory behind has room
 *
 * - Nothing is forgotten by age alone: while nobody leads, all of it waits.
 * - Limit: `recordsMax` and `bytesMax` (rough). Beyond it the oldest goes (`drop-oldest`, counted), and the next takeover
 *   calls `onGap`: the watched state is then read and told anew.
 */
export interface Standby {
  emit(record: KubeRecord): void
  /** We lead: what waits goes on. */
  lead(): void
  /** Another leader has shown that it is alive. */
  otherLeads(): void
  /** The namespace is no longer collected. */
  dropNamespace(namespace: string): void
  /** A leader's rest goes on at once; nothing is emitted afterwards. */
  close(): Promise<void>
  state(): { readonly records: number; readonly bytes: number }
}

export interface StandbyDeps {
  readonly clock: Clock
  readonly isLeader: () => boolean
  readonly emit: (record: KubeRecord) => void
  /** Whether the memory behind takes more without dropping. */
  readonly hasRoom: () => boolean
  readonly onDropped: (records: number) => void
  /** Records were dropped before they could be told. */
  readonly onGap: () => void
}

export interface StandbyConfig {
  /** How much later than another replica a leader may see and deliver the same. */
  readonly marginMs?: number
  readonly recordsMax?: number
  readonly bytesMax?: number
}

interface Waiting {
  readonly record: KubeRecord
  readonly bytes: number
  readonly sinceMs: number
}

const recordBytes = 1_000
const roomRetryMs = 20

export function createStandby(
  { clock, isLeader, emit, hasRoom, onDropped, onGap }: StandbyDeps,
  { marginMs = 20_000, recordsMax = 20_000, bytesMax = 32 * 1024 * 1024 }: StandbyConfig = {},
): Standby {
  let waiting: Waiting[] = []
  /** Of `waiting`, what is gone already. */
  let first = 0
  let bytes = 0
  /** When records were last dropped that nobody may have told. */
  let gapAtMs: number | undefined
  let draining: Promise<void> | undefined
  let closing = false

  const count = () => waiting.length - first

  function wait(record: KubeRecord): void {
    const one = { record, bytes: recordBytes + messageLength(record), sinceMs: clock.monotonicMs() }
    waiting.push(one)
    bytes += one.bytes
    let dropped = 0
    while (count() > recordsMax || bytes > bytesMax) {
      take()
      dropped++
    }
    if (dropped === 0) return
    gapAtMs = clock.monotonicMs()
    onDropped(dropped)
  }

  function take(): KubeRecord | undefined {
    const one = waiting[first]
    if (!one) return undefined
    first++
    bytes -= one.bytes
    if (first > 1_000 && first * 2 > waiting.length) {
      waiting = waiting.slice(first)
      first = 0
    }
    return one.record
  }

  async function drain(): Promise<void> {
    await undefined // It must not run to its end inside the `lead` that starts it.
    while (isLeader() && count() > 0) {
      if (!closing && !hasRoom()) {
        await clock.sleep(roomRetryMs)
        continue
      }
      const record = take()
      if (record) emit(record)
    }
    draining = undefined
    if (gapAtMs === undefined || closing || !isLeader()) return
    gapAtMs = undefined
    onGap()
  }

  return {
    emit(record) {
      // Behind what waits already, in the order of arrival.
      if (count() === 0 && isLeader()) emit(record)
      else wait(record)
    },
    lead() {
      if (!closing && (count() > 0 || gapAtMs !== undefined)) draining ??= drain()
    },
    otherLeads() {
      const before = clock.monotonicMs() - marginMs
      while ((waiting[first]?.sinceMs ?? Number.POSITIVE_INFINITY) < before) take()
      if (gapAtMs !== undefined && gapAtMs < before) gapAtMs = undefined
    },
    dropNamespace(namespace) {
      waiting = waiting
        .slice(first)
        .filter(({ record }) => record.record.namespace !== namespace || isScopeRecord(record))
      first = 0
      bytes = waiting.reduce((sum, one) => sum + one.bytes, 0)
    },
    async close() {
      closing = true
      await draining
    },
    state: () => ({ records: count(), bytes }),
  }
}

function messageLength(record: KubeRecord): number {
  switch (record.type) {
    case 'object':
      return record.record.containers.length * 500
    case 'change':
    case 'event':
      return record.record.message.length
    case 'crash':
      return record.record.lines.length
  }
}
