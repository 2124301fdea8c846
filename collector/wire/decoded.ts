import type { ResourceRow } from '../record/span.ts'
import { itemsMax } from './limits.ts'
import { WireError } from './proto-reader.ts'
import type { CompiledRules } from './rules/compile-rules.ts'

/** Rows of one request, and what of it was not taken. */
export interface Decoded<Row> {
  readonly type: 'decoded'
  readonly rows: Row[]
  /** Those of the rows, each once. */
  readonly resources: ResourceRow[]
  /** Spans, log records or data points in the request. */
  readonly received: number
  readonly rejected: number
  /** Items that the configured rules took away, by rule: received = rows + rejected + filtered. */
  readonly filtered: ReadonlyMap<string, number>
  /** Why, for the sender: the first few different reasons. */
  readonly messages: readonly string[]
}

export type DecodeResult<Row> = Decoded<Row> | { readonly type: 'invalid'; readonly message: string }

export interface DecodeContext {
  readonly receivedAtMs: number
  readonly batchId: string
  /** Undefined: everything is kept as it comes. */
  readonly rules?: CompiledRules | undefined
}

/** Collects rows, resources and rejections while a request is read. */
export interface Collector<Row> {
  accept(row: Row, resource: ResourceRow): void
  reject(message: string): void
  /** The rule takes an item away. */
  filter(rule: string): void
  done(): Decoded<Row>
}

/** A request that holds more than we take at once: all of it is refused. */
export class TooManyItems extends WireError {
  constructor() {
    super(`the request holds more than ${itemsMax} items: send smaller batches`)
  }
}

const messagesMax = 5

export function collectRows<Row>(): Collector<Row> {
  const rows: Row[] = []
  const resources = new Map<bigint, ResourceRow>()
  const messages = new Set<string>()
  const filtered = new Map<string, number>()
  let rejected = 0
  let filteredCount = 0
  const count = () => {
    if (rows.length + rejected + filteredCount >= itemsMax) throw new TooManyItems()
  }
  return {
    accept(row, resource) {
      count()
      rows.push(row)
      resources.set(resource.resource_id, resource)
    },
    reject(message) {
      count()
      rejected++
      if (messages.size < messagesMax) messages.add(message)
    },
    filter(rule) {
      count()
      filteredCount++
      filtered.set(rule, (filtered.get(rule) ?? 0) + 1)
    },
    done: () => ({
      type: 'decoded',
      rows,
      resources: [...resources.values()],
      received: rows.length + rejected + filteredCount,
      rejected,
      filtered,
      messages: [...messages],
    }),
  }
}
