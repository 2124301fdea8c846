import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { mutate } from '@binnacle/instrumentation/webhook/mutate'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseWebhookConfig } from '../../collector/webhook/config.ts'
import { configFile, hasHelm, type Manifest, render } from '../support/helm.ts'
import { root } from '../support/processes.ts'

/**
 * The chart's MutatingAdmissionPolicy, in the admission code of the API server itself (`admission/main.go`), beside what the
 * webhook does to the same pods: where the policy injects, the webhook does, and the variables that it sets are the same.
 */
const module = join(root, 'test/interop/admission')
const program = join(root, '.binnacle/interop/admission')
const hasGo = spawnSync('go', ['version']).status === 0
const run = promisify(execFile)

type Json = Readonly<Record<string, unknown>>
interface Injected {
  readonly pod: {
    readonly metadata: { readonly labels?: Json; readonly annotations?: Readonly<Record<string, string>> }
    readonly spec: {
      readonly volumes?: readonly Json[]
      readonly containers: readonly {
        readonly name: string
        readonly env?: readonly { readonly name: string; readonly value?: string }[]
        readonly volumeMounts?: readonly Json[]
      }[]
    }
  }
  readonly error: string
}

const app = (more: Json = {}) => ({ name: 'app', image: 'app', ...more })
const env = (name: string, value: string) => app({ env: [{ name, value }] })
const owned = (kind: string, name: string, labels: Json = {}) => ({
  labels,
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: 'u', controller: true }],
})
const annotated = (annotations: Json) => ({ annotations })

/** `says`: the annotation; undefined: the pod is left as it is. */
const pods: readonly { name: string; metadata?: Json; spec?: Json; says: string | undefined }[] = [
  { name: 'plain', says: 'injected: node, java' },
  {
    name: 'web-5d9-x',
    metadata: owned('ReplicaSet', 'web-5d9', { 'pod-template-hash': '5d9' }),
    spec: {
      containers: [env('NODE_OPTIONS', '--max-old-space-size=100'), { name: 'istio-proxy', image: 'x' }],
    },
    says: 'injected: node, java',
  },
  { name: 'nightly-x', metadata: owned('Job', 'nightly-29384756'), says: 'injected: node, java' },
  {
    name: 'own-sampler',
    spec: { containers: [env('OTEL_TRACES_SAMPLER', 'always_off')] },
    says: 'injected: node, java',
  },
  {
    name: 'own-name',
    spec: { containers: [env('OTEL_SERVICE_NAME', 'mine')] },
    says: 'injected: node, java',
  },
  {
    name: 'named',
    metadata: annotated({ 'resource.opentelemetry.io/service.name': 'pay$' }),
    says: 'injected: node, java',
  },
  { name: 'asks-node', metadata: annotated({ 'binnacle.dev/inject-node': 'true' }), says: 'injected: node' },
  { name: 'not-java', metadata: annotated({ 'binnacle.dev/inject-java': 'false' }), says: 'injected: node' },
  {
    name: 'variables-alone',
    metadata: annotated({ 'binnacle.dev/inject-env': 'true' }),
    spec: { containers: [env('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://mine:4318')] },
    says: 'injected: env',
  },
  {
    name: 'one-of-two',
    metadata: annotated({ 'binnacle.dev/inject-containers': 'second' }),
    spec: { containers: [app(), { name: 'second', image: 'x' }] },
    says: 'injected: node, java',
  },
  { name: 'datadog', spec: { containers: [env('DD_SERVICE', 'x')] }, says: 'skipped' },
  {
    name: 'command',
    spec: { containers: [app({ command: ['node', '-r', 'dd-trace/init'] })] },
    says: 'skipped',
  },
  {
    name: 'from-elsewhere',
    spec: {
      containers: [
        app({
          env: [
            { name: 'NODE_OPTIONS', valueFrom: { configMapKeyRef: { name: 'a', key: 'b', optional: true } } },
          ],
        }),
      ],
    },
    says: 'skipped',
  },
  {
    name: 'small',
    spec: { containers: [app({ resources: { limits: { memory: '32Mi' } } })] },
    says: 'skipped',
  },
  {
    name: 'mount',
    spec: { containers: [app({ volumeMounts: [{ name: 'x', mountPath: '/binnacle' }] })] },
    says: 'skipped',
  },
  {
    name: 'crashed-5d9-x',
    metadata: owned('ReplicaSet', 'crashed-5d9', { 'pod-template-hash': '5d9' }),
    says: 'skipped',
  },
  { name: 'no', metadata: { labels: { 'binnacle.dev/inject': 'disabled' } }, says: undefined },
  { name: 'host', spec: { hostNetwork: true, containers: [app()] }, says: undefined },
  { name: 'windows', spec: { os: { name: 'windows' }, containers: [app()] }, says: undefined },
  {
    name: 'operator',
    metadata: annotated({ 'instrumentation.opentelemetry.io/inject-java': 'true' }),
    says: undefined,
  },
]
const switchedOff = [
  { namespace: 'shop', kind: 'Deployment', name: 'crashed', reason: 'it crashed', at: '2026-01-01' },
]

