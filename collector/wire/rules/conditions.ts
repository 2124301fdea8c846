import { type RuleMatch, severities, spanKinds, spanStatuses } from '../../record/ingest-rule.ts'
import type { OtlpSignal } from '../../record/otlp.ts'
import type { LogRow, MetricRow } from '../../record/signal.ts'
import type { ResourceRow, SpanRow } from '../../record/span.ts'
import { type Matches, parseMatches } from './pattern.ts'

/** What a rule asks, split by what it asks of: once per resource, or of each item. All conditions must hold. */
export interface Conditions {
  /** Signals whose items can meet the conditions at all. */
  readonly signals: readonly OtlpSignal[]
  /** Whether any condition is about the items themselves. */
  readonly ofItems: boolean
  resource(row: ResourceRow): boolean
  span(row: SpanFacts): boolean
  log(row: LogRow): boolean
  metric(row: MetricRow): boolean
}

/** What can be asked of a span: its row, or what a faster decoder knows of it before there is one. */
export interface SpanFacts extends Pick<SpanRow, 'operation' | 'kind' | 'status' | 'duration_ns'> {
  readonly attributes: { get(key: string): string | undefined }
}

type Condition<Row> = (row: Row) => boolean

/** The conditions that only one signal has. */
const ofSignal = {
  operation: 'traces',
  kind: 'traces',
  status: 'traces',
  minDurationMs: 'traces',
  maxDurationMs: 'traces',
  severity: 'logs',
  eventName: 'logs',
  body: 'logs',
  metric: 'metrics',
} as const satisfies Partial<Record<keyof RuleMatch, OtlpSignal>>

/** `key` is the rule's, for messages. */
export function compileConditions(key: string, match: RuleMatch): Conditions {
  const attributes = byKey(`${key}.attributes`, match.attributes)
  const span = spanConditions(key, match)
  const log = logConditions(key, match)
  const metric = patternOf(`${key}.metric`, match.metric, (row: MetricRow) => row.metric)
  const resource = resourceConditions(key, match)
  const owners = new Set(
    Object.entries(ofSignal)
      .filter(([name]) => match[name as keyof typeof ofSignal] !== undefined)
      .map(([, signal]) => signal),
  )
  const signals = (['traces', 'logs', 'metrics'] as const).filter((signal) =>
    [...owners].every((owner) => owner === signal),
  )
  return {
    signals,
    ofItems: owners.size > 0 || attributes.length > 0,
    resource: all(resource),
    span: all([...span, ...attributes]),
    log: all([...log, ...attributes]),
    metric: all([...metric, ...attributes]),
  }
}

function resourceConditions(key: string, match: RuleMatch): Condition<ResourceRow>[] {
  const columns = ['namespace', 'application', 'service'] as const
  const cluster = match.cluster === undefined ? undefined : parseMatches(`${key}.cluster`, match.cluster)
  return [
    ...columns.flatMap((column) =>
      patternOf(`${key}.${column}`, match[column], (row: ResourceRow) => row[column]),
    ),
    // People know a cluster by its name, rows by its id.
    ...(cluster === undefined
      ? []
      : [
          ({ cluster_id, attributes }: ResourceRow) =>
            cluster(cluster_id) || cluster(attributes.get('k8s.cluster.name') ?? ''),
        ]),
    ...byKey(`${key}.resource`, match.resource),
  ]
}

const nsPerMs = 1e6

function spanConditions(key: string, match: RuleMatch): Condition<SpanFacts>[] {
  const { kind, status, minDurationMs, maxDurationMs } = match
  return [
    ...patternOf(`${key}.operation`, match.operation, (row: SpanFacts) => row.operation),
    ...(kind === undefined ? [] : [(row: SpanFacts) => includes(kind, spanKinds[row.kind])]),
    ...(status === undefined ? [] : [(row: SpanFacts) => includes(status, spanStatuses[row.status])]),
    ...(minDurationMs === undefined
      ? []
      : [(row: SpanFacts) => Number(row.duration_ns) >= minDurationMs * nsPerMs]),
    ...(maxDurationMs === undefined
      ? []
      : [(row: SpanFacts) => Number(row.duration_ns) <= maxDurationMs * nsPerMs]),
  ]
}

function logConditions(key: string, match: RuleMatch): Condition<LogRow>[] {
  const { severity } = match
  return [
    ...patternOf(`${key}.eventName`, match.eventName, (row: LogRow) => row.event_name),
    ...patternOf(`${key}.body`, match.body, (row: LogRow) => row.body),
    ...(severity === undefined ? [] : [(row: LogRow) => includes(severity, severityOf(row))]),
  ]
}

/** Numbers 1 to 24 are six names of four steps each; without a number the sender's text may be such a name. */
function severityOf({ severity_number, severity_text }: LogRow): string {
  const text = severity_text.toLowerCase()
  if (severity_number === 0 && includes(severities, text)) return text
  return severities[Math.ceil(severity_number / 4)] ?? 'unspecified'
}

const includes = (values: readonly string[], value: string | undefined) =>
  value !== undefined && values.includes(value)

function patternOf<Row>(
  key: string,
  patterns: string | readonly string[] | undefined,
  read: (row: Row) => string,
): Condition<Row>[] {
  if (patterns === undefined) return []
  const matches = parseMatches(key, patterns)
  return [(row) => matches(read(row))]
}

interface WithAttributes {
  readonly attributes: SpanFacts['attributes']
}

/** An attribute that is not there matches nothing. */
function byKey(
  key: string,
  patterns: Readonly<Record<string, string | readonly string[]>> | undefined,
): Condition<WithAttributes>[] {
  const pairs = Object.entries(patterns ?? {}).map(([name, one]): readonly [string, Matches] => [
    name,
    parseMatches(`${key}.${name}`, one),
  ])
  return pairs.map(([name, matches]) => ({ attributes }) => {
    const value = attributes.get(name)
    return value !== undefined && matches(value)
  })
}

function all<Row>(conditions: readonly Condition<Row>[]): Condition<Row> {
  const [first] = conditions
  if (first === undefined) return () => true
  return conditions.length === 1 ? first : (row) => conditions.every((condition) => condition(row))
}
