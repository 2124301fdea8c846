import { type Static, type TSchema, Type } from 'typebox'

/** The keys of the webhook's configuration, which the chart writes from the values of `injection`, with defaults, bounds and units. */
const Text = (text: string, description: string) =>
  Type.String({ maxLength: 4_096, default: text, description })
const Count = (value: number, [minimum, maximum]: readonly [number, number], description: string) =>
  Type.Integer({ minimum, maximum, default: value, description })
const OneOf = <const T extends string>(values: readonly T[], first: NoInfer<T>, description: string) =>
  Type.Unsafe<T>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      { default: first, description: `${values.join(', ')}; ${description}` },
    ),
  )
const Group = <T extends Record<string, TSchema>>(properties: T) =>
  Type.Object(properties, { additionalProperties: false, default: {} })

const MiB = 1024 ** 2
const languages = ['node', 'java', 'python', 'dotnet', 'env'] as const

const Language = Type.Unsafe<(typeof languages)[number]>(
  Type.Union(languages.map((one) => Type.Literal(one))),
)

export const WebhookConfig = Group({
  languages: Type.Array(Language, {
    maxItems: languages.length,
    default: ['node'],
    description: `of ${languages.join(', ')}; of pods whose annotations choose none. env: variables alone, for applications with an SDK`,
  }),
  image: Group({
    reference: Text('', 'of the injection image: repository with tag or digest'),
    languages: Type.Array(Language, {
      maxItems: languages.length,
      default: ['node', 'java', 'python'],
      description:
        'what it has files for, beside languages: pods whose annotations ask for others are left alone; an image built with .NET adds dotnet',
    }),
    pullPolicy: OneOf(
      ['', 'Always', 'IfNotPresent', 'Never'],
      '',
      "of that image; empty: Kubernetes' default",
    ),
  }),
  delivery: OneOf(
    ['init-container', 'image-volume'],
    'init-container',
    'how the files come into a pod; the chart chooses by the version of the cluster',
  ),
  endpoint: Type.String({
    pattern: '^https?://.+',
    maxLength: 4_096,
    default: 'http://binnacle-agent.binnacle.svc:4318',
    description: 'where injected applications send OTLP',
  }),
  protocol: OneOf(['http/protobuf', 'http/json', 'grpc'], 'http/protobuf', 'of OTLP'),
  propagators: Text('tracecontext,baggage', "OTEL_PROPAGATORS; empty: the SDK's own"),
  sampler: Text('parentbased_always_on', "OTEL_TRACES_SAMPLER; empty: the SDK's own"),
  serviceNameFromLabels: Type.Boolean({
    default: false,
    description:
      'labels app.kubernetes.io/instance and /name of a pod name its service, before its workload does; as receive.serviceNameFromLabels of the agent',
  }),
  env: Type.Record(Type.String(), Type.String({ maxLength: 4_096 }), {
    maxProperties: 100,
    default: {},
    description: "further variables, by name; a container's own win",
  }),
  switchedOffFile: Text(
    '/etc/binnacle/injection/disabled.json',
    'workloads that are left alone because they crashed, as the agent writes them; it need not be there',
  ),
  listen: Group({
    host: Text('::', 'where API servers reach the webhook'),
    port: Count(9_443, [0, 65_535], 'HTTPS; 0: any free port'),
    bodyBytesMax: Count(8 * MiB, [1_024, 64 * MiB], 'bytes; of one request'),
    requestsMax: Count(100, [1, 10_000], 'requests at once; 503 beyond, and the API server goes on without'),
    stopPauseMs: Count(0, [0, 60_000], 'ms; how long a stopping webhook, no longer ready, goes on answering'),
  }),
  admin: Group({
    host: Text('127.0.0.1', 'where /livez, /healthz, /readyz and /metrics answer'),
    port: Count(8_422, [0, 65_535], 'admin; 0: any free port'),
  }),
  certificates: Group({
    mode: OneOf(
      ['self-managed', 'files'],
      'self-managed',
      'files: from cert-manager or yourself, read again when they change',
    ),
    certFile: Text('/etc/binnacle/certificate/tls.crt', 'PEM, for mode files'),
    keyFile: Text('/etc/binnacle/certificate/tls.key', 'PEM of its key'),
    namespace: Text('', 'of the Secret and the Service, for mode self-managed'),
    secret: Text('', 'the Secret that the replicas share their certificate by; it must be there'),
    service: Text('', 'the Service that API servers reach the webhook by: the name in the certificate'),
    configuration: Text('', 'the MutatingWebhookConfiguration whose caBundle is kept right'),
  }),
  log: Group({
    level: OneOf(
      ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
      'info',
      'least severe level that is written; debug tells of each pod',
    ),
  }),
})

export type WebhookConfig = Static<typeof WebhookConfig>
