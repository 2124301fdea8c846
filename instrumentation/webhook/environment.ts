import { createEnvList, originalOf } from './env-list.ts'
import { dotnet } from './languages/dotnet.ts'
import { env } from './languages/env.ts'
import { java } from './languages/java.ts'
import type { LanguageInjection } from './languages/language.ts'
import { node } from './languages/node.ts'
import { python } from './languages/python.ts'
import { libcAnnotation, nodeNameVariable, podNameVariable, podUidVariable } from './names.ts'
import type { Container, EnvVar, Pod } from './pod.ts'
import type { InjectionSettings, Language } from './settings.ts'
import { serviceNameOf } from './workload.ts'

export function injectionOf(language: Language, pod: Pod): LanguageInjection {
  switch (language) {
    case 'node':
      return node
    case 'java':
      return java
    case 'python':
      return python
    case 'dotnet':
      return dotnet(pod.metadata.annotations?.[libcAnnotation] === 'musl' ? 'musl' : 'glibc')
    case 'env':
      return env
  }
}

export interface About {
  readonly pod: Pod
  readonly namespace: string
  readonly container: Container
  readonly languages: readonly Language[]
}

/** Where the process runs, by the downward API. */
const facts: readonly EnvVar[] = [
  [podNameVariable, 'metadata.name'],
  [podUidVariable, 'metadata.uid'],
  [nodeNameVariable, 'spec.nodeName'],
].map(([name = '', fieldPath = '']) => ({ name, valueFrom: { fieldRef: { fieldPath } } }))

/** The variables of a container with everything in it. What it has stays; what belongs together is ours or its own as a whole. */
export function environmentOf(about: About, settings: InjectionSettings): readonly EnvVar[] {
  const { pod, container, languages } = about
  const own = container.env ?? []
  const list = createEnvList(own)
  list.addFirst(facts)
  for (const [name, value] of Object.entries(commonOf(about, settings)))
    if (value !== '' && !own.some((one) => belongTogether(one.name, name))) list.add(name, value)
  for (const { name, extend } of languages.flatMap((one) => injectionOf(one, pod).variables))
    list.extend(name, extend)
  // Last: its references need what stands before it.
  list.extend('OTEL_RESOURCE_ATTRIBUTES', (theirs) => resourceAttributes(about, theirs))
  return list.entries()
}

function commonOf({ pod, languages }: About, settings: InjectionSettings): Record<string, string> {
  // An application with an SDK has decided what it exports; an agent would send metrics and logs, which nobody asked for.
  const onlyTraces = languages.some((language) => language !== 'env')
  const serviceName = serviceNameOf(pod, settings.serviceNameFromLabels)
  return {
    OTEL_SERVICE_NAME: serviceName === undefined ? `$(${podNameVariable})` : escaped(serviceName),
    OTEL_EXPORTER_OTLP_ENDPOINT: settings.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: settings.protocol,
    OTEL_PROPAGATORS: settings.propagators,
    OTEL_TRACES_SAMPLER: settings.sampler,
    ...(onlyTraces ? { OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' } : {}),
    ...settings.env,
  }
}

const endpoint = /^OTEL_EXPORTER_OTLP_(?:TRACES_|METRICS_|LOGS_)?ENDPOINT$/

/** Whether `ours` would mean something else beside `theirs`. */
function belongTogether(theirs: string, ours: string): boolean {
  if (endpoint.test(theirs)) return ours.startsWith('OTEL_EXPORTER_OTLP_')
  return theirs.startsWith('OTEL_TRACES_SAMPLER') && ours.startsWith('OTEL_TRACES_SAMPLER')
}

/**
 * OTEL_RESOURCE_ATTRIBUTES (https://opentelemetry.io/docs/specs/otel/resource/sdk/). Theirs come last, and win; where they
 * can be read, ours of the same key are left out.
 */
function resourceAttributes({ pod, namespace, container }: About, theirs: string | undefined): string {
  const attributes: Record<string, string> = {
    'k8s.namespace.name': namespace,
    'k8s.pod.name': `$(${podNameVariable})`,
    'k8s.pod.uid': `$(${podUidVariable})`,
    'k8s.node.name': `$(${nodeNameVariable})`,
    'k8s.container.name': container.name,
    'service.instance.id': `${namespace}.$(${podNameVariable}).${container.name}`,
  }
  const prefix = 'resource.opentelemetry.io/'
  for (const [name, value] of Object.entries(pod.metadata.annotations ?? {}))
    if (name.startsWith(prefix) && name !== `${prefix}service.name`)
      attributes[name.slice(prefix.length)] = encoded(value)
  const taken = new Set((theirs ?? '').split(',').map((pair) => pair.split('=', 1)[0]?.trim()))
  return [
    ...Object.entries(attributes).flatMap(([key, value]) => (taken.has(key) ? [] : [`${key}=${value}`])),
    ...(theirs ? [theirs] : []),
  ].join(',')
}

/** Percent-encoded as baggage is, and so that nothing in it is taken for a reference. */
const encoded = (value: string) =>
  value.toWellFormed().replace(/[^\w!#&'()*+\-./:<>?@[\]^`{|}~]/gu, encodeURIComponent)
/** `$$` is a dollar sign in the value of a variable. */
const escaped = (value: string) => value.replaceAll('$', '$$$$')

/** Variables whose present value must be kept but may be none at all: a reference to it would stay as it is written. */
export function unkeepable(
  { pod, container }: Pick<About, 'pod' | 'container'>,
  language: Language,
): string | undefined {
  const { env: own = [] } = container
  const extended = [
    ...injectionOf(language, pod).variables.map(({ name }) => name),
    'OTEL_RESOURCE_ATTRIBUTES',
  ]
  for (const name of extended) {
    const from = own.findLast((one) => one.name === name)?.valueFrom
    if (!from) continue
    if (from.configMapKeyRef?.optional || from.secretKeyRef?.optional)
      return `${name} comes from a key that need not be there`
    if (own.some((one) => one.name === originalOf(name))) return `${originalOf(name)} is taken`
  }
  return undefined
}
