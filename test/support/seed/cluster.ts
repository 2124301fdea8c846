import { type AgentTableRow, agentAttributes, fixMark } from '../../../collector/record/agent.ts'
import type {
  ContainerState,
  KubeChangeRow,
  KubeCrashRow,
  KubeObjectRow,
} from '../../../collector/record/kube.ts'
import type { FindingId } from '../../../collector/record/kube-facts.ts'
import type {
  agentNamespacesTable,
  NamespacesReport,
  ScopeConfig,
} from '../../../collector/record/remote-config.ts'
import type { RowOf } from '../../../collector/record/table.ts'
import { decideScope, parseScopeRules } from '../../../collector/scope/decide.ts'
import { seedKinds } from './kinds.ts'

export const clusterId = 'demo'
const minute = 60_000
const hour = 60 * minute

export interface SeedPod {
  readonly name: string
  readonly namespace: string
  readonly workload: string
  readonly workloadKind: string
  readonly node: string
  readonly version: string
  readonly status: string
  readonly phase: string
  readonly reason: string
  readonly ready: number
  readonly restarts: number
  readonly ageMs: number
  readonly deletedAgoMs?: number
  readonly container: Partial<ContainerState>
}

const running = { status: 'Running', phase: 'Running', reason: '', ready: 1, restarts: 0 }
const oneOf = (count: number, make: (index: number) => SeedPod): SeedPod[] =>
  Array.from({ length: count }, (_, index) => make(index))

function pod(over: Partial<SeedPod> & Pick<SeedPod, 'name' | 'workload'>): SeedPod {
  return {
    namespace: 'shop',
    workloadKind: 'Deployment',
    node: 'worker-1',
    version: 'v1',
    ...running,
    ageMs: 5 * hour,
    container: {},
    ...over,
  }
}

/** 32 pods: 30 that are there at the end, one deleted half an hour before it, one deleted long before. */
export const seedPods: readonly SeedPod[] = [
  ...oneOf(2, (i) =>
    pod({ name: `magnanimo-7d9f-${i}`, workload: 'magnanimo', node: `worker-${i + 1}`, version: '1.4.0' }),
  ),
  ...oneOf(3, (i) => pod({ name: `benigno-v1-5c8b-${i}`, workload: 'benigno-v1', node: `worker-${i + 1}` })),
  pod({
    name: 'benigno-v2-6f77-0',
    workload: 'benigno-v2',
    node: 'worker-2',
    version: 'v2',
    ageMs: 25 * minute,
  }),
  ...oneOf(2, (i) => pod({ name: `ordini-84d5-${i}`, workload: 'ordini', node: `worker-${i + 2}` })),
  pod({
    name: 'spedizioni-66b9-0',
    workload: 'spedizioni',
    restarts: 4,
    container: { lastReason: 'OOMKilled', lastExitCode: 137, restarts: 4 },
  }),
  pod({
    name: 'postgres-0',
    workload: 'postgres',
    workloadKind: 'StatefulSet',
    version: '17',
    container: { image: 'postgres:17', livenessProbe: true },
  }),
  pod({
    name: 'pagamenti-59cc-0',
    workload: 'pagamenti',
    ...{ status: 'CrashLoopBackOff', ready: 0, restarts: 17 },
    container: {
      state: 'waiting',
      reason: 'CrashLoopBackOff',
      ready: false,
      restarts: 17,
      lastReason: 'Error',
      lastExitCode: 1,
    },
  }),
  pod({
    name: 'catalogo-7bb5-0',
    workload: 'catalogo',
    ...{ status: 'ImagePullBackOff', phase: 'Pending', ready: 0, ageMs: 40 * minute },
    container: {
      state: 'waiting',
      reason: 'ImagePullBackOff',
      ready: false,
      image: 'registry.test/catalogo:latest',
    },
  }),
  pod({
    name: 'report-0',
    workload: 'report',
    workloadKind: 'StatefulSet',
    node: '',
    ...{ status: 'Pending', phase: 'Pending', reason: 'Unschedulable', ready: 0, ageMs: 20 * minute },
    container: { state: 'waiting', ready: false, cpuRequestMillicores: 64_000 },
  }),
  pod({
    name: 'mailer-5f6d-0',
    workload: 'mailer',
    ...{ status: 'ContainerCreating', phase: 'Pending', ready: 0, ageMs: 3 * minute },
    container: { state: 'waiting', reason: 'ContainerCreating', ready: false },
  }),
  pod({
    name: 'search-6c4f-0',
    workload: 'search',
    ...{ status: 'Init:0/1', phase: 'Pending', ready: 0, ageMs: 2 * minute },
    container: { state: 'waiting', reason: 'PodInitializing', ready: false },
  }),
  pod({ name: 'search-6c4f-1', workload: 'search', ready: 0, container: { ready: false } }),
  ...oneOf(2, (i) =>
    pod({
      name: `import-2891${i}`,
      workload: 'import',
      workloadKind: 'CronJob',
      ...{ status: 'Completed', phase: 'Succeeded', ready: 0, ageMs: (i + 1) * 10 * minute },
      // Without a limit, which is nobody's concern any more.
      container: {
        ...{ state: 'terminated', reason: 'Completed', ready: false, exitCode: 0 },
        cpuLimitMillicores: 0,
      },
    }),
  ),
  pod({
    name: 'cache-58d6-0',
    workload: 'cache',
    node: 'worker-3',
    ...{ status: 'Evicted', phase: 'Failed', reason: 'Evicted', ready: 0 },
    container: { state: 'terminated', ready: false },
  }),
  pod({ name: 'cache-58d6-1', workload: 'cache', container: { cpuLimitMillicores: 0, memoryLimitBytes: 0 } }),
  ...oneOf(5, (i) =>
    pod({
      name: `billing-api-${i}`,
      workload: 'billing-api',
      namespace: 'billing',
      node: `worker-${(i % 3) + 1}`,
    }),
  ),
  ...oneOf(2, (i) =>
    pod({
      name: `billing-batch-${i}`,
      workload: 'billing-batch',
      namespace: 'billing',
      container: {
        cpuRequestMillicores: 0,
        memoryRequestBytes: 0,
        livenessProbe: false,
        readinessProbe: false,
      },
    }),
  ),
  pod({
    name: 'node-tools-abcde',
    workload: 'node-tools',
    workloadKind: 'DaemonSet',
    namespace: 'billing',
    container: { privileged: true },
  }),
  ...oneOf(2, (i) =>
    pod({
      name: `gateway-${i}`,
      workload: 'gateway',
      namespace: 'billing',
      ageMs: 10 * minute,
      version: '2.0.1',
    }),
  ),
  pod({ name: 'benigno-v1-5c8b-old', workload: 'benigno-v1', deletedAgoMs: 30 * minute }),
  pod({ name: 'benigno-v1-4a11-gone', workload: 'benigno-v1', deletedAgoMs: 4 * hour }),
]

