import type { OtlpSignal } from '../../record/otlp.ts'
import type { ResourceRow } from '../../record/span.ts'
import type { DecodeContext, Decoded, DecodeResult } from '../decoded.ts'
import { decodeLogs } from '../log-decoder.ts'
import { decodeMetrics } from '../metric-decoder.ts'
import { decodeTraces } from '../trace-decoder.ts'
import { compileRules, type RulesConfig } from './compile-rules.ts'

/** What the rules would do to the items of an OTLP/JSON request: item by item, through the decoders of the intake. */
export interface DryRun {
  readonly signal: OtlpSignal
  readonly received: number
  readonly stored: number
  readonly rejected: number
  /** Of the stored spans: how many they stand for. */
  readonly weight: number
  /** In the order of the configuration. */
  readonly rules: readonly RuleCount[]
  /** The first few items that the rules do something to. */
  readonly items: readonly ItemChange[]
}

export interface RuleCount {
  readonly name: string
  /** Items that meet it, by themselves or by their resource. */
  readonly meets: number
  readonly filtered: number
}

export interface ItemChange {
  readonly item: string
  /** The rule that takes it away. */
  readonly filteredBy?: string
  readonly changes: readonly Change[]
}

/** Of a column, or of one key in it; undefined: it is not there. */
export interface Change {
  readonly at: string
  readonly before: string | undefined
  readonly after: string | undefined
}

export interface DryRunInput {
  /** Parsed JSON of an export request of any signal. */
  readonly request: unknown
  readonly nowMs: number
  readonly itemsMax: number
}

/** Throws one sentence when the request is none. */
export function dryRun(config: RulesConfig, { request, nowMs, itemsMax }: DryRunInput): DryRun {
  const signal = signalOf(request)
  const counts = new Map(config.rules.map(({ name }) => [name, { meets: 0, filtered: 0 }]))
  const met = new Set<string>()
  const rules = compileRules(config, { onMatch: (rule) => met.add(rule) })
  const totals = { received: 0, stored: 0, rejected: 0, weight: 0 }
  const items: ItemChange[] = []
  for (const single of singles(signal, request)) {
    const plain = decodeOne(signal, single, { receivedAtMs: nowMs, batchId: '' })
    met.clear()
    const ruled = decodeOne(signal, single, { receivedAtMs: nowMs, batchId: '', rules })
    totals.received += ruled.received
    totals.stored += ruled.rows.length
    totals.rejected += ruled.rejected
    for (const row of ruled.rows) totals.weight += Number(row['weight'] ?? 1)
    for (const rule of met) count(counts, rule, 'meets')
    for (const rule of ruled.filtered.keys()) count(counts, rule, 'filtered')
    const change = items.length < itemsMax ? changeOf(signal, plain, ruled) : undefined
    if (change) items.push(change)
  }
  return { signal, ...totals, rules: [...counts].map(([name, one]) => ({ name, ...one })), items }
}

type Counts = Map<string, { meets: number; filtered: number }>

function count(counts: Counts, rule: string, what: 'meets' | 'filtered'): void {
  const one = counts.get(rule)
  if (one) one[what]++
}

type Row = Readonly<Record<string, unknown>>

function decodeOne(signal: OtlpSignal, json: object, context: DecodeContext): Decoded<Row> {
  const request = { signal, encoding: 'json' as const, body: Buffer.from(JSON.stringify(json)) }
  const decoded: DecodeResult<Row | { readonly row: Row }> = {
    traces: decodeTraces,
    logs: decodeLogs,
    metrics: decodeMetrics,
  }[signal](request, context)
  if (decoded.type === 'invalid') throw new Error(`cannot read the request: ${decoded.message}`)
  // A log record's row comes with the table that it is for.
  return { ...decoded, rows: decoded.rows.map((one) => (isWrapped(one) ? one.row : one)) }
}

const isWrapped = (one: Row | { readonly row: Row }): one is { readonly row: Row } => 'row' in one

const envelopes: Readonly<Record<OtlpSignal, readonly [string, string, string]>> = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
}

function signalOf(request: unknown): OtlpSignal {
  const found = (['traces', 'logs', 'metrics'] as const).find(
    (signal) => listOf(request, envelopes[signal][0]).length > 0,
  )
  if (!found)
    throw new Error(
      'cannot read the request: it is no OTLP/JSON, which has resourceSpans, resourceLogs or resourceMetrics',
    )
  return found
}

/** Requests of one item each, with its resource and scope. */
function* singles(signal: OtlpSignal, request: unknown): Generator<object> {
  const [resources, scopes, list] = envelopes[signal]
  for (const perResource of listOf(request, resources))
    for (const perScope of listOf(perResource, scopes))
      for (const item of listOf(perScope, list))
        for (const one of signal === 'metrics' ? pointsOf(item) : [item])
          yield { [resources]: [{ ...perResource, [scopes]: [{ ...perScope, [list]: [one] }] }] }
}

const metricKinds = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const

function* pointsOf(metric: JsonObject): Generator<JsonObject> {
  for (const kind of metricKinds) {
    const data = metric[kind]
    for (const point of listOf(data, 'dataPoints'))
      yield { ...metric, [kind]: { ...(data as JsonObject), dataPoints: [point] } }
  }
}

type JsonObject = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function listOf(value: unknown, key: string): readonly JsonObject[] {
  const list = isObject(value) ? value[key] : undefined
  return Array.isArray(list) ? list.filter(isObject) : []
}

function changeOf(signal: OtlpSignal, plain: Decoded<Row>, ruled: Decoded<Row>): ItemChange | undefined {
  const [before] = plain.rows
  const [after] = ruled.rows
  if (before === undefined) return undefined
  const item = titleOf(signal, before)
  const [filteredBy] = ruled.filtered.keys()
  if (filteredBy !== undefined || after === undefined)
    return { item, changes: [], ...(filteredBy === undefined ? {} : { filteredBy }) }
  const changes = [
    ...differences(flat(resourceOf(plain)), flat(resourceOf(ruled)), 'resource.'),
    ...differences(flat(before), flat(after), ''),
  ]
  return changes.length === 0 ? undefined : { item, changes }
}

const titleCharsMax = 80

function titleOf(signal: OtlpSignal, row: Row): string {
  const [what, name] = {
    traces: ['span', row['operation']],
    logs: ['log record', row['event_name'] || row['body']],
    metrics: ['data point', row['metric']],
  }[signal]
  return `${what} ${JSON.stringify(String(name ?? '').slice(0, titleCharsMax))} of ${row['service'] ?? ''}`
}

const resourceOf = ({ resources }: { readonly resources: readonly ResourceRow[] }): Row => ({
  attributes: resources[0]?.attributes,
  schema_url: resources[0]?.schema_url,
})

/** Columns as texts, maps and lists by their keys. */
function flat(row: Row): Map<string, string> {
  const texts = new Map<string, string>()
  const put = (at: string, value: unknown): void => {
    if (value instanceof Map) for (const [key, one] of value) put(`${at}.${key}`, one)
    else if (Array.isArray(value)) for (const [index, one] of value.entries()) put(`${at}.${index}`, one)
    else if (value instanceof Uint8Array) texts.set(at, Buffer.from(value).toString('hex'))
    else if (value !== undefined) texts.set(at, String(value))
  }
  for (const [column, value] of Object.entries(row)) if (column !== 'resource_id') put(column, value)
  return texts
}

function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  prefix: string,
): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((at) => before.get(at) !== after.get(at))
    .map((at) => ({ at: prefix + at, before: before.get(at), after: after.get(at) }))
}
