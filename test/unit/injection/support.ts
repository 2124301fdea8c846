import { applyPatch } from 'rfc6902'
import { type Mutation, mutate } from '../../../instrumentation/webhook/mutate.ts'
import type { Container, EnvVar, Pod } from '../../../instrumentation/webhook/pod.ts'
import type { InjectionSettings, SwitchedOff } from '../../../instrumentation/webhook/settings.ts'

export const settings: InjectionSettings = {
  languages: ['node'],
  image: {
    reference: 'registry.example/binnacle/instrumentation:1.0.0',
    pullPolicy: 'IfNotPresent',
    languages: ['node', 'java', 'python', 'dotnet'],
  },
  delivery: 'init-container',
  endpoint: 'http://binnacle-agent.binnacle.svc:4318',
  protocol: 'http/protobuf',
  propagators: 'tracecontext,baggage',
  sampler: 'parentbased_always_on',
  serviceNameFromLabels: false,
  env: {},
}

type Metadata = Pod['metadata']

/** A pod of Deployment `cart`, as it comes to a webhook: not named yet. */
export function podOf({
  container = {},
  containers,
  spec = {},
  labels = {},
  annotations,
  ...metadata
}: Omit<Metadata, 'labels' | 'annotations'> & {
  readonly container?: object
  readonly containers?: readonly object[]
  readonly spec?: object
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
} = {}): Pod {
  return {
    metadata: {
      generateName: 'cart-7d4b9c-',
      labels: { app: 'cart', 'pod-template-hash': '7d4b9c', ...labels },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-7d4b9c', controller: true }],
      ...(annotations ? { annotations } : {}),
      ...metadata,
    },
    spec: {
      containers: (containers ?? [{ name: 'app', image: 'cart:v1', ...container }]) as Container[],
      ...spec,
    },
  } as Pod
}

export const reviewOf = (object: unknown, request: object = {}) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'review-1',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    operation: 'CREATE',
    namespace: 'shop',
    object,
    ...request,
  },
})

export interface Answer {
  readonly apiVersion: string
  readonly response: {
    readonly uid: string
    readonly allowed: boolean
    readonly patchType?: string
    readonly patch?: string
    readonly warnings?: readonly string[]
  }
}

/** The pod after the API server has applied the patch with a library of its own; throws where it does not apply. */
export function applied<T>(object: T, { answer }: Pick<Mutation, 'answer'>): T {
  const { patch } = (answer as Answer).response
  const copy = structuredClone(object)
  if (patch === undefined) return copy
  const results = applyPatch(copy, JSON.parse(Buffer.from(patch, 'base64').toString()))
  const failed = results.find((result) => result !== null)
  if (failed) throw failed
  return copy
}

export function inject(
  pod: Pod,
  over: Partial<InjectionSettings> = {},
  switchedOff: readonly SwitchedOff[] = [],
) {
  const mutation = mutate(reviewOf(pod), { ...settings, ...over }, switchedOff)
  const result = applied(pod, mutation)
  const containerNamed = (name: string) =>
    [...(result.spec.initContainers ?? []), ...result.spec.containers].find((one) => one.name === name)
  return {
    ...mutation,
    pod: result,
    said: result.metadata.annotations?.['binnacle.dev/injection'],
    container: containerNamed,
    env: (name = 'app'): readonly EnvVar[] => containerNamed(name)?.env ?? [],
    value: (variable: string, name = 'app') =>
      containerNamed(name)?.env?.findLast((one) => one.name === variable)?.value,
  }
}
