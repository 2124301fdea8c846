import { type Clock, systemClock } from '../std/clock.ts'
import { type Refusal, refusals } from './refusal.ts'

/**
 * Bytes that are in the house, of all listeners that share it. A reservation is made before reading and grows while a body
 * inflates (policy: reject, the sender comes again).
 *
 * It is fair between senders: one that is alone may have all of it; when more than half is taken, each may hold its share,
 * the budget divided by the senders of the last seconds. Those that were refused count too: so a sender that floods is held
 * to less than all from the moment another one knocks, which then finds room when it comes again.
 */
export interface ByteBudget {
  reserve(sender: string): Reservation
  used(): number
}

/** What one request holds of a budget. */
export interface Reservation {
  /** Makes it at least so large. Undefined: it is; else it stays as it was. */
  growTo(bytes: number): Refusal | undefined
  release(): void
}

/** Longer than a sender is asked to wait (5 s at the most). */
const activeMs = 10_000
/** Those beyond share one entry. */
const sendersMax = 10_000
const others = ''

interface Sender {
  held: number
  seenMs: number
}

export function createByteBudget(
  bytesMax: number,
  clock: Pick<Clock, 'monotonicMs'> = systemClock,
): ByteBudget {
  let used = 0
  /** The one that was seen last stands last. */
  const senders = new Map<string, Sender>()

  function seen(sender: string): Sender {
    const nowMs = clock.monotonicMs()
    forgetBefore(nowMs - activeMs, nowMs)
    const name = senders.has(sender) || senders.size < sendersMax ? sender : others
    const one = senders.get(name) ?? { held: 0, seenMs: nowMs }
    one.seenMs = nowMs
    senders.delete(name)
    senders.set(name, one)
    return one
  }

  function forgetBefore(ms: number, nowMs: number): void {
    for (const [name, one] of senders) {
      if (one.seenMs > ms) return
      senders.delete(name)
      if (one.held === 0) continue
      // One that holds something is still here.
      one.seenMs = nowMs
      senders.set(name, one)
    }
  }

  function refusalOf(one: Sender, { bytes, held }: { bytes: number; held: number }): Refusal | undefined {
    // One request alone may pass whatever its size, or its sender would come again for ever: the limit of a body bounds it.
    if (used === held) return undefined
    if (used + bytes > bytesMax) return refusals.noRoom
    const isMuch = used + bytes > bytesMax / 2
    const isOverShare = one.held > held && one.held + bytes > bytesMax / senders.size
    return isMuch && isOverShare ? refusals.overShare : undefined
  }

  function reserve(sender: string): Reservation {
    let one: Sender | undefined
    let held = 0
    return {
      growTo(wanted) {
        const bytes = wanted - held
        if (bytes <= 0) return undefined
        // A sender that holds something is not forgotten.
        if (!one || held === 0) one = seen(sender)
        const refusal = refusalOf(one, { bytes, held })
        if (refusal) return refusal
        used += bytes
        one.held += bytes
        held = wanted
        return undefined
      },
      release() {
        used -= held
        if (one) one.held -= held
        held = 0
      },
    }
  }

  return { reserve, used: () => used }
}
