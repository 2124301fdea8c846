import type { ResourceRow } from '../record/span.ts'
import type { Appended, PartCount } from './block-decoder.ts'

/** Counts what becomes of the items of one request. */
export interface RequestTally {
  /** A row was appended to the block of this table and day. */
  accept(table: string, day: number): void
  reject(message: string): void
  /** The rule took an item away. */
  filter(rule: string): void
  /** A resource of accepted rows. */
  resource(row: ResourceRow): void
  done(): Appended
}

const messagesMax = 5

export function createTally(): RequestTally {
  const parts: { table: string; day: number; rows: number }[] = []
  let last: { table: string; day: number; rows: number } | undefined
  const resources = new Map<bigint, ResourceRow>()
  const messages = new Set<string>()
  let accepted = 0
  const filtered = new Map<string, number>()
  let filteredCount = 0
  let rejected = 0

  function partOf(table: string, day: number) {
    const found = parts.find((part) => part.day === day && part.table === table)
    if (found) return found
    const part = { table, day, rows: 0 }
    parts.push(part)
    return part
  }

  return {
    accept(table, day) {
      if (last === undefined || last.day !== day || last.table !== table) last = partOf(table, day)
      last.rows++
      accepted++
    },
    reject(message) {
      rejected++
      if (messages.size < messagesMax) messages.add(message)
    },
    filter(rule) {
      filtered.set(rule, (filtered.get(rule) ?? 0) + 1)
      filteredCount++
    },
    resource: (row) => void resources.set(row.resource_id, row),
    done: () => ({
      type: 'appended',
      received: accepted + rejected + filteredCount,
      rejected,
      filtered,
      messages: [...messages],
      parts: parts satisfies readonly PartCount[],
      resources: [...resources.values()],
    }),
  }
}
