import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mutate } from '../../instrumentation/webhook/mutate.ts'
import type { Container, Pod } from '../../instrumentation/webhook/pod.ts'
import { languageNames } from '../../instrumentation/webhook/settings.ts'
import { containerEnv } from '../support/container-env.ts'
import { testSeed } from '../support/test-seed.ts'
import { type Answer, applied, reviewOf, settings } from '../unit/injection/support.ts'

const optional = { freq: 3, nil: undefined } as const
const names = [
  'A',
  'NODE_OPTIONS',
  'JAVA_TOOL_OPTIONS',
  'PYTHONPATH',
  'DOTNET_STARTUP_HOOKS',
  'OTEL_SERVICE_NAME',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_TRACES_SAMPLER_ARG',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'ORIGINAL_NODE_OPTIONS',
  'SENTRY_DSN',
]
const name = fc.constantFrom(...names)
const value = fc.oneof(
  fc.constantFrom('', ' ', '--a', '-r newrelic', '$(A)', '$$(A)', '$(NODE_OPTIONS) x', 'k=v,k8s.pod.uid=1'),
  fc.string({ maxLength: 12 }),
)
const entry = fc.oneof(
  fc.record({ name, value }),
  fc.record({
    name,
    valueFrom: fc.record({
      secretKeyRef: fc.record(
        { name: fc.constant('s'), key: fc.constant('k'), optional: fc.boolean() },
        { requiredKeys: ['name', 'key'] },
      ),
    }),
  }),
)
const container = fc.record(
  {
    name: fc.constantFrom('app', 'b', 'istio-proxy', 'c'),
    env: fc.array(entry, { maxLength: 6 }),
    command: fc.array(fc.constantFrom('node', 'app.js', 'ddtrace-run'), { maxLength: 2 }),
    volumeMounts: fc.array(
      fc.record({
        name: fc.constant('v'),
        mountPath: fc.constantFrom('/data', '/binnacle', '/binnacle/node'),
      }),
      { maxLength: 2 },
    ),
    resources: fc.record({ limits: fc.record({ memory: fc.constantFrom('32Mi', '1Gi', 1e8, 'x') }) }),
    securityContext: fc.record({ runAsUser: fc.nat() }),
  },
  { requiredKeys: ['name'] },
)
const flags = fc.constantFrom('true', 'false', 'x')
const annotations = fc.dictionary(
  fc.oneof(
    fc.constantFrom(...languageNames.map((language) => `binnacle.dev/inject-${language}`)),
    fc.constantFrom('other/~name', 'binnacle.dev/injection', 'resource.opentelemetry.io/a~b'),
  ),
  flags,
  { maxKeys: 4 },
)
const pod = fc.record({
  metadata: fc.record(
    {
      generateName: fc.constant('cart-7d4b9c-'),
      labels: fc.option(fc.constant({ 'pod-template-hash': '7d4b9c' }), optional),
      annotations: fc.option(annotations, optional),
    },
    { requiredKeys: [] },
  ),
  spec: fc.record(
    {
      containers: fc.array(container, { minLength: 1, maxLength: 3 }),
      initContainers: fc.array(container, { maxLength: 2 }),
      volumes: fc.array(fc.record({ name: fc.constantFrom('v', 'binnacle-instrumentation') }), {
        maxLength: 2,
      }),
      hostNetwork: fc.boolean(),
    },
    { requiredKeys: ['containers'] },
  ),
}) as unknown as fc.Arbitrary<Pod>
const someSettings = fc.record({
  languages: fc.uniqueArray(fc.constantFrom(...languageNames), { maxLength: 3 }),
  delivery: fc.constantFrom('init-container', 'image-volume'),
})
const options = { seed: testSeed(), numRuns: Number(process.env['BINNACLE_TEST_RUNS'] ?? 500) }
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
const all = ({ spec }: Pod): readonly Container[] => [...(spec.initContainers ?? []), ...spec.containers]
/** The environment, where the Secret has its key, and where it has not and the container starts all the same. */
const environments = ({ env = [] }: Container) => [
  containerEnv(env, { keys: { 's/k': 'secret' } }),
  ...(env.every(({ valueFrom }) => !valueFrom?.secretKeyRef || valueFrom.secretKeyRef.optional === true)
    ? [containerEnv(env)]
    : []),
]

test('every pod is allowed, its patch applies, and a second look changes nothing', () => {
  fc.assert(
    fc.property(pod, someSettings, (before, over) => {
      const present: Pod = plain(before)
      const first = mutate(reviewOf(present), { ...settings, ...over }, [])
      const { response } = first.answer as Answer
      expect([response.allowed, response.warnings]).toEqual([true, undefined])
      const after = applied(present, first)
      const second = mutate(reviewOf(after), { ...settings, ...over }, [])
      expect((second.answer as Answer).response.patch).toBeUndefined()
    }),
    options,
  )
})

test('no variable names our files in a container that has them not', () => {
  fc.assert(
    fc.property(pod, someSettings, (before, over) => {
      const present: Pod = plain(before)
      const after = applied(present, mutate(reviewOf(present), { ...settings, ...over }, []))
      for (const one of all(after)) {
        const uses = one.env?.some(({ value = '' }) => value.includes('/binnacle/'))
        if (!uses) continue
        expect(one.volumeMounts).toContainEqual({
          name: 'binnacle-instrumentation',
          mountPath: '/binnacle',
          readOnly: true,
        })
        const volume = after.spec.volumes?.find((each) => each.name === 'binnacle-instrumentation')
        const copies = after.spec.initContainers?.[0]?.name === 'binnacle-instrumentation'
        expect(volume?.image !== undefined || copies).toBe(true)
      }
    }),
    options,
  )
})

test('what a container has it keeps, or what was put to it stands around it', () => {
  fc.assert(
    fc.property(pod, someSettings, (before, over) => {
      const present: Pod = plain(before)
      const after = applied(present, mutate(reviewOf(present), { ...settings, ...over }, []))
      const originals = all(present)
      const results = all(after).filter((one) => one.name !== 'binnacle-instrumentation')
      for (const [index, original] of originals.entries()) {
        const result = results[index]
        if (!result) throw new Error('a container is gone')
        const seen = environments(result)
        for (const [which, environment] of environments(original).entries())
          for (const [key, text] of Object.entries(environment)) {
            const now = seen[which]?.[key]
            // References to what was extended see the extension.
            if (!text.includes('$') && !original.env?.some(({ value = '' }) => value.includes('$(')))
              expect(now).toContain(text.trim())
          }
        expect({ ...result, env: 0, volumeMounts: 0 }).toEqual({ ...original, env: 0, volumeMounts: 0 })
      }
    }),
    options,
  )
})

test('whatever comes instead of a review, the answer allows it', () => {
  const json = fc.jsonValue()
  const review = fc.oneof(
    json,
    json.map((object) => reviewOf(object)),
    fc.tuple(json, json).map(([spec, metadata]) => reviewOf({ spec, metadata })),
    json.map((request) => ({ kind: 'AdmissionReview', request })),
  )
  fc.assert(
    fc.property(review, (value) => {
      const { answer, outcome } = mutate(value, settings, [])
      expect((answer as Answer).response).toMatchObject({ allowed: true })
      expect(outcome.result).not.toBe('failed')
    }),
    options,
  )
})