describe.skipIf(!hasGo || !hasHelm)('the policy of the chart, in the API server', () => {
  const values = {
    files: ['binnacle-agent/examples/injection-policy.yaml'],
    sets: ['injection.languages={node,java}'],
  }
  let results: readonly Injected[]

  beforeAll(async () => {
    mkdirSync(join(program, '..'), { recursive: true })
    await run('go', ['-C', module, 'build', '-o', program, '.'])
    const manifests = render('binnacle-agent', { ...values, kubeVersion: '1.36.0' })
    const the = (kind: string) => manifests.find((manifest) => manifest.kind === kind) as Manifest
    const policy = the('MutatingAdmissionPolicy')
    const params = manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === policy.metadata.name,
    )
    const input = {
      // So that a mistake is told, which `Ignore` would hide.
      Policy: { ...policy, spec: { ...policy.spec, failurePolicy: 'Fail' } },
      Binding: the('MutatingAdmissionPolicyBinding'),
      ConfigMaps: [{ ...params, data: { 'disabled.json': JSON.stringify(switchedOff) } }],
      Namespaces: [
        { metadata: { name: 'shop', labels: { 'binnacle.dev/inject': 'enabled' } } },
        { metadata: { name: 'dark' } },
      ],
      Pods: [...pods, { name: 'elsewhere' }].map(podOf),
    }
    const child = run(program, { maxBuffer: 16 * 1024 ** 2 })
    child.child.stdin?.end(JSON.stringify(input))
    results = JSON.parse((await child).stdout) as Injected[]
  }, 600_000)

  test('a namespace without the label is left alone', () => {
    expect(results.at(-1)?.pod.metadata.annotations).toBeUndefined()
  })

  test.each(pods.map((pod, index) => [pod.name, pod, index] as const))('%s', (_, pod, index) => {
    const { pod: injected, error } = results[index] as Injected
    expect(error).toBe('')
    const said = injected.metadata.annotations?.['binnacle.dev/injection']
    if (pod.says === undefined) return expect(said).toBeUndefined()
    expect(said).toMatch(new RegExp(`^${pod.says}`))
    expect(injected.metadata.labels?.['binnacle.dev/injected'] !== undefined).toBe(pod.says !== 'skipped')
    if (pod.says === 'skipped') return
    const webhooks = byWebhook(podOf(pod))
    expect(webhooks.said).toMatch(new RegExp(`^${pod.says}`))
    for (const container of injected.spec.containers) {
      const theirs = webhooks.environment(container.name)
      // The policy cannot refer to fields of the pod.
      for (const { name, value } of container.env ?? [])
        if (name !== 'OTEL_RESOURCE_ATTRIBUTES') expect([name, value]).toEqual([name, theirs.get(name)])
      const withFiles = (container.volumeMounts ?? []).some(({ name }) => name === 'binnacle-instrumentation')
      expect(withFiles).toBe(container.env?.some(({ value }) => value?.includes('/binnacle/')) ?? false)
    }
  })

  /** The webhook with the settings that the chart gives it. */
  function byWebhook(pod: object) {
    const manifests = render('binnacle-agent', {
      sets: [...values.sets, 'injection.enabled=true'],
      kubeVersion: '1.36.0',
    })
    const settings = parseWebhookConfig(configFile(manifests, 'webhook.yaml'))
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'u',
        kind: { group: '', kind: 'Pod' },
        operation: 'CREATE',
        namespace: 'shop',
        object: pod,
      },
    }
    const { answer, outcome } = mutate(review, settings, switchedOff)
    const { response } = answer as { response: { patch?: string } }
    const patch = JSON.parse(Buffer.from(response.patch ?? 'W10=', 'base64').toString()) as {
      path: string
      value: { name: string; env?: { name: string; value?: string }[] }
    }[]
    return {
      said: outcome.text,
      environment(container: string): Map<string, string | undefined> {
        const { containers } = (pod as Injected['pod']).spec
        const index = containers.findIndex(({ name }) => name === container)
        const list =
          patch.find(({ path }) => path === `/spec/containers/${index}/env`)?.value ?? containers[index]?.env
        return new Map(
          (list as { name: string; value?: string }[] | undefined)?.map(({ name, value }) => [name, value]),
        )
      },
    }
  }
})

function podOf({ name, metadata, spec }: { name: string; metadata?: Json; spec?: Json }) {
  const namespace = name === 'elsewhere' ? 'dark' : 'shop'
  return { metadata: { name, namespace, ...metadata }, spec: spec ?? { containers: [app()] } }
}
