import { agentAttributes } from '../../record/agent.ts'
import { injectedLabel, injectLabel } from '../../record/injection.ts'
import { hasEnded } from './pod-sql.ts'
import { type ListFilter, listParams, passes, type Query } from './query.ts'

/**
 * What injection is to each pod that is there now: the one place where it is decided.
 *
 * - `injected`: it has what pods that are made now get.
 * - `skipped`: it is left alone, and would be again.
 * - `restart`: it is not what it would be if it were made now, so it is made anew to become so. Pods that run to an end are
 *   not restarted: their next run is.
 * - '': its namespace does not ask for injection, and nothing was injected.
 */
export type InjectionState = 'injected' | 'skipped' | 'restart' | ''

/** Why injection is switched off for the workload that the object is or, where kinds are not watched, belongs to. */
const offFinding = "findings['injection-switched-off']"
const said = "p.facts['injection']"
const hash = `p.labels['${injectedLabel}']`
const skipMark = 'skipped: '
const injectedMark = 'injected: '
/** What follows the languages is about containers. */
const languages = (text: string) => `splitByString('; ', toString(${text}))[1]`
/** As the webhook says why it left a pod alone. */
const offMark = `${skipMark}switched off for `
const ofTheCluster = "('kube-system', 'kube-public', 'kube-node-lease')"
const runsToEnd = "p.workload_kind IN ('Job', 'CronJob')"

/** Pods that are there, one row each, with `state` and `reason`; `cluster`: SQL text of a condition. */
const injectionOfPods = (cluster: string): string => `
SELECT
  clusterId, namespace, kind, workload, pod, uid, injection, asks,
  tupleElement(judged, 1) AS state, tupleElement(judged, 2) AS reason, off
FROM (
  SELECT
    toString(p.cluster_id) AS clusterId, toString(p.namespace) AS namespace, toString(p.workload_kind) AS kind,
    toString(p.workload) AS workload, p.name AS pod, p.uid AS uid, toString(${said}) AS injection, o.text AS off,
    n.asks AS asks,
    multiIf(
      ${hash} != '' AND ${runsToEnd}, ('injected', ''),
      ${hash} != '' AND off != '', ('restart', 'it was injected before that was switched off for its workload'),
      ${hash} != '' AND NOT n.asks, ('restart', 'its namespace does not ask for injection any more'),
      ${hash} != '' AND ${hash} != c.newest, ('restart', 'what is injected has changed since'),
      ${hash} != '', ('injected', ''),
      n.asks AND off = '' AND startsWith(${said}, '${offMark}'), ('restart', 'injection is not switched off for its workload any more'),
      startsWith(${said}, '${skipMark}'), (if(n.asks, 'skipped', ''), substring(toString(${said}), ${skipMark.length + 1})),
      NOT n.asks, ('', ''),
      p.labels['${injectLabel}'] = 'disabled', ('skipped', 'its label ${injectLabel}=disabled'),
      p.namespace IN ${ofTheCluster}, ('skipped', 'namespaces of the cluster itself are left alone'),
      off != '', ('skipped', 'injection is switched off for its workload'),
      a.injects = 'off', ('skipped', 'the agent of the cluster was installed without injection'),
      ${runsToEnd}, ('skipped', 'its next run is injected'),
      ('restart', 'it was made before the opt-in, or while the webhook was away')
    ) AS judged
  FROM (SELECT * FROM k8s_objects FINAL WHERE ${cluster} AND kind = 'Pod' AND NOT deleted AND NOT ${hasEnded}) AS p
  LEFT JOIN (
    SELECT cluster_id, name, labels['${injectLabel}'] = 'enabled' AS asks
    FROM k8s_objects FINAL
    WHERE ${cluster} AND kind = 'Namespace' AND NOT deleted
  ) AS n ON n.cluster_id = p.cluster_id AND n.name = toString(p.namespace)
  LEFT JOIN (
    -- What a pod of today gets is what the newest of those with the same languages has.
    SELECT cluster_id, ${languages("facts['injection']")} AS said, argMax(labels['${injectedLabel}'], (created_at, uid)) AS newest
    FROM k8s_objects FINAL
    WHERE ${cluster} AND kind = 'Pod' AND NOT deleted AND labels['${injectedLabel}'] != ''
    GROUP BY cluster_id, said
  ) AS c ON c.cluster_id = p.cluster_id AND c.said = ${languages(said)}
  LEFT JOIN (
    SELECT cluster_id, namespace, workload_kind, workload, any(${offFinding}) AS text
    FROM k8s_objects FINAL
    WHERE ${cluster} AND NOT deleted AND ${offFinding} != ''
    GROUP BY cluster_id, namespace, workload_kind, workload
  ) AS o ON o.cluster_id = p.cluster_id AND o.namespace = p.namespace AND o.workload_kind = p.workload_kind AND o.workload = p.workload
  LEFT JOIN (
    SELECT cluster_id, argMax(description['${agentAttributes.injection}'], last_seen) AS injects
    FROM agents FINAL
    WHERE ${cluster}
    GROUP BY cluster_id
  ) AS a ON a.cluster_id = p.cluster_id
)`

