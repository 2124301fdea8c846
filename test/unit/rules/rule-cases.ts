import type { IngestRule } from '../../../collector/record/ingest-rule.ts'
import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import type { LogRow, MetricRow } from '../../../collector/record/signal.ts'
import type { ResourceRow, SpanRow } from '../../../collector/record/span.ts'
import type { DecodeResult } from '../../../collector/wire/decoded.ts'
import { decodeLogs } from '../../../collector/wire/log-decoder.ts'
import { decodeMetrics } from '../../../collector/wire/metric-decoder.ts'
import { type CompiledRules, compileRules } from '../../../collector/wire/rules/compile-rules.ts'
import { decodeTraces } from '../../../collector/wire/trace-decoder.ts'
import { nowMs, nowNs } from '../wire/build.ts'

export const hashKey = 'a key of the test'
export const rulesOf = (...rules: (Omit<IngestRule, 'name'> & { name?: string })[]): CompiledRules => {
  const compiled = compileRules({
    rules: rules.map((rule, index) => ({ name: `rule-${index}`, ...rule })),
    hashKey,
  })
  if (!compiled) throw new Error('no rules')
  return compiled
}

export type Texts = Readonly<Record<string, string | number>>
export const attributesOf = (texts: Texts = {}) =>
  Object.entries(texts).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
  }))

/** Fields of OTLP/JSON, attributes as plain maps. */
export interface Item {
  readonly attributes?: Texts
  readonly [field: string]: unknown
}

export const span = ({ attributes, ...fields }: Item = {}) => ({
  traceId: '01'.repeat(16),
  spanId: '02'.repeat(8),
  name: 'GET /',
  kind: 2,
  startTimeUnixNano: String(nowNs - 5_000_000n),
  endTimeUnixNano: String(nowNs),
  ...fields,
  attributes: attributesOf(attributes),
})
export const log = ({ attributes, body = '', ...fields }: Item = {}) => ({
  timeUnixNano: String(nowNs),
  body: { stringValue: body },
  ...fields,
  attributes: attributesOf(attributes),
})
export const gauge = ({ attributes, name = 'm', ...fields }: Item = {}) => ({
  name,
  gauge: { dataPoints: [{ timeUnixNano: String(nowNs), asInt: 1, attributes: attributesOf(attributes) }] },
  ...fields,
})

const envelope: Record<OtlpSignal, readonly [string, string, string]> = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
}

export interface Sent {
  readonly resource?: Texts
  readonly scope?: Item
  readonly items: readonly object[]
}

export function bodyOf(signal: OtlpSignal, { resource, scope, items }: Sent): Buffer {
  const [resources, scopes, list] = envelope[signal]
  const ofScope = scope ? { ...scope, attributes: attributesOf(scope.attributes) } : {}
  return Buffer.from(
    JSON.stringify({
      [resources]: [
        { resource: { attributes: attributesOf(resource) }, [scopes]: [{ scope: ofScope, [list]: items }] },
      ],
    }),
  )
}

export interface Ruled<Row> {
  readonly rows: readonly Row[]
  readonly resources: readonly ResourceRow[]
  readonly filtered: Readonly<Record<string, number>>
  readonly received: number
}

function ruled<Row>(decoded: DecodeResult<Row>): Ruled<Row> {
  if (decoded.type === 'invalid') throw new Error(decoded.message)
  const { rows, resources, received, filtered } = decoded
  return { rows, resources, received, filtered: Object.fromEntries(filtered) }
}

const context = (rules: CompiledRules) => ({ receivedAtMs: nowMs, batchId: '', rules })

export const traces = (rules: CompiledRules, sent: Sent): Ruled<SpanRow> =>
  ruled(decodeTraces({ signal: 'traces', encoding: 'json', body: bodyOf('traces', sent) }, context(rules)))
export const metrics = (rules: CompiledRules, sent: Sent): Ruled<MetricRow> =>
  ruled(decodeMetrics({ signal: 'metrics', encoding: 'json', body: bodyOf('metrics', sent) }, context(rules)))
export function logs(rules: CompiledRules, sent: Sent): Ruled<LogRow> {
  const { rows, ...rest } = ruled(
    decodeLogs({ signal: 'logs', encoding: 'json', body: bodyOf('logs', sent) }, context(rules)),
  )
  return { ...rest, rows: rows.flatMap((item) => (item.type === 'log' ? [item.row] : [])) }
}
