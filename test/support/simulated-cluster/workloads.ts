/** What runs in the simulated cluster. Faults are of kinds that real clusters show (restart loops, images, memory, scheduling). */
export type Behaviour =
  | { readonly type: 'healthy' }
  /** A real Node process of test/support/demo-services; `env` may name other pods' addresses. */
  | { readonly type: 'process'; readonly program: string; readonly port: number }
  | {
      readonly type: 'crash-loop'
      readonly exitCode: number
      readonly afterMs: number
      /** It ends while it starts. */
      readonly neverReady?: boolean
    }
  /** Does not bear what is injected. */
  | { readonly type: 'crash-when-injected'; readonly exitCode: number; readonly afterMs: number }
  | { readonly type: 'out-of-memory'; readonly afterMs: number }
  | { readonly type: 'image-missing' }
  /** A ConfigMap that the container's environment needs is not there. */
  | { readonly type: 'config-missing'; readonly configMap: string }
  /** A Secret that a volume needs is not there. */
  | { readonly type: 'mount-failing'; readonly secret: string }
  /** The init container ends with an error, again and again. */
  | { readonly type: 'init-failing'; readonly afterMs: number }
  | { readonly type: 'unschedulable' }
  | { readonly type: 'never-ready' }
  | { readonly type: 'evicted' }

export interface Workload {
  readonly namespace: string
  readonly name: string
  readonly replicas: number
  readonly image: string
  readonly version: string
  /** Label `app`: several deployments may make one tier. */
  readonly app: string
  readonly behaviour: Behaviour
  readonly owner: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  readonly env?: Readonly<Record<string, string>>
  /** Workloads whose pods must be ready before these containers start, as init containers would see to. */
  readonly after?: readonly string[]
  readonly cpuRequestMillicores: number
  readonly cpuLimitMillicores: number
  readonly memoryRequestMiB: number
  readonly memoryLimitMiB: number
  readonly probes: boolean
  readonly privileged?: boolean
  /** Its pods opt out of injection. */
  readonly optsOut?: boolean
  /** Percent of its tier's calls, as whoever sets the split would write it on the pods. */
  readonly canaryWeight?: number
}

