import type { PartCount } from '../../wire/block-decoder.ts'

/**
 * What the requests in the house hold until they are answered: the bytes of their bodies and of their decoded blocks, and
 * their rows. Beyond `bytesWaitingMax` or `rowsWaitingMax` a request is refused at the door (policy: reject, the sender
 * gets 429), and so is one of a sender that holds three quarters of either alone: the rest is for the others. A request
 * that finds nothing waiting passes whatever its size. Rows are known only when a request is decoded, so the last
 * requests that are decoded may go beyond; their number is bounded by the windows of the decoding threads.
 */
export interface WaitingBudget {
  /** Undefined: no room. */
  enter(sender: string, bytes: number): WaitingTicket | undefined
  /** Whether a request of this sender may be decoded now. */
  mayDecode(sender: string): boolean
  rows(): number
  bytes(): number
  rowsByTable(): ReadonlyMap<string, number>
}

export interface WaitingTicket {
  /** It was decoded. */
  decoded(parts: readonly PartCount[], bytes: number): void
  /** It is answered. */
  leave(): void
}

export interface WaitingBudgetConfig {
  readonly rowsWaitingMax: number
  readonly bytesWaitingMax: number
}

/** What a request costs beside its body, so that empty ones are bounded too. */
const requestBytes = 1_024
const shareOfOne = 0.75

interface Held {
  rows: number
  bytes: number
  requests: number
}

export function createWaitingBudget({ rowsWaitingMax, bytesWaitingMax }: WaitingBudgetConfig): WaitingBudget {
  const total: Held = { rows: 0, bytes: 0, requests: 0 }
  /** Of those with requests in the house. */
  const senders = new Map<string, Held>()
  const tables = new Map<string, number>()

  function rowsHaveRoom(sender: string): boolean {
    const own = senders.get(sender)?.rows ?? 0
    return total.rows < rowsWaitingMax && own < rowsWaitingMax * shareOfOne
  }

  function bytesHaveRoom(sender: string, bytes: number): boolean {
    const own = senders.get(sender)?.bytes ?? 0
    return (
      total.bytes + bytes <= bytesWaitingMax && (own === 0 || own + bytes <= bytesWaitingMax * shareOfOne)
    )
  }

  return {
    enter(sender, bodyBytes) {
      const bytes = bodyBytes + requestBytes
      if (total.requests > 0 && !(rowsHaveRoom(sender) && bytesHaveRoom(sender, bytes))) return undefined
      const held = senders.get(sender) ?? { rows: 0, bytes: 0, requests: 0 }
      senders.set(sender, held)
      const own = { rows: 0, bytes: 0 }
      let tableRows: readonly PartCount[] = []
      const grow = (rows: number, more: number) => {
        for (const part of [own, held, total]) {
          part.rows += rows
          part.bytes += more
        }
      }
      held.requests++
      total.requests++
      grow(0, bytes)
      return {
        decoded(parts, blockBytes) {
          tableRows = parts
          for (const { table, rows } of parts) tables.set(table, (tables.get(table) ?? 0) + rows)
          grow(
            parts.reduce((sum, { rows }) => sum + rows, 0),
            blockBytes,
          )
        },
        leave() {
          for (const { table, rows } of tableRows) tables.set(table, (tables.get(table) ?? 0) - rows)
          grow(-own.rows, -own.bytes)
          total.requests--
          if (--held.requests === 0) senders.delete(sender)
        },
      }
    },
    mayDecode: (sender) => total.rows === 0 || rowsHaveRoom(sender),
    rows: () => total.rows,
    bytes: () => total.bytes,
    rowsByTable: () => tables,
  }
}