export const podUid = (name: string): string => `uid-${name}`

function containerOf(pod: SeedPod, nowMs: number): ContainerState {
  return {
    name: pod.workload,
    image: `registry.test/${pod.workload}:${pod.version}`,
    init: false,
    ready: true,
    restarts: pod.restarts,
    state: 'running',
    reason: '',
    message: '',
    startedAtMs: nowMs - pod.ageMs,
    cpuRequestMillicores: 100,
    cpuLimitMillicores: 500,
    memoryRequestBytes: 128 * 1024 ** 2,
    memoryLimitBytes: 256 * 1024 ** 2,
    readinessProbe: true,
    livenessProbe: true,
    privileged: false,
    ...pod.container,
  }
}

export const emptyObject = {
  cluster_id: clusterId,
  resource_version: '1000',
  deleted: false,
  owner_kind: '',
  owner_name: '',
  status: '',
  phase: '',
  reason: '',
  node: '',
  pod_ip: '',
  version: '',
  ready: 0,
  desired: 0,
  restarts: 0,
  last_restart_at: 0,
  cpu_request_millicores: 0,
  cpu_limit_millicores: 0,
  memory_request_bytes: 0n,
  memory_limit_bytes: 0n,
  qos_class: '',
  containers: '[]',
  scope_reason: '',
  facts: new Map<string, string>(),
  amounts: new Map<string, number>(),
  conditions: '[]',
  findings: new Map<string, string>(),
  batch_id: 'seed',
}

