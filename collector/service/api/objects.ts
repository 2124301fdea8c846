import { type ChangeListRow, changesOfObjectQuery } from '../query/changes.ts'
import { type EventFilter, type EventGroupRow, eventGroupsQuery } from '../query/events.ts'
import {
  type ObjectFilter,
  type ObjectKindRow,
  type ObjectListRow,
  objectKindsQuery,
  objectQuery,
  objectsQuery,
} from '../query/objects.ts'
import { type PodFilter, type PodListRow, podsQuery } from '../query/pods.ts'
import { everything, type Range } from '../query/query.ts'
import {
  type CapacityStepRow,
  capacityStepsQuery,
  nodeUsageStepsQuery,
  type ReservedStepRow,
  reservedStepsQuery,
  type UsageStepRow,
  usageStepsQuery,
} from '../query/usage.ts'
import { type Ask, asker } from './ask.ts'
import { usageCharts } from './capacity.ts'
import { markersOf, requireCluster } from './clusters.ts'
import { ApiProblem } from './errors.ts'
import { parseList } from './list-filter.ts'
import { toObjectRow } from './object-row.ts'
import { toPodRow } from './pods.ts'
import { type ApiDeps, type ApiInstance, answers, ClusterParams } from './route-types.ts'
import { ObjectDetail, ObjectList } from './schema/objects.ts'
import { ObjectKey, ObjectQuery } from './schema/routes.ts'
import { parseRange, stepMsOf } from './time.ts'

/** Pods, events and changes of one object, each. */
const shownMax = 500

export function registerObjectRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/clusters/:clusterId/objects',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: ObjectQuery,
        response: answers(ObjectList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { query } = request
      const filter: ObjectFilter = {
        ...parseRange(query, nowMs()),
        clusterId: request.params.clusterId,
        kind: parseList('kind', query.kind),
        namespace: parseList('namespace', query.namespace),
        finding: parseList('finding', query.finding),
        text: query.q ?? '',
      }
      await requireCluster(ask, filter.clusterId)
      const [objects, kinds] = await Promise.all([
        ask<ObjectListRow>(objectsQuery(filter, query.limit ?? 2_000)),
        ask<ObjectKindRow>(objectKindsQuery(filter)),
      ])
      return {
        objects: objects.map(toObjectRow),
        total: kinds.reduce((total, row) => total + (row.chosen ? row.count : 0), 0),
        kinds: kinds.map(({ value, count }) => ({ value, count })),
      }
    },
  )
  app.get(
    '/clusters/:clusterId/object',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: ObjectKey,
        response: answers(ObjectDetail),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { clusterId } = request.params
      const { kind, namespace = '', name } = request.query
      await requireCluster(ask, clusterId)
      return objectDetail(ask, { ...parseRange(request.query, nowMs()), clusterId, kind, namespace, name })
    },
  )
}

type Key = Range & { clusterId: string; kind: string; namespace: string; name: string }

const workloadKinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'])

