import type { OtlpRequest } from '../../record/otlp.ts'
import type { Clock } from '../../std/clock.ts'
import type { DecodePool, Seat } from './decode-pool.ts'
import { createFairQueue } from './fair-queue.ts'
import type { GroupCommit, GroupItem, GroupOutcome } from './group-commit.ts'
import type { Resend } from './resend.ts'
import type { WaitingBudget, WaitingTicket } from './waiting-budget.ts'

/**
 * Hands requests that have entered to the decoders: the senders take turns, a decoder gets one when its window has room,
 * and nothing is decoded while the open group is full (policy: block; what enters is bounded by the budget).
 */
export interface Dispatch {
  hand(request: OtlpRequest, ticket: WaitingTicket): Promise<GroupOutcome>
  /** There may be room. */
  pump(): void
}

export interface DispatchDeps {
  readonly pool: DecodePool
  readonly budget: WaitingBudget
  readonly groups: GroupCommit
  readonly resend: Resend
  readonly clock: Clock
}

/** Resent batches that are looked up at once; the others wait. */
const resendsMax = 4

interface Waiting {
  readonly request: OtlpRequest
  readonly ticket: WaitingTicket
  readonly resolve: (outcome: GroupOutcome | Promise<GroupOutcome>) => void
}

export function createDispatch({ pool, budget, groups, resend, clock }: DispatchDeps): Dispatch {
  const first = createFairQueue<Waiting>()
  const resent = createFairQueue<Waiting>()
  let resending = 0
  let ids = 0

  /** Received is what is decoded now: the rollup counts on rows being visible soon after their time of receipt. */
  function itemOf({ request, ticket }: Waiting, seat: Seat): GroupItem {
    const { signal, encoding, compression = 'identity', body, batchId } = request
    const receivedAtMs = clock.nowMs()
    return {
      request: { id: ++ids, signal, encoding, compression, body, batchId, receivedAtMs },
      seat,
      ticket,
    }
  }

  async function handResent(waiting: Waiting, seat: Seat): Promise<GroupOutcome> {
    resending++
    try {
      return await resend(itemOf(waiting, seat))
    } finally {
      resending--
      pump()
    }
  }

  function pumpOne(): boolean {
    const seat = pool.free()
    if (!seat) return false
    const again = resending < resendsMax ? resent.take(budget.mayDecode) : undefined
    if (again) {
      again.resolve(handResent(again, seat))
      return true
    }
    const next = groups.takes() ? first.take(budget.mayDecode) : undefined
    if (next) next.resolve(groups.add(itemOf(next, seat)))
    return next !== undefined
  }

  function pump(): void {
    while (pumpOne()) {
      // As many as there is room for.
    }
  }

  return {
    hand: (request, ticket) =>
      new Promise((resolve) => {
        const queue = request.resend && request.batchId ? resent : first
        queue.push(request.peerAddress, { request, ticket, resolve })
        pump()
      }),
    pump,
  }
}