export interface NamespaceSpec {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

export const namespaces: readonly NamespaceSpec[] = [
  { name: 'kube-system', labels: {} },
  { name: 'default', labels: {} },
  {
    name: 'shop',
    labels: { 'binnacle.dev/collect': 'enabled', 'binnacle.dev/inject': 'enabled', team: 'storefront' },
  },
  { name: 'payments', labels: { 'binnacle.dev/collect': 'enabled', team: 'billing' } },
  { name: 'staging', labels: { team: 'storefront' } },
  { name: 'batch', labels: { 'binnacle.dev/collect': 'disabled', team: 'data' } },
]

export const nodes = ['node-a', 'node-b', 'node-c'] as const

const healthy: Behaviour = { type: 'healthy' }

function workload(spec: Partial<Workload> & Pick<Workload, 'namespace' | 'name'>): Workload {
  const version = spec.version ?? 'v1'
  return {
    replicas: 1,
    image: `registry.example/${spec.namespace}/${spec.name}:${version}`,
    app: spec.name,
    owner: 'Deployment',
    behaviour: healthy,
    cpuRequestMillicores: 100,
    cpuLimitMillicores: 500,
    memoryRequestMiB: 128,
    memoryLimitMiB: 256,
    probes: true,
    ...spec,
    version,
  }
}

const shop = (spec: Partial<Workload> & Pick<Workload, 'name'>): Workload =>
  workload({ namespace: 'shop', ...spec })
const payments = (spec: Partial<Workload> & Pick<Workload, 'name'>): Workload =>
  workload({ namespace: 'payments', ...spec })

export const workloads: readonly Workload[] = [
  shop({
    name: 'postgres',
    owner: 'StatefulSet',
    version: '17.2',
    image: 'docker.io/library/postgres:17.2',
    behaviour: { type: 'process', program: 'postgres.ts', port: 5432 },
    optsOut: true,
    memoryLimitMiB: 512,
  }),
  shop({
    name: 'benigno-v1',
    app: 'benigno',
    version: 'v1',
    replicas: 2,
    canaryWeight: 90,
    behaviour: { type: 'process', program: 'benigno.ts', port: 5000 },
  }),
  shop({
    name: 'benigno-v2',
    app: 'benigno',
    version: 'v2',
    canaryWeight: 10,
    behaviour: { type: 'process', program: 'benigno.ts', port: 5000 },
  }),
  shop({
    name: 'ordini',
    version: 'v1',
    behaviour: { type: 'process', program: 'ordini.ts', port: 5001 },
    after: ['postgres'],
    env: { DATABASE_HOST: '$(host:postgres)', DATABASE_PORT: '$(port:postgres)' },
  }),
  shop({
    name: 'spedizioni',
    version: 'v1',
    behaviour: { type: 'process', program: 'spedizioni.ts', port: 0 },
    after: ['postgres'],
    env: { DATABASE_HOST: '$(host:postgres)', DATABASE_PORT: '$(port:postgres)' },
  }),
  shop({
    name: 'magnanimo',
    version: '1.4.0',
    replicas: 2,
    behaviour: { type: 'process', program: 'magnanimo.ts', port: 4000 },
    after: ['benigno-v1', 'benigno-v2', 'ordini'],
    env: { BENIGNO: '$(split:benigno-v1=90,benigno-v2=10)', ORDINI: '$(url:ordini)' },
  }),
  shop({
    name: 'load',
    behaviour: { type: 'process', program: 'load.ts', port: 0 },
    after: ['magnanimo'],
    env: { TARGET: '$(url:magnanimo)/hw2' },
    probes: false,
  }),
  shop({ name: 'catalogo', replicas: 3, version: '2.1.0' }),
  shop({
    name: 'registro',
    owner: 'DaemonSet',
    replicas: nodes.length,
    version: '1.0.2',
    cpuLimitMillicores: 0,
  }),
  shop({ name: 'ricerca', replicas: 2, version: '0.9.3', cpuLimitMillicores: 0, memoryLimitMiB: 0 }),

  payments({ name: 'incassi', replicas: 3, version: '3.2.1' }),
  payments({
    name: 'sconti',
    version: '1.3.0',
    behaviour: { type: 'crash-when-injected', exitCode: 1, afterMs: 1_500 },
  }),
  payments({
    name: 'fatture',
    behaviour: { type: 'crash-loop', exitCode: 1, afterMs: 9_000 },
    version: '1.0.7',
  }),
  payments({
    name: 'report',
    behaviour: { type: 'out-of-memory', afterMs: 14_000 },
    version: '5.0.0',
    memoryLimitMiB: 64,
  }),
  payments({ name: 'antifrode', behaviour: { type: 'image-missing' }, version: '2.0.0-rc1' }),
  payments({
    name: 'modello',
    behaviour: { type: 'unschedulable' },
    cpuRequestMillicores: 64_000,
    cpuLimitMillicores: 64_000,
  }),
  payments({
    name: 'tariffe',
    behaviour: { type: 'config-missing', configMap: 'tariffe-2026' },
    version: '0.4.0',
  }),
  payments({
    name: 'notifiche',
    behaviour: { type: 'mount-failing', secret: 'notifiche-tls' },
    version: '1.1.0',
  }),
  payments({ name: 'migrazione', behaviour: { type: 'init-failing', afterMs: 4_000 }, version: '3.0.0' }),
  payments({ name: 'gateway', replicas: 2, behaviour: { type: 'never-ready' }, version: '1.8.2' }),
  payments({
    name: 'cache',
    replicas: 2,
    behaviour: { type: 'evicted' },
    memoryRequestMiB: 0,
    memoryLimitMiB: 0,
    cpuRequestMillicores: 0,
    cpuLimitMillicores: 0,
    probes: false,
  }),
  payments({
    name: 'agente',
    replicas: 1,
    privileged: true,
    probes: false,
    image: 'registry.example/payments/agente:latest',
    version: 'latest',
  }),

  workload({ namespace: 'staging', name: 'prova', replicas: 4, version: '9.9.9' }),
  workload({
    namespace: 'staging',
    name: 'instabile',
    behaviour: { type: 'crash-loop', exitCode: 137, afterMs: 6_000 },
  }),
  workload({ namespace: 'batch', name: 'notturno', replicas: 2 }),
  workload({ namespace: 'kube-system', name: 'coredns', replicas: 2, version: '1.12.1' }),
  workload({ namespace: 'kube-system', name: 'metrics-server', version: '0.8.0' }),
  workload({
    namespace: 'kube-system',
    name: 'kube-proxy',
    owner: 'DaemonSet',
    replicas: nodes.length,
    version: '1.34.0',
  }),
]

/** CronJobs: each runs one pod at a time, which ends by itself. */
export interface CronJobSpec {
  readonly namespace: string
  readonly name: string
  readonly everyMs: number
  readonly takesMs: number
  /** One run in so many fails. */
  readonly failsEach: number
}

export const cronJobs: readonly CronJobSpec[] = [
  { namespace: 'payments', name: 'riconciliazione', everyMs: 60_000, takesMs: 8_000, failsEach: 4 },
  { namespace: 'batch', name: 'riepilogo', everyMs: 45_000, takesMs: 12_000, failsEach: 10 },
]
