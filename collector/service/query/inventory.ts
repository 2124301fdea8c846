import { findingIdsOfObject, findingsOfObject } from './finding-sql.ts'
import { objectsInRange } from './pod-sql.ts'
import { type ListFilter, listParams, passes, type Query, type Range } from './query.ts'

type Scope = Range & { clusterId: string; namespace: ListFilter }

export interface FindingRow {
  readonly id: string
  readonly count: number
  /** Objects that were there at the start of the range and have the finding, or had it when they went away. */
  readonly before: number
  readonly kinds: readonly string[]
  readonly namespaces: number
  /** At most `ownersMax`, those with the most objects first: [kind, namespace, name, objects]. */
  readonly owners: readonly (readonly [kind: string, namespace: string, name: string, count: number])[]
  /** At most `objectsMax`, as [kind, namespace, name, owner kind, owner, detail]. */
  readonly objects: readonly (readonly [string, string, string, string, string, string])[]
}

const objectsMax = 200
const ownersMax = 20

/** Objects of all kinds per finding. An object without a workload is its own owner. */
export function findingsQuery(scope: Scope): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT
  id, toFloat64(countIf(aliveAtEnd)) AS count, toFloat64(countIf(aliveAtStart)) AS before,
  arraySort(groupUniqArrayIf(objectKind, aliveAtEnd)) AS kinds,
  toFloat64(uniqExactIf(objectNamespace, aliveAtEnd)) AS namespaces,
  arrayMap(
    o -> (splitByChar('/', o.1)[1], splitByChar('/', o.1)[2], splitByChar('/', o.1)[3], toFloat64(o.2)),
    arraySlice(arraySort(
      o -> (-toInt64(o.2), o.1),
      CAST(sumMapIf(map(concat(ownerKind, '/', objectNamespace, '/', owner), toUInt64(1)), aliveAtEnd), 'Array(Tuple(String, UInt64))')
    ), 1, ${ownersMax})
  ) AS owners,
  arraySort(groupArrayIf(${objectsMax})((objectKind, objectNamespace, name, ownerKind, owner, detail), aliveAtEnd)) AS objects
FROM (
  SELECT
    finding.1 AS id, finding.2 AS detail, aliveAtEnd, aliveAtStart, name,
    toString(kind) AS objectKind, toString(namespace) AS objectNamespace,
    if(o.workload = '', objectKind, toString(workload_kind)) AS ownerKind, if(o.workload = '', name, toString(o.workload)) AS owner
  FROM (${objectsInRange('kind')}) AS o
  ARRAY JOIN ${findingsOfObject} AS finding
  WHERE ${passes('namespace', 'namespace')}
)
GROUP BY id
ORDER BY id`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface ObjectCountRow {
  readonly kind: string
  readonly count: number
  readonly before: number
  readonly notReady: number
  readonly withFindings: number
  /** Objects by finding. */
  readonly findings: Readonly<Record<string, number>>
  /** Sums of the kind's amounts (record/kube-facts.ts); of pods, whose amounts are times: none. */
  readonly amounts: Readonly<Record<string, number>>
}

/** Objects per kind; a workload is ready when all its replicas are. Other kinds have nothing to be ready. */
export function objectCountsQuery(scope: Scope): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT
  kind, toFloat64(countIf(aliveAtEnd)) AS count, toFloat64(countIf(aliveAtStart)) AS before,
  toFloat64(countIf(aliveAtEnd AND ready < desired AND phase != 'Succeeded' AND kind IN ('Pod', 'Node', 'Deployment', 'StatefulSet', 'DaemonSet'))) AS notReady,
  toFloat64(countIf(aliveAtEnd AND notEmpty(o.found))) AS withFindings,
  sumMapIf(mapFromArrays(o.found, arrayMap(_ -> toFloat64(1), o.found)), aliveAtEnd) AS findings,
  sumMapIf(o.amounts, aliveAtEnd AND kind != 'Pod') AS amounts
FROM (SELECT *, ${findingIdsOfObject} AS found FROM (${objectsInRange('kind')})) AS o
WHERE ${passes('namespace', 'namespace')}
GROUP BY kind
ORDER BY kind`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface QuotaRow {
  readonly namespace: string
  readonly name: string
  readonly scopes: string
  /** As Kubernetes names it: requests.cpu (in cores), limits.memory (in bytes), pods, count/jobs.batch, … */
  readonly resource: string
  readonly used: number
  readonly hard: number
}

/** Every resource of every quota, the fullest first. */
export function quotasQuery(scope: Scope): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT
  toString(namespace) AS namespace, name, facts['scopes'] AS scopes, substring(key, 6) AS resource,
  amounts[concat('used:', resource)] AS used, amounts[key] AS hard
FROM (${objectsInRange("'ResourceQuota'")}) AS q
ARRAY JOIN arrayFilter(k -> startsWith(k, 'hard:'), arrayMap(k -> toString(k), mapKeys(amounts))) AS key
WHERE aliveAtEnd AND ${passes('namespace', 'q.namespace')}
ORDER BY if(hard = 0, if(used > 0, 2, 0), used / hard) DESC, namespace, name, resource
LIMIT 5000`,
    params: { ...params, ...listParams({ namespace }) },
  }
}
