import { flowTableQuery } from '../../../collector/service/query/flow-map.ts'
import { operationsQuery } from '../../../collector/service/query/operations.ts'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import { traceSpansQuery } from '../../../collector/service/query/trace-detail.ts'
import { type TraceFilter, tracesQuery } from '../../../collector/service/query/traces.ts'

/** What the screens ask of raw spans: the product's own queries, on the last part of the generated range. */
export interface Question {
  readonly name: string
  readonly query: Query
}

const hourMs = 3_600_000
const operation = 'GET /api/cart/{id}/items'

export function questions({ endMs, traceId, traceMs }: QuestionConfig): Question[] {
  const hour = { fromMs: endMs - 3 * hourMs, toMs: endMs - 2 * hourMs }
  const day = { fromMs: endMs - 24 * hourMs, toMs: endMs }
  const quarter = { fromMs: hour.fromMs, toMs: hour.fromMs + hourMs / 4 }
  const traces = (range: typeof day, filter: Partial<TraceFilter>, sort: 'newest' | 'slowest' = 'newest') =>
    tracesQuery({ ...anyTrace, ...range, ...filter }, { sort, limit: 50 })
  const cart = { in: ['cart'], out: [] }
  const application = 'payments'
  return [
    { name: 'trace by id, no hint', query: traceSpansQuery({ key: { traceId } }, 10_000) },
    {
      name: 'trace by id, hint of ± 1 h',
      query: traceSpansQuery({ key: { traceId, fromMs: traceMs - hourMs, toMs: traceMs + hourMs } }, 10_000),
    },
    {
      name: 'RED of the operations of one service, 1 h',
      query: operationsQuery({ ...hour, application, service: cart, limit: 100 }),
    },
    {
      name: 'RED of the operations of one service, 24 h',
      query: operationsQuery({ ...day, application, service: cart, limit: 100 }),
    },
    { name: 'top failing operations of one service, 24 h', query: failing(day) },
    {
      name: 'traces with attribute = value, 1 h',
      query: traces(hour, { attributes: [['app.tenant', 'tenant-7']] }),
    },
    {
      name: 'traces with attribute = value, 24 h',
      query: traces(day, { attributes: [['app.tenant', 'tenant-7']] }),
    },
    {
      name: 'slow traces of one operation, 1 h',
      query: traces(hour, { service: cart, operation: { in: [operation], out: [] }, minMs: 100 }, 'slowest'),
    },
    {
      name: 'slow traces of one operation, 24 h',
      query: traces(day, { service: cart, operation: { in: [operation], out: [] }, minMs: 100 }, 'slowest'),
    },
    { name: 'newest traces of one service, 1 h', query: traces(hour, { service: cart }) },
    {
      name: 'flow map of an application, 15 min',
      query: flowTableQuery({ ...quarter, application, nowMs: Date.now() }),
    },
  ]
}

export interface QuestionConfig {
  readonly endMs: number
  readonly traceId: string
  readonly traceMs: number
}

const anyTrace = {
  application: everything,
  service: everything,
  operation: everything,
  version: everything,
  pod: everything,
  namespace: everything,
  status: '',
  minMs: 0,
  maxMs: 0,
  attributes: [],
} as const

function failing(range: { fromMs: number; toMs: number }): Query {
  return {
    sql: `
SELECT operation, toFloat64(count()) AS calls FROM spans FINAL
WHERE service = 'cart' AND status = 2
  AND start_time >= fromUnixTimestamp64Milli({fromMs:Int64}) AND start_time < fromUnixTimestamp64Milli({toMs:Int64})
GROUP BY operation ORDER BY calls DESC LIMIT 20`,
    params: range,
  }
}
