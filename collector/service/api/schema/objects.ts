import { type Static, Type } from 'typebox'
import { ChangeRow, EventRow, PodRow } from './clusters.ts'
import { Chart, Marker, Severity } from './common.ts'

export const Condition = Type.Object({
  type: Type.String(),
  status: Type.String({ description: 'True, False, Unknown' }),
  reason: Type.String(),
  message: Type.String(),
  sinceMs: Type.Integer({ description: 'of its last transition; 0: not told' }),
})
export type Condition = Static<typeof Condition>

/** A finding of one object: what, where in it, and what to do. */
export const ObjectFinding = Type.Object({
  id: Type.String(),
  title: Type.String(),
  severity: Severity,
  hint: Type.String(),
  detail: Type.String({ description: 'containers, the missing object, or figures' }),
})
export type ObjectFinding = Static<typeof ObjectFinding>

export const QuotaUse = Type.Object({
  resource: Type.String({ description: 'as Kubernetes names it: requests.cpu, limits.memory, pods, …' }),
  unit: Type.String({ description: 'UCUM-like: mCPU, By, 1' }),
  used: Type.Number(),
  hard: Type.Number(),
})
export type QuotaUse = Static<typeof QuotaUse>

/** An object of any kind. The names and units of `facts` and `amounts` depend on the kind (collector/record/kube-facts.ts). */
export const ObjectRow = Type.Object({
  kind: Type.String(),
  namespace: Type.String({ description: 'empty: of the whole cluster' }),
  name: Type.String(),
  uid: Type.String(),
  status: Type.String(),
  reason: Type.String(),
  version: Type.String(),
  ready: Type.Integer(),
  desired: Type.Integer(),
  ownerKind: Type.String(),
  owner: Type.String(),
  workloadKind: Type.String(),
  workload: Type.String(),
  createdMs: Type.Integer(),
  deleted: Type.Boolean(),
  labels: Type.Record(Type.String(), Type.String()),
  facts: Type.Record(Type.String(), Type.String()),
  amounts: Type.Record(Type.String(), Type.Number()),
  conditions: Type.Array(Condition),
  findings: Type.Array(ObjectFinding),
  /** Of a ResourceQuota, the fullest first. */
  quota: Type.Array(QuotaUse),
})
export type ObjectRow = Static<typeof ObjectRow>
export const ObjectList = Type.Object({
  objects: Type.Array(ObjectRow),
  total: Type.Integer({ description: 'objects that match, also beyond the limit' }),
  /** Under all filters but that of the kind, so that the kind can be switched. */
  kinds: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
})
export type ObjectList = Static<typeof ObjectList>

/** An object with what belongs to it; of a workload whose kind the agent does not watch, only that. */
export const ObjectDetail = Type.Object({
  object: Type.Union([ObjectRow, Type.Null()]),
  /** Of a workload or on a node, also those that went away within the range; problems first. */
  pods: Type.Array(PodRow),
  /** What it owns, its autoscaler, the endpoint slices of a service. */
  related: Type.Array(ObjectRow),
  events: Type.Array(EventRow),
  changes: Type.Array(ChangeRow),
  markers: Type.Array(Marker),
  /** Used, requested, limit of its pods; of a node also what all on it use, and what it can give (allocatable). */
  cpu: Chart,
  memory: Chart,
})
export type ObjectDetail = Static<typeof ObjectDetail>

const Used = Type.Union([Type.Number(), Type.Null()])

export const NodeRow = Type.Object({
  name: Type.String(),
  uid: Type.String(),
  status: Type.String({ description: 'as kubectl prints it: Ready, NotReady, Ready,SchedulingDisabled' }),
  health: Type.Union([Type.Literal('ok'), Type.Literal('warning'), Type.Literal('failed')]),
  cordoned: Type.Boolean(),
  roles: Type.Array(Type.String()),
  version: Type.String({ description: 'of the kubelet' }),
  taints: Type.Array(Type.String()),
  zone: Type.String(),
  instanceType: Type.String(),
  createdMs: Type.Integer(),
  /** Pods of the namespaces that are collected; what has ended takes no room. */
  pods: Type.Integer(),
  podsNotReady: Type.Integer(),
  podsAllocatable: Type.Integer(),
  cpuUsedMillicores: Used,
  cpuRequestMillicores: Type.Integer(),
  cpuLimitMillicores: Type.Integer(),
  cpuAllocatableMillicores: Type.Integer(),
  memoryUsedBytes: Used,
  memoryRequestBytes: Type.Integer(),
  memoryLimitBytes: Type.Integer(),
  memoryAllocatableBytes: Type.Integer(),
  conditions: Type.Array(Condition),
  findings: Type.Array(ObjectFinding),
})
export type NodeRow = Static<typeof NodeRow>
export const NodeList = Type.Object({ nodes: Type.Array(NodeRow) })
export type NodeList = Static<typeof NodeList>

const Owner = Type.Object({
  kind: Type.String(),
  namespace: Type.String(),
  name: Type.String(),
  count: Type.Integer({ description: 'its objects with the finding' }),
})

/** One kind of finding, such as "no memory limit", with the objects it was found on. */
export const Finding = Type.Object({
  id: Type.String(),
  title: Type.String(),
  severity: Severity,
  hint: Type.String({ description: 'how to fix it' }),
  count: Type.Integer(),
  before: Type.Union([Type.Integer(), Type.Null()], {
    description: 'at the start of the range; null: it was not counted then',
  }),
  spark: Type.Array(Type.Integer(), { description: 'as counted every five minutes or more' }),
  outOf: Type.Integer({ description: 'objects of the kinds it was found on' }),
  kinds: Type.Array(Type.String()),
  namespaces: Type.Integer(),
  /** Workloads whose objects have it, those with the most first; at most 20. */
  owners: Type.Array(Owner),
  /** At most 200. */
  objects: Type.Array(
    Type.Object({
      kind: Type.String(),
      namespace: Type.String(),
      name: Type.String(),
      ownerKind: Type.String(),
      owner: Type.String(),
      detail: Type.String(),
    }),
  ),
  rows: Type.String({ description: 'UI path relative to the cluster that lists the objects' }),
})
export type Finding = Static<typeof Finding>

export const Inventory = Type.Object({
  /** Worst first. */
  findings: Type.Array(Finding),
  objects: Type.Array(
    Type.Object({
      kind: Type.String(),
      count: Type.Integer(),
      before: Type.Integer({ description: 'at the start of the range' }),
      notReady: Type.Integer(),
      withFindings: Type.Integer(),
      rows: Type.String(),
    }),
  ),
  quotas: Type.Array(ObjectRow),
  limitRanges: Type.Array(ObjectRow),
  claims: Type.Array(ObjectRow),
  services: Type.Array(ObjectRow),
  autoscalers: Type.Array(ObjectRow),
})
export type Inventory = Static<typeof Inventory>
