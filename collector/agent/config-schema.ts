import { type Static, type TSchema, Type } from 'typebox'

/** The keys of the agent's configuration, which are the Helm values, with defaults, bounds and units. */
const Port = (port: number, description: string) =>
  Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: port,
    description: `${description}; 0: any free port`,
  })
const Ms = (ms: number, minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: 86_400_000, default: ms, description: `ms; ${description}` })
const Bytes = (bytes: number, minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: 2 ** 40, default: bytes, description: `bytes; ${description}` })
const Text = (text: string, description: string) =>
  Type.String({ maxLength: 4_096, default: text, description })
const Texts = (description: string) =>
  Type.Array(Type.String({ maxLength: 512 }), { maxItems: 1_000, default: [], description })
const OneOf = <const T extends string>(values: readonly T[], first: NoInfer<T>, description: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { default: first, description: `${values.join(', ')}; ${description}` },
  ) as unknown as TypedChoice<T>
// Type.Union of a mapped array loses the literals; the values are checked all the same.
type TypedChoice<T extends string> = ReturnType<typeof Type.Unsafe<T>>
const Group = <T extends Record<string, TSchema>>(properties: T) =>
  Type.Object(properties, { additionalProperties: false, default: {} })

const MiB = 1024 * 1024

export const AgentConfig = Group({
  mode: OneOf(
    ['full', 'state'],
    'full',
    'state: state, events and usage of the cluster alone; no telemetry of applications is received, for small nodes at the edge',
  ),
  cluster: Group({
    name: Text('', 'as the UI shows it; empty: the id'),
    id: Text('', 'empty: the uid of namespace kube-system; must be set when watch.mode is namespaced'),
  }),
  service: Group({
    endpoint: Type.String({
      pattern: '^https?://.+',
      maxLength: 4_096,
      default: 'http://127.0.0.1:8420',
      description: 'address of the Binnacle service, or of any OTLP/HTTP back end',
    }),
    accessKey: Text('', 'sent as a bearer token; empty: none'),
    accessKeyFile: Text('', 'a file with the access key, read for every request; wins over accessKey'),
    proxyUrl: Text('', 'an HTTP(S) proxy on the way; empty: what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say'),
    caFile: Text(
      '',
      'PEM of the authorities that may have signed the certificate of the service; empty: the public ones',
    ),
    certFile: Text('', 'PEM of the certificate that the agent shows (mTLS)'),
    keyFile: Text('', 'PEM of its key; these files are read again when they change'),
    insecureSkipVerify: Type.Boolean({
      default: false,
      description: 'take any certificate of the service; health warns of it',
    }),
  }),
  namespaces: Group({
    include: Texts('exact names or anchored regular expressions'),
    exclude: Texts('wins over everything, also over labels'),
    rancherProjects: Texts('Rancher project ids, such as p-xxxxx'),
    default: OneOf(['off', 'on'], 'off', 'what no other rule decides'),
    allowed: Texts('what remote configuration may select; empty: anything'),
  }),
  watch: Group({
    mode: OneOf(
      ['cluster', 'namespaced'],
      'cluster',
      'namespaced: only watch.namespaces, no rights for the whole cluster',
    ),
    namespaces: Texts('exact names, for mode namespaced'),
    nodes: OneOf(['on', 'off'], 'on', 'read nodes, their capacity and use; not in mode namespaced'),
    namespacesMax: Type.Integer({
      minimum: 0,
      maximum: 1_000,
      default: 10,
      description:
        'up to so many selected namespaces have watches of their own, some 15 connections and 4 MB each; more share theirs',
    }),
  }),
  leaderElection: Group({
    enabled: Type.Boolean({
      default: false,
      description:
        'for more than one replica: all receive and watch, one speaks for the cluster; the chart sets it',
    }),
    namespace: Text('default', 'of the Lease'),
    name: Text('binnacle-agent', 'of the Lease'),
    identity: Text('', 'of this replica, no two alike; empty: the host name, which is the name of the pod'),
    leaseDurationMs: Ms(15_000, 1_000, 'how long the others wait for a leader that is not heard of'),
    renewDeadlineMs: Ms(10_000, 500, 'how long a leader that cannot renew goes on'),
    retryMs: Ms(2_000, 100, 'between two renewals or looks'),
  }),
  scrape: Group({
    enabled: Type.Boolean({ default: true, description: 'read CPU and memory use from metrics.k8s.io' }),
    intervalMs: Ms(30_000, 1_000, 'between two scrapes'),
  }),
  crashLogs: Group({
    enabled: Type.Boolean({
      default: false,
      description:
        'keep the last lines of containers that crash, of selected namespaces; needs the right to get pods/log. What looks like a secret is taken out, which cannot find every secret',
    }),
    lines: Type.Integer({ minimum: 1, maximum: 1_000, default: 50, description: 'of a crash, at most' }),
    bytesMax: Type.Integer({
      minimum: 256,
      maximum: 65_536,
      default: 16_384,
      description: 'bytes; of a crash, the newest ones',
    }),
  }),
  injection: Group({
    enabled: Type.Boolean({
      default: false,
      description:
        'instrumentation is injected into new pods of namespaces that ask for it; the chart sets it',
    }),
    namespace: Text('default', 'of the ConfigMap; the chart sets it'),
    configMap: Text(
      'binnacle-agent-injection',
      'with the workloads that are not injected, key disabled.json; the agent makes it and adds to it',
    ),
    crashGuard: Group({
      enabled: Type.Boolean({
        default: true,
        description:
          'switch injection off for a workload whose injected pods crash again and again while others do not; needs the right to create, get and update that ConfigMap',
      }),
      minutes: Type.Integer({
        minimum: 1,
        maximum: 60,
        default: 5,
        description: 'from the start of a pod on, in which such crashes count',
      }),
    }),
  }),
  receive: Group({
    host: Text('127.0.0.1', 'where to take OTLP from applications'),
    grpcPort: Port(4317, 'OTLP over gRPC'),
    httpPort: Port(4318, 'OTLP over HTTP'),
    unknownNamespace: OneOf(['refuse', 'accept'], 'refuse', 'telemetry of which no namespace is known'),
    podWaitMs: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      default: 3_000,
      description: 'ms; how long a request of a pod that is not known yet is held; less than SDKs wait, 10 s',
    }),
    serviceNameFromLabels: Type.Boolean({
      default: false,
      description:
        'labels app.kubernetes.io/instance and /name of a pod name its service, before its workload does',
    }),
    tls: Group({
      certFile: Text('', 'PEM of the certificate for applications; empty: clear text'),
      keyFile: Text('', 'PEM of its key; these files are read again when they change'),
      clientCaFile: Text('', 'PEM of the authorities of applications, which must then show a certificate'),
    }),
    stopPauseMs: Ms(
      0,
      0,
      'how long a stopping agent, no longer ready, goes on taking requests, until its Service has let go of it; the chart: 5000',
    ),
    bodyBytesMax: Bytes(16 * MiB, 1_024, 'of one request, before and after inflating'),
  }),
  admin: Group({
    host: Text('127.0.0.1', 'where /livez, /readyz, /metrics and /status answer'),
    port: Port(8421, 'admin'),
  }),
  spool: Group({
    directory: Text('.binnacle/spool', 'the on-disk buffer that bridges outages of the service'),
    bytesMax: Bytes(
      1024 * MiB,
      64 * MiB,
      'of all lanes; the oldest data is dropped, counted, when it is reached',
    ),
    syncWindowMs: Ms(20, 0, 'writes of this long share one fsync'),
  }),
  batch: Group({
    windowMs: Ms(1_000, 0, 'telemetry of this long becomes one batch'),
    kubeWindowMs: Ms(250, 0, 'the same for pods and events; four times as long while they come all the time'),
    bytesMax: Bytes(4 * MiB, 1_024, 'of a batch'),
    memoryBytesMax: Bytes(16 * MiB, 64 * 1_024, 'of what waits in memory, each lane'),
  }),
  sampling: Group({
    enabled: Type.Boolean({
      default: false,
      description: 'tail sampling of traces; errors, slow and rare operations are always kept',
    }),
    ratio: Type.Number({
      minimum: 0.0001,
      maximum: 1,
      default: 0.1,
      description: 'of the other traces; figures stay right, their spans count for more',
    }),
    slowQuantile: Type.Number({
      minimum: 0.5,
      maximum: 0.9999,
      default: 0.99,
      description: 'a call that lasts longer than this share of the calls of its operation is slow',
    }),
    ageMs: Ms(30_000, 100, 'a trace is decided so long after its first span'),
    afterRootMs: Ms(5_000, 0, 'or so long after its root has ended'),
    bytesMax: Bytes(
      32 * MiB,
      MiB,
      'of traces that are not decided; beyond it they are decided early, and kept',
    ),
    replicas: Group({
      address: Type.String({
        default: '',
        pattern: '^$|^[A-Za-z0-9.-]+:[0-9]{1,5}$',
        description:
          'host:port of OTLP/HTTP whose host resolves to all ready replicas, such as a headless Service: each span goes to the one that decides its trace; empty: this one decides all',
      }),
      ownAddress: Type.String({ default: '', description: 'of this replica, as that name resolves to it' }),
      serverName: Type.String({
        default: '',
        description: 'in the certificate of receive.tls; default: the host above',
      }),
      caFile: Type.String({
        default: '',
        description: 'PEM, of who signed the certificate of receive.tls; empty: the public authorities',
      }),
    }),
  }),
  ship: Group({
    compression: OneOf(
      ['zstd', 'gzip', 'none'],
      'zstd',
      'of requests; zstd: where the other end says that it takes it, else gzip',
    ),
    timeoutMs: Ms(30_000, 100, 'for one request to the service'),
    inFlightMax: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 4,
      description: 'requests at once, each lane but kube',
    }),
    retryFirstMs: Ms(1_000, 1, 'the first wait after a failure'),
    reconnectMaxMs: Ms(5_000, 1, 'the longest wait while nobody answers at the address'),
    retryMaxMs: Ms(30_000, 1, 'the longest wait while the service is busy or refuses the key'),
    drainMs: Ms(5_000, 0, 'how long to go on sending when stopping; the rest stays in the spool'),
  }),
  control: Group({
    intervalMs: Ms(
      30_000,
      100,
      'between two reports of health and configuration; changes made in the UI arrive at once all the same',
    ),
    settable: Type.Array(Type.String({ maxLength: 128 }), {
      maxItems: 100,
      default: ['namespaces.include', 'namespaces.exclude', 'scrape', 'log', 'sampling.ratio'],
      description:
        'keys, or groups of them, that may be set from the UI; []: none. Without namespaces.include the agent tells no names of namespaces that are not collected',
    }),
  }),
  log: Group({
    level: OneOf(
      ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
      'info',
      'least severe level that is written',
    ),
  }),
})
export type AgentConfig = DeepReadonly<Static<typeof AgentConfig>>

type DeepReadonly<T> = { readonly [K in keyof T]: DeepReadonly<T[K]> }