function podRow(pod: SeedPod, nowMs: number): KubeObjectRow {
  const container = containerOf(pod, nowMs)
  const observedMs = nowMs - (pod.deletedAgoMs ?? 0)
  return {
    ...emptyObject,
    kind: 'Pod',
    namespace: pod.namespace,
    name: pod.name,
    uid: podUid(pod.name),
    observed_at: observedMs,
    received_at: observedMs,
    deleted: pod.deletedAgoMs !== undefined,
    created_at: nowMs - pod.ageMs,
    owner_kind: pod.workloadKind === 'Deployment' ? 'ReplicaSet' : pod.workloadKind,
    owner_name: pod.workload,
    workload_kind: pod.workloadKind,
    workload: pod.workload,
    labels: new Map([
      ['app', pod.workload],
      ['version', pod.version],
    ]),
    status: pod.status,
    phase: pod.phase,
    reason: pod.reason,
    node: pod.node,
    pod_ip: pod.node === '' ? '' : '10.42.0.7',
    version: pod.version,
    ready: pod.ready,
    desired: 1,
    restarts: pod.restarts,
    last_restart_at: pod.restarts > 0 ? nowMs - 5 * minute : 0,
    cpu_request_millicores: container.cpuRequestMillicores,
    cpu_limit_millicores: container.cpuLimitMillicores,
    memory_request_bytes: BigInt(container.memoryRequestBytes),
    memory_limit_bytes: BigInt(container.memoryLimitBytes),
    qos_class: 'Burstable',
    containers: JSON.stringify([container]),
    amounts: podAmounts(pod, nowMs),
    findings: podFindings(pod, container),
  }
}

/** Every pod that runs was scheduled 1 s, started 5 s and became ready 20 s after it was created. */
function podAmounts(pod: SeedPod, nowMs: number): Map<string, number> {
  const createdMs = nowMs - pod.ageMs
  return new Map([
    ...(pod.node === '' ? [] : [['scheduledAtMs', createdMs + 1_000] as const]),
    ...(pod.phase === 'Running' ? [['startedAtMs', createdMs + 5_000] as const] : []),
    ...(pod.ready > 0 ? [['readyAtMs', createdMs + 20_000] as const] : []),
  ])
}

function podFindings({ name, workloadKind, workload }: SeedPod, one: ContainerState): Map<string, string> {
  const probed = workloadKind !== 'CronJob'
  const found: readonly (readonly [FindingId, boolean])[] = [
    ['no-cpu-request', one.cpuRequestMillicores === 0],
    ['no-memory-request', one.memoryRequestBytes === 0],
    ['no-cpu-limit', one.cpuLimitMillicores === 0],
    ['no-memory-limit', one.memoryLimitBytes === 0],
    ['no-readiness-probe', probed && !one.readinessProbe],
    ['no-liveness-probe', probed && !one.livenessProbe],
    ['privileged', one.privileged],
    ['missing-secret', name.startsWith('mailer')],
  ]
  return new Map(
    found.filter(([, is]) => is).map(([id]) => [id, id === 'missing-secret' ? 'smtp' : workload]),
  )
}

function workloadRows(nowMs: number): KubeObjectRow[] {
  const alive = seedPods.filter((pod) => pod.deletedAgoMs === undefined && pod.workloadKind === 'Deployment')
  return [...new Set(alive.map((pod) => pod.workload))].flatMap((workload) => {
    const pods = alive.filter((pod) => pod.workload === workload)
    const ready = pods.reduce((sum, pod) => sum + pod.ready, 0)
    const first = pods[0]
    if (first === undefined) return []
    const shared = {
      ...emptyObject,
      namespace: first.namespace,
      observed_at: nowMs,
      received_at: nowMs,
      created_at: nowMs - 24 * hour,
      workload_kind: 'Deployment',
      workload,
      labels: new Map([['app', workload]]),
      version: first.version,
      ready,
      desired: pods.length,
      status: ready === pods.length ? 'Available' : 'Degraded',
    }
    const replicaSet = `${workload}-rs`
    return [
      {
        ...shared,
        kind: 'Deployment',
        name: workload,
        uid: `uid-deployment-${workload}`,
        facts: new Map([
          ['strategy', 'RollingUpdate'],
          ['images', `registry.test/${workload}:${first.version}`],
        ]),
        amounts: new Map([
          ['replicas', pods.length],
          ['updated', pods.length],
          ['available', ready],
          ['unavailable', pods.length - ready],
          ['revision', 3],
        ]),
        conditions: JSON.stringify([
          {
            type: 'Available',
            status: ready === pods.length ? 'True' : 'False',
            reason: ready === pods.length ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
            message: '',
            sinceMs: nowMs - 30 * minute,
          },
        ]),
      },
      {
        ...shared,
        ...{ ready: 0, status: '' },
        kind: 'ReplicaSet',
        name: replicaSet,
        uid: `uid-${replicaSet}`,
        owner_kind: 'Deployment',
        owner_name: workload,
      },
    ]
  })
}

