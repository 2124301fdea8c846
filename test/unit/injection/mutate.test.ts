import { describe, expect, test } from 'vitest'
import { mutate } from '../../../instrumentation/webhook/mutate.ts'
import { containerEnv } from '../../support/container-env.ts'
import { type Answer, applied, inject, podOf, reviewOf, settings } from './support.ts'

const preload = '--require /binnacle/node/register.cjs'
const agentJar = '-javaagent:/binnacle/java/opentelemetry-javaagent.jar'
const literal = (env: Record<string, string>) => ({
  env: Object.entries(env).map(([name, value]) => ({ name, value })),
})
const secret = (name: string, key: string, optional?: boolean) => ({
  name: key,
  valueFrom: { secretKeyRef: { name, key, ...(optional === undefined ? {} : { optional }) } },
})

describe('an injected pod', () => {
  test('gets the files, the variables, and says so', () => {
    const { pod, outcome, said } = inject(podOf({ spec: { initContainers: [{ name: 'schema' }] } }))
    expect(said).toBe('injected: node')
    expect(pod.metadata.labels?.['binnacle.dev/injected']).toMatch(/^[0-9a-f]{10}$/)
    expect(outcome).toEqual({
      result: 'injected',
      reason: '',
      text: 'injected: node',
      languages: ['node'],
      about: 'shop/cart',
      isDryRun: false,
    })
    expect(pod.spec).toEqual({
      initContainers: [
        {
          name: 'binnacle-instrumentation',
          image: settings.image.reference,
          imagePullPolicy: 'IfNotPresent',
          command: ['/copy', '/binnacle', 'node'],
          resources: {},
          volumeMounts: [{ name: 'binnacle-instrumentation', mountPath: '/binnacle' }],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
        { name: 'schema' },
      ],
      volumes: [{ name: 'binnacle-instrumentation', emptyDir: { sizeLimit: '512Mi' } }],
      containers: [
        {
          name: 'app',
          image: 'cart:v1',
          volumeMounts: [{ name: 'binnacle-instrumentation', mountPath: '/binnacle', readOnly: true }],
          env: [
            { name: 'BINNACLE_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'BINNACLE_POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
            { name: 'BINNACLE_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            { name: 'OTEL_SERVICE_NAME', value: 'cart' },
            { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: settings.endpoint },
            { name: 'OTEL_EXPORTER_OTLP_PROTOCOL', value: 'http/protobuf' },
            { name: 'OTEL_PROPAGATORS', value: 'tracecontext,baggage' },
            { name: 'OTEL_TRACES_SAMPLER', value: 'parentbased_always_on' },
            { name: 'OTEL_METRICS_EXPORTER', value: 'none' },
            { name: 'OTEL_LOGS_EXPORTER', value: 'none' },
            { name: 'NODE_OPTIONS', value: preload },
            {
              name: 'OTEL_RESOURCE_ATTRIBUTES',
              value:
                'k8s.namespace.name=shop,k8s.pod.name=$(BINNACLE_POD_NAME),k8s.pod.uid=$(BINNACLE_POD_UID),k8s.node.name=$(BINNACLE_NODE_NAME),k8s.container.name=app,service.instance.id=shop.$(BINNACLE_POD_NAME).app',
            },
          ],
        },
      ],
    })
  })

  test('gets the files as a mounted image, without an init container', () => {
    const { pod } = inject(podOf(), { delivery: 'image-volume' })
    expect(pod.spec.initContainers).toBeUndefined()
    expect(pod.spec.volumes).toEqual([
      {
        name: 'binnacle-instrumentation',
        image: { reference: settings.image.reference, pullPolicy: 'IfNotPresent' },
      },
    ])
  })

  test.each(['python', 'dotnet'] as const)(
    'gets them copied where native code is loaded from them, which mounted images forbid: %s',
    (language) => {
      const { container } = inject(podOf(), { delivery: 'image-volume', languages: [language] })
      expect(container('binnacle-instrumentation')).toBeDefined()
    },
  )

  test.each([
    { language: 'java', want: { JAVA_TOOL_OPTIONS: agentJar } },
    {
      language: 'python',
      want: {
        PYTHONPATH: '/binnacle/python/opentelemetry/instrumentation/auto_instrumentation:/binnacle/python',
      },
    },
    {
      language: 'dotnet',
      want: {
        CORECLR_ENABLE_PROFILING: '1',
        CORECLR_PROFILER: '{918728DD-259F-4A6A-AC2B-B85E1B658318}',
        CORECLR_PROFILER_PATH: '/binnacle/dotnet/linux-x64/OpenTelemetry.AutoInstrumentation.Native.so',
        CORECLR_PROFILER_PATH_ARM64:
          '/binnacle/dotnet/linux-arm64/OpenTelemetry.AutoInstrumentation.Native.so',
        DOTNET_STARTUP_HOOKS: '/binnacle/dotnet/net/OpenTelemetry.AutoInstrumentation.StartupHook.dll',
        OTEL_DOTNET_AUTO_HOME: '/binnacle/dotnet',
      },
    },
  ] as const)('gets what $language needs', ({ language, want }) => {
    const { env } = inject(podOf(), { languages: [language] })
    expect(containerEnv(env())).toMatchObject(want)
  })

  test('of .NET on Alpine gets the profiler for its C library', () => {
    const { value } = inject(podOf({ annotations: { 'binnacle.dev/libc': 'musl' } }), {
      languages: ['dotnet'],
    })
    expect(value('CORECLR_PROFILER_PATH')).toContain('/linux-musl-x64/')
  })

  test('with an SDK of its own gets variables alone, and exports what it exports', () => {
    const { pod, value, said } = inject(podOf(), { languages: ['env'] })
    expect(said).toBe('injected: env')
    expect(value('OTEL_EXPORTER_OTLP_ENDPOINT')).toBe(settings.endpoint)
    expect(value('OTEL_METRICS_EXPORTER')).toBeUndefined()
    expect([pod.spec.volumes, pod.spec.initContainers, pod.spec.containers[0]?.volumeMounts]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('gets several languages side by side', () => {
    const { said, value } = inject(podOf(), { languages: ['node', 'java'] })
    expect([said, value('NODE_OPTIONS'), value('JAVA_TOOL_OPTIONS')]).toEqual([
      'injected: node, java',
      preload,
      agentJar,
    ])
  })
})

describe('languages and containers', () => {
  test.each([
    { annotations: undefined, want: 'injected: node, java' },
    { annotations: { 'inject-python': 'true' }, want: 'injected: python' },
    { annotations: { 'inject-node': 'false' }, want: 'injected: java' },
    { annotations: { 'inject-env': 'True', 'inject-java': 'false' }, want: 'injected: env' },
    {
      annotations: { 'inject-node': 'false', 'inject-java': 'false' },
      want: 'skipped: no language is asked for',
    },
    { annotations: { 'inject-containers': 'b' }, want: 'skipped: no container to instrument' },
  ])('$annotations: $want', ({ annotations, want }) => {
    const prefixed =
      annotations && Object.fromEntries(Object.entries(annotations).map(([k, v]) => [`binnacle.dev/${k}`, v]))
    const pod = podOf(prefixed ? { annotations: prefixed } : {})
    expect(inject(pod, { languages: ['node', 'java'] }).said).toBe(want)
  })

  const containers = [{ name: 'app' }, { name: 'istio-proxy' }, { name: 'worker' }]
  const touched = (annotations?: Record<string, string>) => {
    const spec = { initContainers: [{ name: 'schema' }, { name: 'cache', restartPolicy: 'Always' }] }
    const { pod } = inject(podOf({ containers, spec, ...(annotations ? { annotations } : {}) }))
    return [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
      .filter(({ env }) => env)
      .map(({ name }) => name)
  }
  test('all containers but sidecars and init containers', () => expect(touched()).toEqual(['app', 'worker']))
  test('those that the annotation names, init containers too', () =>
    expect(touched({ 'binnacle.dev/inject-containers': 'worker, cache,nobody' })).toEqual([
      'cache',
      'worker',
    ]))
})

/** What goes wrong with others' injection, and what we met ourselves: each a row. */
describe('variables that are there', () => {
  const cases: readonly {
    readonly name: string
    readonly container: object
    readonly languages?: readonly ('node' | 'java' | 'python' | 'dotnet' | 'env')[]
    readonly keys?: Record<string, string>
    readonly image?: Record<string, string>
    readonly want: Record<string, string | undefined>
  }[] = [
    {
      name: 'options are appended to',
      container: literal({ NODE_OPTIONS: '--max-old-space-size=512' }),
      want: { NODE_OPTIONS: `--max-old-space-size=512 ${preload}` },
    },
    {
      name: 'options with quotes and references stay as they are',
      container: literal({ HOOK: '/a b.js', NODE_OPTIONS: '--require "$(HOOK)"' }),
      want: { NODE_OPTIONS: `--require "/a b.js" ${preload}` },
    },
    {
      name: 'blank options are none',
      container: literal({ NODE_OPTIONS: ' ' }),
      want: { NODE_OPTIONS: preload },
    },
    {
      name: 'of a variable that is there twice the last one counts',
      container: {
        env: [
          { name: 'NODE_OPTIONS', value: '--a' },
          { name: 'NODE_OPTIONS', value: '--b' },
        ],
      },
      want: { NODE_OPTIONS: `--b ${preload}` },
    },
    {
      name: 'JAVA_TOOL_OPTIONS are appended to',
      container: literal({ JAVA_TOOL_OPTIONS: '-Xmx256m' }),
      languages: ['java'],
      want: { JAVA_TOOL_OPTIONS: `-Xmx256m ${agentJar}` },
    },
    {
      name: 'a Java agent that only reads figures is no other tracer',
      container: literal({ JAVA_TOOL_OPTIONS: '-javaagent:/jmx_prometheus_javaagent.jar=9404:/c.yml' }),
      languages: ['java'],
      want: { JAVA_TOOL_OPTIONS: `-javaagent:/jmx_prometheus_javaagent.jar=9404:/c.yml ${agentJar}` },
    },
    {
      name: "an application's packages win over ours",
      container: literal({ PYTHONPATH: '/app' }),
      languages: ['python'],
      want: {
        PYTHONPATH:
          '/binnacle/python/opentelemetry/instrumentation/auto_instrumentation:/app:/binnacle/python',
      },
    },
    {
      name: 'options from a Secret are kept under another name and referred to',
      container: { env: [secret('options', 'NODE_OPTIONS')] },
      keys: { 'options/NODE_OPTIONS': '--max-old-space-size=512' },
      want: {
        NODE_OPTIONS: `--max-old-space-size=512 ${preload}`,
        ORIGINAL_NODE_OPTIONS: '--max-old-space-size=512',
      },
    },
    {
      name: 'what refers to options from a Secret still finds them',
      container: { env: [secret('options', 'NODE_OPTIONS'), { name: 'ARGS', value: '-- $(NODE_OPTIONS)' }] },
      keys: { 'options/NODE_OPTIONS': '--a' },
      want: { ARGS: `-- --a ${preload}` },
    },
    {
      name: "options that an image sets cannot be seen: the container's own options are the way to keep them",
      container: {},
      image: { NODE_OPTIONS: '--max-old-space-size=512' },
      want: { NODE_OPTIONS: preload },
    },
    {
      name: 'a service name that is set stays',
      container: literal({ OTEL_SERVICE_NAME: 'basket' }),
      want: { OTEL_SERVICE_NAME: 'basket' },
    },
    {
      name: 'resource attributes that are set stay, and win',
      container: literal({ OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=mine,team=a' }),
      want: {
        OTEL_RESOURCE_ATTRIBUTES:
          'k8s.namespace.name=shop,k8s.pod.uid=uid-1,k8s.node.name=node-a,k8s.container.name=app,service.instance.id=shop.cart-1.app,k8s.pod.name=mine,team=a',
      },
    },
    {
      name: 'resource attributes from a ConfigMap stay, and come last',
      container: {
        env: [
          {
            name: 'OTEL_RESOURCE_ATTRIBUTES',
            valueFrom: { configMapKeyRef: { name: 'otel', key: 'attributes' } },
          },
        ],
      },
      keys: { 'otel/attributes': 'team=a' },
      want: {
        OTEL_RESOURCE_ATTRIBUTES:
          'k8s.namespace.name=shop,k8s.pod.name=cart-1,k8s.pod.uid=uid-1,k8s.node.name=node-a,k8s.container.name=app,service.instance.id=shop.cart-1.app,team=a',
      },
    },
    {
      name: 'the endpoint of an SDK stays its own, and what belongs to it is not mixed with ours',
      container: literal({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other:4317' }),
      languages: ['env'],
      want: { OTEL_EXPORTER_OTLP_ENDPOINT: undefined, OTEL_EXPORTER_OTLP_PROTOCOL: undefined },
    },
    {
      name: 'a sampler is set as a whole or not at all',
      container: literal({ OTEL_TRACES_SAMPLER_ARG: '0.5' }),
      want: { OTEL_TRACES_SAMPLER: undefined, OTEL_TRACES_SAMPLER_ARG: '0.5' },
    },
    {
      name: 'propagators that are set stay',
      container: literal({ OTEL_PROPAGATORS: 'b3' }),
      want: { OTEL_PROPAGATORS: 'b3', OTEL_METRICS_EXPORTER: 'none' },
    },
  ]
  test.each(cases)('$name', ({ container, languages = ['node'], keys = {}, image = {}, want }) => {
    const { env } = inject(podOf({ container }), { languages })
    const fields = { 'metadata.name': 'cart-1', 'metadata.uid': 'uid-1', 'spec.nodeName': 'node-a' }
    const seen = containerEnv(env(), { fields, keys, image })
    for (const [name, value] of Object.entries(want)) expect([name, seen[name]]).toEqual([name, value])
  })

  test('of the configuration win over ours, and lose against those of the container', () => {
    const { value } = inject(podOf({ container: literal({ B: 'theirs' }) }), {
      env: { OTEL_METRICS_EXPORTER: 'otlp', B: 'ours', OTEL_TRACES_SAMPLER_ARG: '0.1' },
    })
    expect([value('OTEL_METRICS_EXPORTER'), value('B'), value('OTEL_TRACES_SAMPLER_ARG')]).toEqual([
      'otlp',
      'theirs',
      '0.1',
    ])
  })
})

describe('service names', () => {
  const owned = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, controller: true }] })
  test.each([
    { name: 'Deployment', pod: podOf(), want: 'cart' },
    {
      name: 'ReplicaSet of nobody',
      pod: podOf({ ...owned('ReplicaSet', 'cart'), labels: { 'pod-template-hash': 'x' } }),
      want: 'cart',
    },
    {
      name: 'Rollout',
      pod: podOf({
        ...owned('ReplicaSet', 'cart-5f'),
        labels: { 'pod-template-hash': 'other', 'rollouts-pod-template-hash': '5f' },
      }),
      want: 'cart',
    },
    { name: 'StatefulSet', pod: podOf(owned('StatefulSet', 'db')), want: 'db' },
    { name: 'CronJob', pod: podOf(owned('Job', 'report-29740000')), want: 'report' },
    { name: 'Job', pod: podOf(owned('Job', 'import-1')), want: 'import-1' },
    { name: 'bare pod', pod: podOf({ ownerReferences: [], name: 'shell' }), want: 'shell' },
    {
      name: 'pod without any name',
      pod: podOf({ ownerReferences: [], generateName: '' }),
      want: '$(BINNACLE_POD_NAME)',
    },
    {
      name: 'annotation, before all else; a dollar sign is one',
      pod: podOf({ annotations: { 'resource.opentelemetry.io/service.name': 'a$(B)' } }),
      want: 'a$$(B)',
    },
  ])('$name: $want', ({ pod, want }) => expect(inject(pod).value('OTEL_SERVICE_NAME')).toBe(want))

  test('labels come before the workload where the configuration says so', () => {
    const pod = podOf({
      labels: { 'app.kubernetes.io/instance': 'shop-cart', 'app.kubernetes.io/name': 'cart' },
    })
    const named = (serviceNameFromLabels: boolean) =>
      inject(pod, { serviceNameFromLabels }).value('OTEL_SERVICE_NAME')
    expect([named(true), named(false)]).toEqual(['shop-cart', 'cart'])
  })

  test('annotations become resource attributes, encoded', () => {
    const annotations = { 'resource.opentelemetry.io/team': 'a,b=c $(X) ü' }
    expect(inject(podOf({ annotations })).value('OTEL_RESOURCE_ATTRIBUTES')).toContain(
      ',team=a%2Cb%3Dc%20%24(X)%20%C3%BC',
    )
  })
})

describe('left as it is, with a reason', () => {
  const cases: readonly {
    readonly name: string
    readonly pod: ReturnType<typeof podOf>
    readonly languages?: readonly ('node' | 'java' | 'dotnet' | 'env')[]
    readonly want: string
    readonly code: string
  }[] = [
    {
      name: 'opt-out',
      pod: podOf({ labels: { 'binnacle.dev/inject': 'disabled' } }),
      want: 'label binnacle.dev/inject is disabled',
      code: 'opted-out',
    },
    {
      name: 'Windows',
      pod: podOf({ spec: { os: { name: 'windows' } } }),
      want: 'it runs on Windows',
      code: 'windows',
    },
    {
      name: 'Windows by its node selector',
      pod: podOf({ spec: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }),
      want: 'it runs on Windows',
      code: 'windows',
    },
    {
      name: 'host network',
      pod: podOf({ spec: { hostNetwork: true, dnsPolicy: 'ClusterFirst' } }),
      want: 'the name of the agent is unknown where it runs (hostNetwork or dnsPolicy)',
      code: 'network',
    },
    {
      name: 'dd-trace in NODE_OPTIONS',
      pod: podOf({ container: literal({ NODE_OPTIONS: '--require dd-trace/init' }) }),
      want: 'Datadog is in it',
      code: 'instrumented',
    },
    {
      name: 'variables of Datadog',
      pod: podOf({ container: literal({ DD_TRACE_AGENT_URL: 'x' }) }),
      want: 'Datadog is in it (DD_TRACE_AGENT_URL is set)',
      code: 'instrumented',
    },
    {
      name: "Datadog's webhook",
      pod: podOf({ labels: { 'admission.datadoghq.com/enabled': 'true' } }),
      want: 'Datadog instruments it',
      code: 'instrumented',
    },
    {
      name: 'newrelic in the command',
      pod: podOf({ container: { command: ['node', '-r', 'newrelic', 'app.js'] } }),
      want: 'New Relic is in it',
      code: 'instrumented',
    },
    {
      name: 'key of New Relic from a Secret',
      pod: podOf({ container: { env: [secret('nr', 'NEW_RELIC_LICENSE_KEY')] } }),
      want: 'New Relic is in it (NEW_RELIC_LICENSE_KEY is set)',
      code: 'instrumented',
    },
    {
      name: 'another Java agent',
      pod: podOf({ container: { args: ['java', '-javaagent:/opt/profiler.jar', '-jar', 'a.jar'] } }),
      languages: ['java'],
      want: 'it has another Java agent (-javaagent:/opt/profiler.jar)',
      code: 'instrumented',
    },
    {
      name: 'an OpenTelemetry SDK in the options',
      pod: podOf({
        container: literal({ NODE_OPTIONS: '--require @opentelemetry/auto-instrumentations-node/register' }),
      }),
      want: 'an OpenTelemetry SDK is in it',
      code: 'instrumented',
    },
    {
      name: 'our package in the command',
      pod: podOf({ container: { command: ['node', '--import', '@binnacle/instrumentation', 'a.js'] } }),
      want: 'an OpenTelemetry SDK is in it',
      code: 'instrumented',
    },
    {
      name: 'an SDK that has an endpoint',
      pod: podOf({ container: literal({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317' }) }),
      want: 'an OpenTelemetry SDK is in it (OTEL_EXPORTER_OTLP_ENDPOINT is set)',
      code: 'instrumented',
    },
    {
      name: 'an SDK that is switched off',
      pod: podOf({ container: literal({ OTEL_SDK_DISABLED: 'TRUE' }) }),
      languages: ['env'],
      want: 'OTEL_SDK_DISABLED is true',
      code: 'instrumented',
    },
    {
      name: "annotation of OpenTelemetry's operator",
      pod: podOf({ annotations: { 'instrumentation.opentelemetry.io/inject-nodejs': 'true' } }),
      want: 'the OpenTelemetry Operator instruments it',
      code: 'instrumented',
    },
    {
      name: "init container of OpenTelemetry's operator",
      pod: podOf({ spec: { initContainers: [{ name: 'opentelemetry-auto-instrumentation-nodejs' }] } }),
      want: 'the OpenTelemetry Operator instruments it',
      code: 'instrumented',
    },
    {
      name: 'another profiler of .NET',
      pod: podOf({ container: literal({ CORECLR_PROFILER: '{X}' }) }),
      languages: ['dotnet'],
      want: 'it has another profiler (CORECLR_PROFILER)',
      code: 'instrumented',
    },
    {
      name: 'options from a key that may be missing: a reference to it would be an option that Node does not know',
      pod: podOf({ container: { env: [secret('options', 'NODE_OPTIONS', true)] } }),
      want: 'NODE_OPTIONS comes from a key that need not be there',
      code: 'options',
    },
    {
      name: 'the name under which options are kept is taken',
      pod: podOf({
        container: {
          env: [secret('options', 'NODE_OPTIONS'), { name: 'ORIGINAL_NODE_OPTIONS', value: 'x' }],
        },
      }),
      want: 'ORIGINAL_NODE_OPTIONS is taken',
      code: 'options',
    },
    {
      name: 'a memory limit too tight for an agent',
      pod: podOf({ container: { resources: { limits: { memory: '64Mi' } } } }),
      languages: ['java'],
      want: 'its memory limit 64Mi leaves no room',
      code: 'memory',
    },
    {
      name: 'something else is mounted there',
      pod: podOf({ container: { volumeMounts: [{ name: 'data', mountPath: '/binnacle/node' }] } }),
      want: '/binnacle/node is mounted by itself',
      code: 'name-taken',
    },
    {
      name: 'a volume of our name that is not ours',
      pod: podOf({ spec: { volumes: [{ name: 'binnacle-instrumentation' }] } }),
      want: 'the name binnacle-instrumentation is taken',
      code: 'name-taken',
    },
  ]
  test.each(cases)('$name', ({ pod, languages = ['node'], want, code }) => {
    const result = inject(pod, { languages })
    expect([result.said, result.outcome.result, result.outcome.reason]).toEqual([
      `skipped: ${want}`,
      'skipped',
      code,
    ])
    // The annotation alone.
    expect(result.pod.spec).toEqual(pod.spec)
    expect(result.pod.metadata.labels).toEqual(pod.metadata.labels)
  })

  test.each([
    { kind: 'Deployment', name: 'cart', isOff: true },
    { kind: 'ReplicaSet', name: 'cart-7d4b9c', isOff: true },
    { kind: 'StatefulSet', name: 'cart', isOff: false },
    { kind: 'Deployment', name: 'cart2', isOff: false },
  ])('switched off after crashes: $kind $name', ({ kind, name, isOff }) => {
    const { said } = inject(podOf(), {}, [{ namespace: 'shop', kind, name, reason: 'it crashed' }])
    expect(said).toBe(isOff ? `skipped: switched off for ${kind} ${name}: it crashed` : 'injected: node')
    const elsewhere = inject(podOf(), {}, [{ namespace: 'other', kind, name, reason: 'it crashed' }])
    expect(elsewhere.said).toBe('injected: node')
  })

  test('a variable alone does not stop who asks for the language; another tracer in the options does', () => {
    const annotations = { 'binnacle.dev/inject-node': 'true' }
    const said = (env: Record<string, string>) => inject(podOf({ annotations, container: literal(env) })).said
    expect([said({ SENTRY_DSN: 'x' }), said({ NODE_OPTIONS: '-r dd-trace/init' })]).toEqual([
      'injected: node',
      'skipped: Datadog is in it',
    ])
  })

  test('a language that the image has no files for: its hook would kill the process', () => {
    const pod = podOf({ annotations: { 'binnacle.dev/inject-dotnet': 'true' } })
    const image = { ...settings.image, languages: [] }
    expect(inject(pod, { image }).said).toBe('skipped: the image has no files for dotnet')
    expect(inject(pod, { image, languages: ['dotnet'] }).said).toBe('injected: dotnet')
  })

  test('a container added since, when the files in the pod are those of other languages', () => {
    const { pod } = inject(podOf())
    const annotations = { ...pod.metadata.annotations, 'binnacle.dev/inject-java': 'true' }
    const containers = [...pod.spec.containers, { name: 'added' }]
    const later = { metadata: { ...pod.metadata, annotations }, spec: { ...pod.spec, containers } }
    expect(inject(later).outcome.result).toBe('unchanged')
  })

  test('one container, while the other is injected', () => {
    const containers = [{ name: 'app' }, { name: 'legacy', command: ['node', '-r', 'newrelic', '.'] }]
    const { said, env } = inject(podOf({ containers }))
    expect(said).toBe('injected: node; not in legacy, node: New Relic is in it')
    expect(env('legacy')).toEqual([])
  })

  test.each([
    {
      name: 'host network whose names resolve',
      spec: { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
    },
    { name: 'the agent by its address', spec: { hostNetwork: true }, endpoint: 'http://10.0.0.7:4318' },
  ])('but not: $name', ({ spec, endpoint = settings.endpoint }) =>
    expect(inject(podOf({ spec }), { endpoint }).said).toBe('injected: node'),
  )
})

describe('the init container', () => {
  const restricted = {
    runAsNonRoot: true,
    runAsUser: 1000,
    allowPrivilegeEscalation: false,
    seccompProfile: { type: 'RuntimeDefault' },
    capabilities: { drop: ['ALL'] },
  }
  test.each([
    {
      name: 'is admitted where the application is, under Pod Security restricted',
      securityContext: restricted,
      want: { ...restricted, readOnlyRootFilesystem: true },
    },
    {
      name: 'has none of the privileges of an application',
      securityContext: {
        privileged: true,
        capabilities: { add: ['NET_ADMIN'] },
        seLinuxOptions: { level: 's0:c1' },
      },
      want: {
        seLinuxOptions: { level: 's0:c1' },
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    },
  ])('$name', ({ securityContext, want }) => {
    const { container } = inject(podOf({ container: { securityContext } }))
    expect(container('binnacle-instrumentation')?.securityContext).toEqual(want)
  })

  test.each([
    { name: 'none, so that the pod stays BestEffort', resources: undefined, want: {} },
    {
      name: "the application's, so that the pod asks for no more and stays Guaranteed",
      resources: {
        requests: { cpu: '1', memory: '1Gi', 'nvidia.com/gpu': '1' },
        limits: { cpu: '1', memory: '1Gi', 'nvidia.com/gpu': '1' },
      },
      want: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
    },
  ])('asks for: $name', ({ resources, want }) => {
    const { container } = inject(podOf({ container: resources ? { resources } : {} }))
    expect(container('binnacle-instrumentation')?.resources).toEqual(want)
  })
})

describe('requests', () => {
  test('a second look, and a copy of an injected pod, change nothing', () => {
    const once = inject(podOf({ containers: [{ name: 'app' }, { name: 'b', command: ['newrelic-admin'] }] }))
    const twice = inject(once.pod)
    expect([twice.outcome.result, (twice.answer as Answer).response.patch]).toEqual(['unchanged', undefined])
  })

  test('a container that another webhook has added since is injected, too', () => {
    const once = inject(podOf()).pod
    const pod = { ...once, spec: { ...once.spec, containers: [...once.spec.containers, { name: 'added' }] } }
    const { container, pod: result } = inject(pod)
    expect(container('added')?.volumeMounts).toHaveLength(1)
    expect(result.spec.initContainers).toHaveLength(1)
    expect(result.spec.volumes).toHaveLength(1)
    expect(result.spec.containers[0]).toEqual(once.spec.containers[0])
  })

  test('what another webhook says of a pod that is injected does not unsay it', () => {
    const { pod } = inject(podOf())
    const labels = { ...pod.metadata.labels, 'admission.datadoghq.com/enabled': 'true' }
    expect(inject({ ...pod, metadata: { ...pod.metadata, labels } }).outcome.result).toBe('unchanged')
  })

  test.each([
    { name: 'update', request: { operation: 'UPDATE' } },
    { name: 'ephemeral container', request: { operation: 'UPDATE', subResource: 'ephemeralcontainers' } },
    { name: 'binding', request: { subResource: 'binding' } },
    { name: 'other kind', request: { kind: { group: 'apps', version: 'v1', kind: 'Deployment' } } },
  ])('$name is ignored', ({ request }) => {
    const { answer, outcome } = mutate(reviewOf(podOf(), request), settings, [])
    expect([outcome.result, (answer as Answer).response]).toEqual([
      'ignored',
      { uid: 'review-1', allowed: true },
    ])
  })

  test.each([
    { name: 'kube-system', request: { namespace: 'kube-system' }, pod: podOf() },
    { name: 'mirror pod', request: {}, pod: podOf({ annotations: { 'kubernetes.io/config.mirror': 'x' } }) },
  ])('$name is not touched', ({ request, pod }) => {
    expect((mutate(reviewOf(pod, request), settings, []).answer as Answer).response).toEqual({
      uid: 'review-1',
      allowed: true,
    })
  })

  test('a dry run is answered alike, and told apart', () => {
    const { outcome, answer } = mutate(reviewOf(podOf(), { dryRun: true }), settings, [])
    expect([outcome.isDryRun, outcome.result]).toEqual([true, 'injected'])
    expect(applied(podOf(), { answer }).metadata.labels).toHaveProperty(['binnacle.dev/injected'])
  })

  test.each([
    { name: 'nothing', review: undefined, uid: '' },
    { name: 'no review', review: { kind: 'Pod' }, uid: '' },
    { name: 'no uid', review: { kind: 'AdmissionReview', request: {} }, uid: '' },
    { name: 'no object', review: reviewOf(undefined), uid: 'review-1' },
    {
      name: 'a pod of another shape',
      review: reviewOf({ metadata: {}, spec: { containers: 'x' } }),
      uid: 'review-1',
    },
  ])('of garbage every pod is allowed, with a warning: $name', ({ review, uid }) => {
    const { answer, outcome } = mutate(review, settings, [])
    const { response } = answer as Answer
    expect([outcome.result, response.uid, response.allowed, response.patch]).toEqual([
      'unreadable',
      uid,
      true,
      undefined,
    ])
    expect(response.warnings?.[0]).toMatch(/^binnacle: the pod is left as it is: /)
  })

  test('what must not happen is allowed, too', () => {
    const broken = { ...settings, languages: undefined } as never
    const { answer, outcome } = mutate(reviewOf(podOf()), broken, [])
    expect([outcome.result, (answer as Answer).response.allowed]).toEqual(['failed', true])
  })
})
