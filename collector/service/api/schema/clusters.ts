import { type Static, Type } from 'typebox'
import { AgentRemoteConfig } from './agent-configuration.ts'
import { Chart, Marker, Severity } from './common.ts'
import { PodInjection } from './injection.ts'

export const ClusterSummary = Type.Object({
  clusterId: Type.String(),
  name: Type.String(),
  agentVersion: Type.String(),
  agentHealthy: Type.Boolean(),
  /** Last report of the agent, or last data, whichever is newer; 0: never. */
  lastSeenMs: Type.Integer(),
  namespaces: Type.Integer(),
  pods: Type.Integer(),
  podsNotReady: Type.Integer(),
  restarts: Type.Integer({ description: 'in the time range' }),
  errorEvents: Type.Integer({ description: 'occurrences in the time range' }),
  warningEvents: Type.Integer(),
})
export type ClusterSummary = Static<typeof ClusterSummary>
export const ClusterList = Type.Object({ clusters: Type.Array(ClusterSummary) })
export type ClusterList = Static<typeof ClusterList>

const Maybe = Type.Union([Type.Number(), Type.Null()])

/** A figure of the dashboard: value now, the same figure before, a spark line, and the page that lists its rows. */
export const Figure = Type.Object({
  id: Type.String(),
  label: Type.String(),
  value: Maybe,
  unit: Type.String({ description: 'UCUM-like: 1, ms, By, mCPU' }),
  /** What the value is a part of, such as all deployments of those ready. */
  outOf: Maybe,
  /** Counts of the range: in the range of equal length before it. Levels: at the start of the range. null: not known. */
  before: Maybe,
  spark: Type.Array(Maybe),
  /** What it means where it is not zero. */
  tone: Type.Union([Type.Literal('plain'), Type.Literal('warn'), Type.Literal('bad')]),
  rows: Type.String({
    description: 'UI path relative to the cluster, with filters, such as pods?status=Pending',
  }),
})
export type Figure = Static<typeof Figure>

/** What the pods of the collected namespaces take of the nodes. `chart`: used, requested, limit, used in all, allocatable. */
export const Capacity = Type.Object({
  unit: Type.String(),
  used: Maybe,
  requested: Maybe,
  limit: Maybe,
  allocatable: Type.Union([Type.Number(), Type.Null()], { description: 'null: no node is visible' }),
  chart: Chart,
})
export type Capacity = Static<typeof Capacity>

export const ClusterDashboard = Type.Object({
  cluster: ClusterSummary,
  /** What is wrong in the range or now; zero is good. */
  problems: Type.Array(Figure),
  /** Charts share `stepMs` and times. podIssues: error events, restarts · imageIssues: image errors, pulls · storageIssues. */
  charts: Type.Object({ podIssues: Chart, imageIssues: Chart, storageIssues: Chart }),
  capacity: Type.Object({ cpu: Capacity, memory: Capacity, pods: Capacity }),
  markers: Type.Array(Marker),
  phases: Type.Array(Type.Object({ phase: Type.String(), pods: Type.Integer() })),
  /** Pods that are set up carelessly. */
  careless: Type.Array(Figure),
  /** Summed over the quotas of the namespaces, by resource. */
  quotas: Type.Array(
    Type.Object({
      resource: Type.String(),
      unit: Type.String(),
      used: Type.Number(),
      hard: Type.Number(),
      /** The quota that is used the most. */
      fullest: Type.Object({ namespace: Type.String(), name: Type.String(), ratio: Type.Number() }),
    }),
  ),
  totals: Type.Array(Figure),
})
export type ClusterDashboard = Static<typeof ClusterDashboard>

export const PodRow = Type.Object({
  uid: Type.String(),
  name: Type.String(),
  namespace: Type.String(),
  workloadKind: Type.String(),
  workload: Type.String(),
  node: Type.String(),
  version: Type.String(),
  /** As kubectl prints it: Running, CrashLoopBackOff, Init:0/1, … */
  status: Type.String(),
  phase: Type.String(),
  /** Derived for colour and filter. evicted and over-consuming are shown by shape. */
  health: Type.Union([
    Type.Literal('ok'),
    Type.Literal('pending'),
    Type.Literal('warning'),
    Type.Literal('failed'),
    Type.Literal('done'),
  ]),
  ready: Type.Integer(),
  containers: Type.Integer(),
  restarts: Type.Integer(),
  restartsInRange: Type.Integer(),
  lastRestartMs: Type.Integer({ description: '0: none' }),
  createdMs: Type.Integer(),
  deleted: Type.Boolean(),
  evicted: Type.Boolean(),
  /** Has sent spans in the time range. */
  traced: Type.Boolean(),
  cpuUsedMillicores: Type.Union([Type.Number(), Type.Null()]),
  cpuRequestMillicores: Type.Integer(),
  cpuLimitMillicores: Type.Integer(),
  memoryUsedBytes: Type.Union([Type.Number(), Type.Null()]),
  memoryRequestBytes: Type.Integer(),
  memoryLimitBytes: Type.Integer(),
  lastEvent: Type.Union([
    Type.Null(),
    Type.Object({ timeMs: Type.Integer(), reason: Type.String(), severity: Severity }),
  ]),
})
export type PodRow = Static<typeof PodRow>

