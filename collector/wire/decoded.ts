import type { ResourceRow } from '../record/span.ts'
import { itemsMax } from './limits.ts'
import { WireError } from './proto-reader.ts'

/** Rows of one request, and what of it was not taken. */
export interface Decoded<Row> {
  readonly type: 'decoded'
  readonly rows: Row[]
  /** Those of the rows, each once. */
  readonly resources: ResourceRow[]
  /** Spans, log records or data points in the request. */
  readonly received: number
  readonly rejected: number
  /** Why, for the sender: the first few different reasons. */
  readonly messages: readonly string[]
}

export type DecodeResult<Row> = Decoded<Row> | { readonly type: 'invalid'; readonly message: string }

export interface DecodeContext {
  readonly receivedAtMs: number
  readonly batchId: string
}

/** Collects rows, resources and rejections while a request is read. */
export interface Collector<Row> {
  accept(row: Row, resource: ResourceRow): void
  reject(message: string): void
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
  let rejected = 0
  const count = () => {
    if (rows.length + rejected >= itemsMax) throw new TooManyItems()
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
    done: () => ({
      type: 'decoded',
      rows,
      resources: [...resources.values()],
      received: rows.length + rejected,
      rejected,
      messages: [...messages],
    }),
  }
}
