import type { Query, Range } from './query.ts'

export interface ViolationListRow {
  readonly violationId: string
  readonly rule: string
  readonly severity: 'warning' | 'critical'
  readonly entityKind: string
  readonly entity: string
  readonly service: string
  readonly entityId: string
  readonly clusterId: string
  readonly namespace: string
  readonly application: string
  readonly message: string
  /** JSON of an Evidence; '': none. */
  readonly evidence: string
  readonly openedMs: number
  readonly closedMs: number
}

/** Which violations; '': any. */
export interface ViolationFilter {
  readonly application?: string
  readonly transaction?: string
  /** The tier of the transaction. */
  readonly service?: string
}

const conditions: Readonly<Record<keyof ViolationFilter, string>> = {
  application: 'application = {application:String}',
  transaction: "entity_kind = 'Transaction' AND entity = {transaction:String}",
  service: 'service = {service:String}',
}

/** Violations that were open at some time of the range: open ones first, then the newest. */
export function violationsQuery({ fromMs, toMs }: Range, filter: ViolationFilter = {}): Query {
  const asked = Object.entries(filter).filter(([, value]) => value !== '')
  const own = asked.map(([name]) => `\n  AND ${conditions[name as keyof ViolationFilter]}`)
  return {
    sql: `
SELECT
  violation_id AS violationId, rule, severity, entity_kind AS entityKind, entity, service, entity_id AS entityId,
  cluster_id AS clusterId, namespace, application, message, evidence, toUnixTimestamp64Milli(opened_at) AS openedMs,
  toUnixTimestamp64Milli(closed_at) AS closedMs
FROM violations FINAL
WHERE opened_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (closedMs = 0 OR closed_at >= fromUnixTimestamp64Milli({fromMs:Int64}))${own.join('')}
ORDER BY closedMs != 0, severity, opened_at DESC, violationId
LIMIT 1000`,
    params: { fromMs, toMs, ...Object.fromEntries(asked) },
  }
}