/** Counts per namespace, status and so on ignore the filter of the facet itself, so that chips can be switched. */
export const Facet = Type.Object({
  name: Type.String(),
  values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
})
export type Facet = Static<typeof Facet>

export const PodList = Type.Object({
  pods: Type.Array(PodRow),
  total: Type.Integer(),
  facets: Type.Array(Facet),
})
export type PodList = Static<typeof PodList>

export const EventRow = Type.Object({
  /** Of the newest version of the group. */
  eventUid: Type.String(),
  severity: Severity,
  category: Type.String(),
  type: Type.String(),
  reason: Type.String(),
  message: Type.String(),
  namespace: Type.String(),
  objectKind: Type.String(),
  objectName: Type.String(),
  objectUid: Type.String(),
  workloadKind: Type.String(),
  workload: Type.String(),
  component: Type.String(),
  host: Type.String(),
  /** Occurrences in the time range. */
  count: Type.Integer(),
  firstMs: Type.Integer(),
  lastMs: Type.Integer(),
})
export type EventRow = Static<typeof EventRow>

export const EventList = Type.Object({
  events: Type.Array(EventRow),
  total: Type.Integer({ description: 'occurrences that match, not rows' }),
  facets: Type.Array(Facet),
  /** Occurrences per step, one series per severity. */
  timeline: Chart,
})
export type EventList = Static<typeof EventList>

/** The events that belong together with one, those that began first first. */
export const EventChain = Type.Object({ events: Type.Array(EventRow) })
export type EventChain = Static<typeof EventChain>

/** Ends of one container with one exit code in the time range. */
export const CrashRow = Type.Object({
  namespace: Type.String(),
  pod: Type.String(),
  podUid: Type.String(),
  container: Type.String(),
  workloadKind: Type.String(),
  workload: Type.String(),
  version: Type.String(),
  exitCode: Type.Integer(),
  reason: Type.String(),
  count: Type.Integer(),
  firstMs: Type.Integer(),
  lastMs: Type.Integer(),
  lines: Type.String({ description: "the newest lines that it wrote; '': none were kept" }),
  truncated: Type.Boolean(),
  linesMs: Type.Integer({ description: 'of the crash whose lines these are; 0: none were kept' }),
})
export type CrashRow = Static<typeof CrashRow>
export const CrashList = Type.Object({ crashes: Type.Array(CrashRow) })
export type CrashList = Static<typeof CrashList>

export const ChangeRow = Type.Object({
  timeMs: Type.Integer(),
  change: Type.String(),
  kind: Type.String(),
  name: Type.String(),
  namespace: Type.String(),
  from: Type.String(),
  to: Type.String(),
  previousDurationMs: Type.Integer(),
  container: Type.String(),
  exitCode: Type.Integer(),
  reason: Type.String(),
  message: Type.String(),
  version: Type.String(),
})
export type ChangeRow = Static<typeof ChangeRow>

export const ContainerRow = Type.Object({
  name: Type.String(),
  image: Type.String(),
  init: Type.Boolean(),
  ready: Type.Boolean(),
  restarts: Type.Integer(),
  state: Type.String(),
  reason: Type.String(),
  message: Type.String(),
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
  lastReason: Type.String(),
  lastExitCode: Type.Union([Type.Integer(), Type.Null()]),
  lastFinishedMs: Type.Integer(),
  cpuRequestMillicores: Type.Integer(),
  cpuLimitMillicores: Type.Integer(),
  memoryRequestBytes: Type.Integer(),
  memoryLimitBytes: Type.Integer(),
  readinessProbe: Type.Boolean(),
  livenessProbe: Type.Boolean(),
  privileged: Type.Boolean(),
})
export type ContainerRow = Static<typeof ContainerRow>

