import type { ResourceRow } from '../record/span.ts'

/** Rows of one request, and what of it was not taken. */
export interface Decoded<Row> {
  readonly type: 'decoded'
  readonly rows: Row[]
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
  accept(row: Row): void
  reject(message: string): void
  resource(row: ResourceRow): void
  done(): Decoded<Row>
}

const messagesMax = 5

export function collectRows<Row>(): Collector<Row> {
  const rows: Row[] = []
  const resources: ResourceRow[] = []
  const messages = new Set<string>()
  let rejected = 0
  return {
    accept: (row) => rows.push(row),
    reject(message) {
      rejected++
      if (messages.size < messagesMax) messages.add(message)
    },
    resource: (row) => resources.push(row),
    done: () => ({
      type: 'decoded',
      rows,
      resources,
      received: rows.length + rejected,
      rejected,
      messages: [...messages],
    }),
  }
}