function namespaceRows(nowMs: number): KubeObjectRow[] {
  const reasons: Record<string, string> = {
    shop: 'label binnacle.dev/collect=enabled',
    billing: 'include: billing',
    legacy: 'include: legacy',
  }
  return Object.entries(reasons).map(([name, scope_reason]) => ({
    ...emptyObject,
    kind: 'Namespace',
    namespace: name,
    name,
    uid: `uid-namespace-${name}`,
    observed_at: nowMs,
    received_at: nowMs,
    created_at: nowMs - 48 * hour,
    workload_kind: '',
    workload: '',
    labels: new Map([['kubernetes.io/metadata.name', name]]),
    status: 'Active',
    scope_reason,
    amounts: new Map(
      name === 'shop'
        ? [
            ['quotas', 1],
            ['limitRanges', 1],
          ]
        : [
            ['quotas', 0],
            ['limitRanges', 0],
          ],
    ),
    findings: new Map(name === 'shop' ? [] : [['namespace-without-quota', '']]),
  }))
}

export function seedObjects(nowMs: number): KubeObjectRow[] {
  // The first projection of a pod stands for the many versions that collapse into the newest.
  const stale = seedPods.slice(0, 3).map((pod) => ({
    ...podRow({ ...pod, status: 'Pending', phase: 'Pending', ready: 0 }, nowMs),
    observed_at: nowMs - hour,
  }))
  return [
    ...stale,
    ...seedPods.map((pod) => podRow(pod, nowMs)),
    ...workloadRows(nowMs),
    ...namespaceRows(nowMs),
    ...seedKinds(nowMs),
  ]
}

/** In the last hour: 4 restarts of spedizioni, 5 of pagamenti; before it 12 of pagamenti; a rollout, a scale, a stop. */
/** The newest crash of pagamenti with its lines, twice as after a failover, and a job that failed for good an hour ago. */
export function seedCrashes(nowMs: number): KubeCrashRow[] {
  const timeMs = nowMs - 4 * minute
  const crash: KubeCrashRow = {
    cluster_id: clusterId,
    namespace: 'shop',
    pod: 'pagamenti-59cc-0',
    pod_uid: podUid('pagamenti-59cc-0'),
    container: 'pagamenti',
    workload_kind: 'Deployment',
    workload: 'pagamenti',
    version: '1.4.2',
    time: timeMs,
    exit_code: 1n,
    reason: 'Error',
    lines: [
      `${new Date(timeMs - 2_000).toISOString()} INFO  listening on 8080`,
      `${new Date(timeMs - 40).toISOString()} ERROR the gateway refused the certificate`,
      'Error: certificate has expired',
      '    at TLSSocket.onConnectSecure (node:_tls_wrap:1679:34)',
    ].join('\n'),
    truncated: false,
    crash_id: `restart/pagamenti-59cc-0/${timeMs}`,
    received_at: timeMs,
    batch_id: 'seed',
  }
  const failed: KubeCrashRow = {
    ...crash,
    ...{
      pod: 'import-28',
      pod_uid: 'uid-import-28',
      container: 'import',
      workload: 'import',
      workload_kind: 'Job',
    },
    ...{
      exit_code: 2n,
      lines: 'line 7 has no price',
      time: nowMs - 30 * minute,
      crash_id: 'uid-import-28:failed:import',
    },
  }
  return [crash, { ...crash, received_at: nowMs }, failed]
}