export const PodDetail = Type.Object({
  pod: PodRow,
  labels: Type.Record(Type.String(), Type.String()),
  podIp: Type.String(),
  qosClass: Type.String(),
  injection: Type.Union([PodInjection, Type.Null()], {
    description: 'now; null: the pod is not there any more',
  }),
  containers: Type.Array(ContainerRow),
  events: Type.Array(EventRow),
  changes: Type.Array(ChangeRow),
  crashes: Type.Array(CrashRow),
  cpu: Chart,
  memory: Chart,
  /** Services that sent spans from this pod in the time range. */
  services: Type.Array(
    Type.Object({
      application: Type.String(),
      service: Type.String(),
      spans: Type.Integer(),
      errors: Type.Integer(),
    }),
  ),
})
export type PodDetail = Static<typeof PodDetail>

export const NamespaceRow = Type.Object({
  name: Type.String(),
  status: Type.String(),
  scopeReason: Type.String(),
  collecting: Type.Boolean(),
  stoppedAtMs: Type.Integer({ description: '0: still collecting' }),
  pods: Type.Integer(),
  podsNotReady: Type.Integer(),
  restarts: Type.Integer(),
  errorEvents: Type.Integer(),
  workloads: Type.Integer(),
  services: Type.Integer(),
  claims: Type.Integer(),
  limitRanges: Type.Integer(),
  quotas: Type.Integer(),
  quotaRatio: Type.Union([Type.Number(), Type.Null()], {
    description: 'of the quota resource that is used the most: used by hard; null: no quota',
  }),
  quotaResource: Type.String(),
  findings: Type.Integer(),
})
export type NamespaceRow = Static<typeof NamespaceRow>
export const NamespaceList = Type.Object({ namespaces: Type.Array(NamespaceRow) })
export type NamespaceList = Static<typeof NamespaceList>

export const WorkloadRow = Type.Object({
  kind: Type.String(),
  name: Type.String(),
  namespace: Type.String(),
  status: Type.String(),
  health: Type.Union([
    Type.Literal('ok'),
    Type.Literal('warning'),
    Type.Literal('failed'),
    Type.Literal('done'),
  ]),
  ready: Type.Integer(),
  desired: Type.Integer(),
  pods: Type.Integer(),
  restarts: Type.Integer(),
  versions: Type.Array(Type.String()),
  images: Type.String({ description: 'of the template; empty: the agent does not watch the kind' }),
  createdMs: Type.Integer(),
  lastRolloutMs: Type.Integer({ description: '0: none seen' }),
  cpuUsedMillicores: Maybe,
  cpuRequestMillicores: Type.Integer({ description: 'of all its pods, as the others' }),
  cpuLimitMillicores: Type.Integer(),
  memoryUsedBytes: Maybe,
  memoryRequestBytes: Type.Integer(),
  memoryLimitBytes: Type.Integer(),
  /** Of its autoscaler; 0: none. */
  replicasMin: Type.Integer(),
  replicasMax: Type.Integer(),
  replicas: Type.Integer(),
  findings: Type.Array(Type.String(), { description: 'ids; of the workload, its pods and its autoscaler' }),
})
export type WorkloadRow = Static<typeof WorkloadRow>
export const WorkloadList = Type.Object({ workloads: Type.Array(WorkloadRow) })
export type WorkloadList = Static<typeof WorkloadList>

export const AgentRow = Type.Object({
  agentUid: Type.String(),
  clusterId: Type.String(),
  clusterName: Type.String(),
  version: Type.String(),
  startedMs: Type.Integer(),
  lastSeenMs: Type.Integer(),
  healthy: Type.Boolean(),
  health: Type.Array(
    Type.Object({
      name: Type.String(),
      healthy: Type.Boolean(),
      status: Type.String(),
      error: Type.String(),
      fix: Type.String({ description: 'what to do about it' }),
    }),
  ),
  effectiveConfig: Type.String(),
  remoteConfig: Type.Union([AgentRemoteConfig, Type.Null()]),
  mode: Type.String({
    description: 'full, or state: telemetry of applications is not received; empty: it does not say',
  }),
  bytesPerPodHour: Type.Union([Type.Number(), Type.Null()], {
    description: 'compressed bytes that it sends, a pod and hour; null: not known (yet)',
  }),
  bytesOver: Type.String({ description: 'what that is of: last hour, or since start' }),
})
export type AgentRow = Static<typeof AgentRow>
export const AgentList = Type.Object({ agents: Type.Array(AgentRow) })
export type AgentList = Static<typeof AgentList>
