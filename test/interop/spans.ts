import type { ClickHouseClient } from '@clickhouse/client'
import { expect } from 'vitest'
import type { Sdk } from './sdks.ts'

/** The ids of a trace, as the program that sent it wrote them. */
export interface SentTrace {
  readonly trace: string
  readonly root: string
  readonly child: string
}

export type StoredSpan = Record<string, unknown>

const tracesSent = 20

export function sentTraces(output: string): SentTrace[] {
  const traces = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SentTrace)
  expect(new Set(traces.map(({ trace }) => trace)).size).toBe(tracesSent)
  return traces
}

/** What `spans` holds of a service: as it lies there, where a span stored twice is seen twice, or as it is read, with FINAL. */
export async function storedSpans(
  clickhouse: ClickHouseClient,
  from: { readonly service: string; readonly table: 'spans' | 'spans FINAL' },
): Promise<StoredSpan[]> {
  const { service, table } = from
  const result = await clickhouse.query({
    query: spansSql(table),
    query_params: { service },
    format: 'JSONEachRow',
  })
  return result.json<StoredSpan>()
}

const spansSql = (table: string) => `
SELECT
  lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS id, lower(hex(parent_span_id)) AS parent,
  service, version, operation, kind, status, status_message, exception_type, attributes, scope_name, scope_version,
  events_name, events_attributes, arrayMap(id -> lower(hex(id)), links_trace_id) AS links_trace,
  arrayMap(id -> lower(hex(id)), links_span_id) AS links_span, links_attributes,
  duration_ns > 0 AND abs(dateDiff('second', start_time, now())) < 600 AS timed
FROM ${table} WHERE service = {service:String} ORDER BY trace, kind`

const [server, client] = [2, 3]
const [unset, error] = [0, 2]

export function wantedSpans(sent: {
  readonly service: string
  readonly traces: readonly SentTrace[]
  readonly sdk: Sdk
}): StoredSpan[] {
  const { service, traces, sdk } = sent
  return traces
    .map((ids, number) => ({ ids, number }))
    .sort((a, b) => (a.ids.trace < b.ids.trace ? -1 : 1))
    .flatMap(({ ids: { trace, root, child }, number }) => {
      const same = {
        trace,
        service,
        version: '1.2.3',
        scope_name: 'interop.scope',
        scope_version: '4.5.6',
        timed: 1,
      }
      return [
        { ...same, id: root, parent: '0'.repeat(16), ...rootFields(number, sdk) },
        { ...same, id: child, parent: root, ...childFields },
      ]
    })
}

const rootFields = (number: number, { exceptionType, stackHolds, linkFlags }: Sdk) => ({
  operation: `GET /interop/${number}`,
  kind: server,
  status: error,
  status_message: 'no stock',
  exception_type: exceptionType,
  attributes: {
    string: 'größe ✓',
    bool: 'true',
    int: '9007199254740993',
    double: '0.25',
    strings: '["a","b\\"c"]',
    bools: '[true,false]',
    ints: '[-2,9007199254740993]',
    doubles: '[0.5,-1.5]',
    bytes: 'AP8=',
    mixed: '["a",true,[1]]',
    map: '{"inner":{"key":"value"}}',
  },
  events_name: ['exception'],
  events_attributes: [
    expect.objectContaining({
      'exception.type': exceptionType,
      'exception.message': 'no stock',
      'exception.stacktrace': expect.stringContaining(stackHolds),
    }),
  ],
  links_trace: [(number + 1).toString(16).padStart(32, '0')],
  links_span: [(number + 1).toString(16).padStart(16, '0')],
  links_attributes: [{ 'link.kind': 'follows', 'otel.link.flags': linkFlags }],
})

const childFields = {
  operation: 'call',
  kind: client,
  status: unset,
  status_message: '',
  exception_type: '',
  attributes: {},
  events_name: ['retry'],
  events_attributes: [{ attempt: '2' }],
  links_trace: [],
  links_span: [],
  links_attributes: [],
}
