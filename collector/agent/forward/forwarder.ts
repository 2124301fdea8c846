import type { Clock } from '../../std/clock.ts'
import { partsByOwner, type TracePart } from './by-owner.ts'
import { createOwners } from './owner.ts'

/**
 * Brings the spans of a trace together where it is decided, when several replicas sample: each span goes to the replica
 * that owns its trace, once (what another replica sent is never sent on). The sender is answered when every span is in a
 * spool, whichever. A replica that cannot be reached gets nothing for `restMs`, and its spans are kept here: a trace may
 * then be decided twice, and nothing is lost. Retries of a sender collapse in the store by trace and span id.
 */
export interface Forwarder {
  keep(parts: readonly TracePart[]): Promise<ForwardOutcome>
}

export type ForwardOutcome =
  | {
      readonly type: 'kept'
      /** Kept nowhere: refused by their owner, or dropped here. */
      readonly droppedItems: number
      /** Kept or refused by another replica, and counted there. */
      readonly forwardedItems: number
    }
  | {
      readonly type: 'failed'
      readonly message: string
      readonly failedItems: number
      readonly forwardedItems: number
    }

export interface ForwarderDeps {
  readonly clock: Clock
  readonly addresses: () => readonly string[]
  readonly keepHere: (
    parts: readonly TracePart[],
  ) => Promise<
    | { readonly type: 'kept'; readonly droppedItems: number }
    | { readonly type: 'failed'; readonly message: string; readonly failedItems: number }
  >
  /** Undefined: the replica did not take it. */
  readonly send: (address: string, body: Uint8Array) => Promise<{ readonly rejected: number } | undefined>
  readonly onForwarded: (outcome: 'taken' | 'kept here', items: number) => void
}

export interface ForwarderConfig {
  /** As the others see it. */
  readonly ownAddress: string
}

const restMs = 5_000

export function createForwarder(
  { clock, addresses, keepHere, send, onForwarded }: ForwarderDeps,
  { ownAddress }: ForwarderConfig,
): Forwarder {
  let known: readonly string[] = []
  let ownerOf = createOwners(known)
  const restsUntilMs = new Map<string, number>()

  function owners() {
    const now = addresses()
    if (now === known) return ownerOf
    known = now
    ownerOf = createOwners(now)
    for (const address of restsUntilMs.keys()) if (!now.includes(address)) restsUntilMs.delete(address)
    return ownerOf
  }

  /** Undefined: it stays here. */
  async function forward(address: string, parts: readonly TracePart[]) {
    if ((restsUntilMs.get(address) ?? 0) > clock.monotonicMs()) return undefined
    const outcome = await send(address, Buffer.concat(parts.flatMap(({ pieces }) => pieces)))
    if (!outcome) restsUntilMs.set(address, clock.monotonicMs() + restMs)
    return outcome
  }

  return {
    async keep(parts) {
      const isAlone = addresses().every((address) => address === ownAddress)
      if (isAlone) return { ...(await keepHere(parts)), forwardedItems: 0 }
      const byOwner = partsByOwner(parts, owners(), ownAddress)
      const here = [...(byOwner.get(ownAddress) ?? [])]
      byOwner.delete(ownAddress)
      let rejected = 0
      let forwardedItems = 0
      await Promise.all(
        [...byOwner].map(async ([address, own]) => {
          const items = own.reduce((sum, part) => sum + part.items, 0)
          const outcome = await forward(address, own)
          onForwarded(outcome ? 'taken' : 'kept here', items)
          if (!outcome) here.push(...own)
          else {
            rejected += outcome.rejected
            forwardedItems += items
          }
        }),
      )
      if (here.length === 0) return { type: 'kept', droppedItems: rejected, forwardedItems }
      const outcome = await keepHere(here)
      return outcome.type === 'kept'
        ? { type: 'kept', droppedItems: rejected + outcome.droppedItems, forwardedItems }
        : { ...outcome, forwardedItems }
    },
  }
}
