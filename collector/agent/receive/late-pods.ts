import type { Clock } from '../../std/clock.ts'

/**
 * Patience with senders whose pod is not known: a pod may send before our watch tells of it, or before its address is in
 * its status. Its first requests are held until it is known; whoever stays unknown is a stranger, and never held again
 * while it goes on sending.
 *
 * Limits: `heldMax` requests and `heldBytesMax` at once (policy: reject, their senders come again); `strangersMax` senders,
 * the one not seen for longest is forgotten first. Nothing held is acknowledged, so nothing of it can be lost.
 */
export interface LatePods {
  /** Resolves when `isKnown` holds, or the time for holding is over. */
  hold(bytes: number, isKnown: () => boolean): Promise<'known' | 'unknown' | 'no-room'>
  /** Whether the pod of a sender may still turn up. */
  mayCome(sender: string): boolean
  held(): number
}

export interface LatePodsConfig {
  /** 0: nobody is waited for. */
  readonly holdMs: number
  readonly heldMax?: number
  readonly heldBytesMax?: number
  readonly strangersMax?: number
}

interface Stranger {
  readonly firstMs: number
  lastMs: number
}

const lookMs = 50
/** A pod's address stands in its status a few seconds after it has begun to send, when the kubelet is busy. */
const patienceHolds = 4
/** An address of which nothing was heard for so long may have a new owner. */
const forgetMs = 60_000

export function createLatePods(clock: Clock, config: LatePodsConfig): LatePods {
  const { holdMs, heldMax = 256, heldBytesMax = 8 * 1024 * 1024, strangersMax = 10_000 } = config
  const strangers = new Map<string, Stranger>()
  let held = 0
  let heldBytes = 0

  function seen(sender: string): Stranger {
    const nowMs = clock.monotonicMs()
    const before = strangers.get(sender)
    const stranger = before && nowMs - before.lastMs < forgetMs ? before : { firstMs: nowMs, lastMs: nowMs }
    stranger.lastMs = nowMs
    strangers.delete(sender)
    strangers.set(sender, stranger)
    for (const oldest of strangers.keys()) {
      if (strangers.size <= strangersMax) break
      strangers.delete(oldest)
    }
    return stranger
  }

  return {
    async hold(bytes, isKnown) {
      if (held >= heldMax || heldBytes + bytes > heldBytesMax) return 'no-room'
      held++
      heldBytes += bytes
      const endMs = clock.monotonicMs() + holdMs
      try {
        while (clock.monotonicMs() < endMs) {
          await clock.sleep(lookMs)
          if (isKnown()) return 'known'
        }
        return 'unknown'
      } finally {
        held--
        heldBytes -= bytes
      }
    },
    mayCome: (sender) => holdMs > 0 && clock.monotonicMs() - seen(sender).firstMs < patienceHolds * holdMs,
    held: () => held,
  }
}