export function seedChanges(nowMs: number): KubeChangeRow[] {
  const change = (
    over: Partial<KubeChangeRow> & Pick<KubeChangeRow, 'time' | 'change' | 'name'>,
  ): KubeChangeRow => ({
    cluster_id: clusterId,
    namespace: 'shop',
    kind: 'Pod',
    uid: podUid(over.name),
    workload_kind: 'Deployment',
    workload: '',
    from_status: '',
    to_status: '',
    previous_duration_ms: 0n,
    container: '',
    exit_code: 0n,
    reason: '',
    message: '',
    image: '',
    version: '',
    replicas: 0,
    change_id: `${over.change}/${over.name}/${over.time}`,
    received_at: over.time,
    batch_id: 'seed',
    ...over,
  })
  const restart = (name: string, workload: string, agoMs: number, exit: bigint, reason: string) =>
    change({
      name,
      workload,
      container: workload,
      time: nowMs - agoMs,
      change: 'restart',
      exit_code: exit,
      reason,
    })
  const oom = Array.from({ length: 4 }, (_, i) =>
    restart('spedizioni-66b9-0', 'spedizioni', (5 + i * 12) * minute, 137n, 'OOMKilled'),
  )
  const crashes = Array.from({ length: 17 }, (_, i) =>
    restart('pagamenti-59cc-0', 'pagamenti', (i < 5 ? 4 + i * 10 : 65 + i * 5) * minute, 1n, 'Error'),
  )
  return [
    ...oom,
    ...crashes,
    // The same change sent again after a failover: the deterministic id makes it one.
    ...crashes.slice(0, 2),
    change({
      name: 'benigno-v2',
      kind: 'Deployment',
      uid: 'uid-deployment-benigno-v2',
      workload: 'benigno-v2',
      change: 'rollout',
      from_status: 'v1',
      to_status: 'v2',
      version: 'v2',
      image: 'registry.test/benigno:v2',
      time: nowMs - 25 * minute,
    }),
    change({
      name: 'gateway',
      namespace: 'billing',
      kind: 'Deployment',
      uid: 'uid-deployment-gateway',
      workload: 'gateway',
      change: 'scale',
      from_status: '1',
      to_status: '2',
      replicas: 2,
      time: nowMs - 10 * minute,
    }),
    change({
      name: 'pagamenti-59cc-0',
      workload: 'pagamenti',
      change: 'status',
      from_status: 'Running',
      to_status: 'CrashLoopBackOff',
      previous_duration_ms: 12_000n,
      time: nowMs - 4 * minute,
    }),
    change({
      name: 'legacy',
      namespace: 'legacy',
      kind: 'Namespace',
      uid: 'uid-namespace-legacy',
      change: 'collection-stopped',
      reason: 'label binnacle.dev/collect=disabled',
      time: nowMs - 15 * minute,
    }),
  ]
}

export function seedAgents(nowMs: number): AgentTableRow[] {
  const agent = {
    agent_uid: '018f2b5e-0000-7000-8000-000000000001',
    cluster_id: clusterId,
    cluster_name: 'demo',
    version: '0.1.0',
    started_at: nowMs - 6 * hour,
    healthy: true,
    health: JSON.stringify([
      { name: 'watch', healthy: true, status: 'watching', error: '' },
      {
        name: 'may watch cronjobs',
        healthy: false,
        status: 'denied',
        error: `cannot watch cronjobs: RBAC denies it${fixMark}upgrade the chart, or add the rule to the role`,
      },
    ]),
    effective_config: 'namespaces:\n  include: [billing, legacy]\n',
    description: new Map([
      ['service.name', 'binnacle-agent'],
      [agentAttributes.mode, 'state'],
      [agentAttributes.bytesPerPodHour, '13000'],
      [agentAttributes.bytesOver, 'last hour'],
    ]),
    remote_config: '',
  }
  return [
    { ...agent, last_seen: nowMs - 3 * minute, healthy: false },
    { ...agent, last_seen: nowMs - 5_000 },
  ]
}

/** Two of them collected, the others for one reason each. */
export function seedNamespaces(nowMs: number): RowOf<typeof agentNamespacesTable>[] {
  const values: ScopeConfig = {
    include: ['billing'],
    exclude: ['kube-.*'],
    rancherProjects: [],
    default: 'off',
    allowed: [],
  }
  const rules = parseScopeRules(values)
  const namespaces = [
    { name: 'shop', labels: { 'binnacle.dev/collect': 'enabled' } },
    { name: 'billing', labels: {} },
    { name: 'legacy', labels: { 'binnacle.dev/collect': 'disabled' } },
    { name: 'kube-system', labels: {} },
    { name: 'staging', labels: {} },
    { name: 'team-a', labels: {} },
  ].map((one) => ({ ...one, uid: `uid-namespace-${one.name}`, rancherProject: '' }))
  const report: NamespacesReport = {
    namespaces: namespaces.map((one) => ({ ...one, ...decideScope(rules, one) })),
    omitted: 0,
    values,
    settable: ['namespaces.include', 'namespaces.exclude', 'scrape', 'log', 'sampling.ratio'],
  }
  const agent_uid = '018f2b5e-0000-7000-8000-000000000001'
  return [{ cluster_id: clusterId, agent_uid, report: JSON.stringify(report), reported_at: nowMs - 5_000 }]
}