async function objectDetail(ask: Ask, key: Key): Promise<ObjectDetail> {
  const { clusterId, kind, namespace, name, fromMs, toMs } = key
  const range = { fromMs, toMs, clusterId }
  const [object] = await ask<ObjectListRow>(objectQuery(key))
  const isNode = kind === 'Node'
  // A kind that the agent does not watch is known by its pods alone: a workload of an operator, say.
  const mayHavePods = isNode || workloadKinds.has(kind) || object === undefined
  const pods = mayHavePods ? await podsOf(ask, key) : []
  if (object === undefined && pods.length === 0) {
    throw new ApiProblem(
      'unknown-object',
      `cannot find ${kind} ${namespace === '' ? name : `${namespace}/${name}`}: it was not there in this time range; choose an earlier one`,
    )
  }
  const step = { ...range, stepMs: stepMsOf(range) }
  const place = isNode
    ? { namespace: everything, node: name }
    : { namespace: only(namespace), workload: `${kind}/${name}` }
  const [related, events, changes, markers, usage, reserved, nodeUsage, capacity] = await Promise.all([
    relatedTo(ask, key),
    eventsOf(ask, key),
    object === undefined
      ? []
      : ask<ChangeListRow>(changesOfObjectQuery({ ...range, uid: object.uid, limit: shownMax })),
    mayHavePods && !isNode ? markersOf(ask, { ...range, namespace: only(namespace) }) : [],
    mayHavePods ? ask<UsageStepRow>(usageStepsQuery({ ...step, ...place, pod: '' })) : [],
    mayHavePods ? ask<ReservedStepRow>(reservedStepsQuery({ ...step, ...place })) : [],
    isNode ? ask<UsageStepRow>(nodeUsageStepsQuery({ ...step, node: name })) : [],
    isNode ? ask<CapacityStepRow>(capacityStepsQuery({ ...step, node: name })) : [],
  ])
  const charts = usageCharts({ usage, reserved, ...(isNode ? { nodeUsage, capacity } : {}) }, range)
  return {
    object: object === undefined ? null : toObjectRow(object),
    pods: pods.map(toPodRow),
    related: related.map(toObjectRow),
    events: events.map((row) => ({ ...row })),
    changes,
    markers: markers.filter((marker) => marker.entity === `${kind}/${namespace}/${name}`),
    ...charts,
  }
}

const only = (value: string) => ({ in: [value], out: [] })

async function podsOf(ask: Ask, { kind, namespace, name, ...range }: Key): Promise<PodListRow[]> {
  const filter: PodFilter = {
    ...range,
    ...{
      status: everything,
      phase: everything,
      health: everything,
      version: everything,
      finding: everything,
    },
    ...(kind === 'Node'
      ? { node: only(name), namespace: everything, workload: everything }
      : { node: everything, namespace: only(namespace), workload: only(name) }),
    ...{ text: '', uid: '', restarted: false, deleted: true },
  }
  const pods = await ask<PodListRow>(podsQuery(filter, shownMax))
  return kind === 'Node' ? pods : pods.filter((pod) => pod.workloadKind === kind)
}

/** What it owns, its autoscaler, the endpoint slices of a service. */
async function relatedTo(ask: Ask, { kind, namespace, name, ...range }: Key): Promise<ObjectListRow[]> {
  if (kind === 'Node' || namespace === '') return []
  const rows = await ask<ObjectListRow>(
    objectsQuery(
      {
        ...{ ...range, finding: everything, text: '', namespace: only(namespace) },
        kind: { in: ['ReplicaSet', 'Job', 'HorizontalPodAutoscaler', 'EndpointSlice'], out: [] },
      },
      10_000,
    ),
  )
  return rows.filter(
    (row) =>
      (row.ownerKind === kind && row.owner === name) ||
      (row.kind === 'HorizontalPodAutoscaler' && row.facts['target'] === `${kind}/${name}`) ||
      (row.kind === 'EndpointSlice' && kind === 'Service' && row.facts['service'] === name),
  )
}

/** Of the object itself, and of all that a workload made. Events of nodes often carry the name as uid. */
async function eventsOf(ask: Ask, { kind, namespace, name, ...range }: Key): Promise<EventGroupRow[]> {
  const filter: EventFilter = {
    ...range,
    ...{ severity: everything, category: everything, reason: everything, objectUid: '', text: '' },
    ...(workloadKinds.has(kind)
      ? { namespace: only(namespace), workload: only(name) }
      : { namespace: everything, workload: everything, object: `${kind}/${name}` }),
  }
  const events = await ask<EventGroupRow>(eventGroupsQuery(filter, shownMax))
  if (workloadKinds.has(kind)) return events.filter((event) => event.workloadKind === kind)
  return kind === 'Node' ? events : events.filter((event) => event.namespace === namespace)
}
