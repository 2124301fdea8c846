import type { Query } from '../../../collector/service/query/query.ts'
import { between } from '../../../collector/service/query/span-sql.ts'
import { traceSpansQuery } from '../../../collector/service/query/trace-detail.ts'

/** Jaeger's published list of questions, with the milliseconds it published (BENCHMARKING.md of its ClickHouse storage). */
export interface JaegerQuestion {
  readonly name: string
  readonly publishedMs: number
  readonly query: Query
}

export interface JaegerSample {
  readonly traceId: string
  readonly startMs: number
  readonly key: string
  readonly value: string
  readonly durationNs: number
}

const hourMs = 3_600_000
/** Jaeger's searches end at so many traces. */
const tracesMax = 1_000

export function jaegerQuestions({
  traceId,
  startMs,
  key,
  value,
  durationNs,
}: JaegerSample): JaegerQuestion[] {
  const hour = { fromMs: startMs - hourMs / 2, toMs: startMs + hourMs / 2 }
  const inHour = between('start_time', '{fromMs:Int64}', '{toMs:Int64}')
  const service = "service = 'tracegen-03'"
  const operation = "operation = 'child-span-04'"
  const duration = `duration_ns >= ${durationNs - 5_000} AND duration_ns <= ${durationNs + 5_000}`
  const attribute = 'attributes[{key:String}] = {value:String}'
  const ids = (where: string, params: Record<string, unknown> = {}): Query => ({
    sql: `SELECT DISTINCT lower(hex(trace_id)) AS traceId FROM spans WHERE ${where} LIMIT ${tracesMax}`,
    params,
  })
  return [
    {
      name: 'services',
      publishedMs: 3,
      query: { sql: 'SELECT DISTINCT service FROM resources FINAL ORDER BY service', params: {} },
    },
    {
      name: 'operations of a service',
      publishedMs: 4,
      query: {
        sql: "SELECT DISTINCT operation, kind FROM red_1h WHERE service = 'tracegen-03' ORDER BY operation",
        params: {},
      },
    },
    {
      name: 'trace by id',
      publishedMs: 101,
      query: traceSpansQuery({ key: { traceId } }, 10_000),
    },
    {
      name: 'trace by id, with times',
      publishedMs: 106,
      query: traceSpansQuery({ key: { traceId, ...hour } }, 10_000),
    },
    { name: 'search by service', publishedMs: 37, query: ids(service) },
    { name: 'search by operation', publishedMs: 38, query: ids(operation) },
    { name: 'search by duration', publishedMs: 43, query: ids(duration) },
    { name: 'search by time', publishedMs: 47, query: ids(inHour, hour) },
    { name: 'search by attribute', publishedMs: 1_769, query: ids(attribute, { key, value }) },
    {
      name: 'search by all of them',
      publishedMs: 139,
      query: ids([service, operation, duration, inHour, attribute].join(' AND '), { ...hour, key, value }),
    },
  ]
}
