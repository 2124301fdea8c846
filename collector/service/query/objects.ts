import { findingIdsOfObject, findingsOfObject } from './finding-sql.ts'
import { objectsInRange } from './pod-sql.ts'
import { type ListFilter, listParams, passes, type Query, type Range } from './query.ts'

export interface ObjectFilter extends Range {
  readonly clusterId: string
  readonly kind: ListFilter
  readonly namespace: ListFilter
  /** Findings of which an object has at least one. */
  readonly finding: ListFilter
  /** Part of the name, in any case; '': any. */
  readonly text: string
}

export interface ObjectListRow {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly status: string
  readonly reason: string
  readonly version: string
  readonly ready: number
  readonly desired: number
  readonly ownerKind: string
  readonly owner: string
  readonly workloadKind: string
  readonly workload: string
  readonly createdMs: number
  readonly deleted: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly facts: Readonly<Record<string, string>>
  readonly amounts: Readonly<Record<string, number>>
  /** JSON array of ObjectCondition. */
  readonly conditions: string
  readonly findings: readonly (readonly [id: string, detail: string])[]
}

/** SQL text: the columns of an ObjectListRow. */
const columns = `
  toString(kind) AS objectKind, toString(namespace) AS objectNamespace, name, uid, status, reason, version, ready, desired,
  toString(owner_kind) AS ownerKind, owner_name AS owner, toString(workload_kind) AS workloadKind, toString(workload) AS workloadName,
  toUnixTimestamp64Milli(created_at) AS createdMs, toBool(NOT aliveAtEnd) AS deleted, labels, facts, amounts, conditions,
  ${findingsOfObject} AS found`

/** Objects of any kind at the end of the range; those with findings first. */
export function objectsQuery(filter: ObjectFilter, limit: number): Query {
  return {
    sql: `
SELECT * EXCEPT (objectKind, objectNamespace, workloadName, found),
  objectKind AS kind, objectNamespace AS namespace, workloadName AS workload, found AS findings
FROM (SELECT ${columns} FROM (${objectsInRange('kind')}) WHERE aliveAtEnd AND ${passes('kind', 'kind')} AND ${passesOthers})
ORDER BY empty(findings), kind, namespace, name
LIMIT {limit:UInt32}`,
    params: { ...objectParams(filter), limit },
  }
}

/** SQL text. */
const passesOthers = `${passes('namespace', 'namespace')}
  AND (empty({findingIn:Array(String)}) OR hasAny({findingIn:Array(String)}, ${findingIdsOfObject}))
  AND ({text:String} = '' OR positionCaseInsensitiveUTF8(name, {text:String}) > 0)`

export interface ObjectKindRow {
  readonly value: string
  readonly count: number
  /** Whether the kind passes the filter: the others are what could be switched to. */
  readonly chosen: boolean
}

/** Objects per kind under all filters but the kind's own, beyond the limit of the list. */
export function objectKindsQuery(filter: ObjectFilter): Query {
  return {
    sql: `
SELECT toString(kind) AS value, toFloat64(count()) AS count, toBool(any(${passes('kind', 'kind')})) AS chosen
FROM (${objectsInRange('kind')})
WHERE aliveAtEnd AND ${passesOthers}
GROUP BY kind
ORDER BY count DESC, value`,
    params: objectParams(filter),
  }
}

/** One object by its name, also one that went away within the range; the newest of that name. */
export function objectQuery(
  key: Range & { clusterId: string; kind: string; namespace: string; name: string },
): Query {
  return {
    sql: `
SELECT * EXCEPT (objectKind, objectNamespace, workloadName, found),
  objectKind AS kind, objectNamespace AS namespace, workloadName AS workload, found AS findings
FROM (
  SELECT ${columns} FROM (${objectsInRange('{kind:String}')})
  WHERE namespace = {namespace:String} AND name = {name:String}
)
ORDER BY deleted, createdMs DESC
LIMIT 1`,
    params: { ...key },
  }
}

function objectParams(filter: ObjectFilter): Record<string, unknown> {
  const { clusterId, fromMs, toMs, text, kind, namespace, finding } = filter
  return { clusterId, fromMs, toMs, text, ...listParams({ kind, namespace, finding }) }
}