const ofCluster = 'cluster_id = {clusterId:String}'

export interface InjectionNamespaceRow {
  readonly namespace: string
  /** Its label asks for injection. */
  readonly asks: boolean
  readonly pods: number
  readonly injected: number
  readonly skipped: number
  readonly restart: number
}

/** Namespaces that ask for injection, or have pods with it. */
export function injectionNamespacesQuery(scope: { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT
  n.name AS namespace, CAST(any(n.asks), 'Bool') AS asks, toFloat64(countIf(p.pod != '')) AS pods,
  toFloat64(countIf(p.state = 'injected')) AS injected, toFloat64(countIf(p.state = 'skipped')) AS skipped,
  toFloat64(countIf(p.state = 'restart')) AS restart
FROM (
  SELECT name, labels['${injectLabel}'] = 'enabled' AS asks
  FROM k8s_objects FINAL
  WHERE ${ofCluster} AND kind = 'Namespace' AND NOT deleted AND ${passes('namespace', 'name')}
) AS n
LEFT JOIN (${injectionOfPods(ofCluster)}) AS p ON p.namespace = n.name
GROUP BY n.name
HAVING asks OR injected + restart > 0
ORDER BY namespace
LIMIT 5000`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface InjectionWorkloadRow {
  readonly namespace: string
  readonly kind: string
  readonly name: string
  readonly pods: number
  readonly injected: number
  readonly skipped: number
  readonly restart: number
  /** Of injected pods: what the webhook says it injected, such as `node`. */
  readonly languages: readonly string[]
  /** Why pods are skipped or need a restart, at most `reasonsMax`. */
  readonly reasons: readonly string[]
  /** Why new pods are not injected any more; '': they are. */
  readonly switchedOff: string
}

const reasonsMax = 10

/** Workloads whose pods injection is about: those switched off first, then those that need a restart. */
export function injectionWorkloadsQuery(scope: { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT
  namespace, kind, workload AS name, toFloat64(count()) AS pods,
  toFloat64(countIf(state = 'injected')) AS injected, toFloat64(countIf(state = 'skipped')) AS skipped,
  toFloat64(countIf(state = 'restart')) AS restart,
  arraySort(groupUniqArrayIf(${reasonsMax})(substring(${languages('injection')}, ${injectedMark.length + 1}), startsWith(injection, '${injectedMark}'))) AS languages,
  arraySort(groupUniqArrayIf(${reasonsMax})(reason, reason != '')) AS reasons,
  any(off) AS switchedOff
FROM (${injectionOfPods(ofCluster)})
WHERE (state != '' OR off != '') AND ${passes('namespace', 'namespace')}
GROUP BY namespace, kind, name
ORDER BY switchedOff = '', restart = 0, namespace, name, kind
LIMIT 5000`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface ClusterInjectionRow {
  /** Whether the newest agent says that it was installed with injection: `on`, `off`; '': it does not say. */
  readonly injects: 'on' | 'off' | ''
  /** `<namespace>/<name>` of the ConfigMap with what is switched off; '': not told. */
  readonly configMap: string
}

export function clusterInjectionQuery(clusterId: string): Query {
  return {
    sql: `
SELECT
  argMax(description['${agentAttributes.injection}'], last_seen) AS injects,
  argMax(description['${agentAttributes.injectionConfigMap}'], last_seen) AS configMap
FROM agents FINAL
WHERE ${ofCluster}`,
    params: { clusterId },
  }
}

export interface PodInjectionRow {
  readonly state: InjectionState
  readonly reason: string
  readonly injection: string
}

/** No row: the pod is gone, or has ended. */
export function podInjectionQuery(scope: { readonly clusterId: string; readonly uid: string }): Query {
  return {
    sql: `
SELECT state, reason, injection
FROM (${injectionOfPods(ofCluster)})
WHERE uid = {uid:String}`,
    params: { ...scope },
  }
}

export interface RestartsNeededRow {
  readonly clusterId: string
  readonly pods: number
  readonly workloads: number
}

/** Pods of each cluster that need a restart; a cluster without any has no row. */
export function restartsNeededQuery(): Query {
  return {
    sql: `
SELECT clusterId, toFloat64(count()) AS pods, toFloat64(uniqExact(namespace, kind, workload)) AS workloads
FROM (${injectionOfPods('true')})
WHERE state = 'restart'
GROUP BY clusterId`,
    params: {},
  }
}

/** Health rule: workloads that injection was switched off for. */
export function switchedOffQuery(): Query {
  return {
    sql: `
SELECT
  'injection-switched-off' AS rule, 'critical' AS severity, toString(workload_kind) AS entityKind, toString(workload) AS entity,
  toString(cluster_id) AS clusterId, toString(namespace) AS namespace, '' AS application,
  concat(
    'Injection is switched off for ', entityKind, ' ', entity, ': ', any(${offFinding}),
    '. New pods are not injected; those that crash stay until you restart the workload'
  ) AS message
FROM k8s_objects FINAL
WHERE NOT deleted AND ${offFinding} != ''
GROUP BY clusterId, namespace, entityKind, entity
ORDER BY clusterId, namespace, entity
LIMIT 1000`,
    params: {},
  }
}
