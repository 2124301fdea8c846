import { containersAnnotation, languageAnnotation, podUidVariable } from './names.ts'
import type { Container, Pod } from './pod.ts'
import { type Language, languageNames } from './settings.ts'

export interface ChosenLanguages {
  readonly languages: readonly Language[]
  /** By an annotation of the pod, and not by the configuration. */
  readonly areAskedFor: boolean
}

/** Those that the pod's annotations ask for, else those of the configuration; without those that an annotation forbids. */
export function chooseLanguages({ metadata }: Pod, configured: readonly Language[]): ChosenLanguages {
  const said = (language: Language) =>
    metadata.annotations?.[languageAnnotation(language)]?.trim().toLowerCase()
  const asked = languageNames.filter((language) => said(language) === 'true')
  const languages = asked.length > 0 ? asked : configured.filter((language) => said(language) !== 'false')
  return { languages, areAskedFor: asked.length > 0 }
}

export interface Target {
  /** Of the pod's specification. */
  readonly list: 'containers' | 'initContainers'
  readonly index: number
  readonly container: Container
}

/**
 * The containers that the annotation names, init containers too; else all but known sidecars. Init containers are otherwise
 * left alone: what runs for a moment and is waited for has no spans worth a slower start.
 */
export function chooseContainers({ metadata, spec }: Pod): readonly Target[] {
  const named = metadata.annotations?.[containersAnnotation]
  const all = (list: Target['list']) =>
    (spec[list] ?? []).map((container, index) => ({ list, index, container }))
  if (named === undefined) return all('containers').filter(({ container }) => !isSidecar(container.name))
  const names = named.split(',').map((name) => name.trim())
  return [...all('containers'), ...all('initContainers')].filter(({ container }) =>
    names.includes(container.name),
  )
}

/** Containers that meshes, secret stores and collectors put beside an application, by the names they give them. */
export const sidecars =
  /^(?:istio-proxy|istio-validation|linkerd-proxy|envoy(?:-sidecar)?|kuma-sidecar|consul-dataplane|consul-connect-.*|daprd|queue-proxy|vault-agent|cloud-?sql-proxy|oauth2-proxy|otc-container|otel-collector|opentelemetry-collector|jaeger-agent|datadog-agent|aws-otel-collector|xray-daemon|fluent-?bit|fluentd|filebeat|promtail|vector|telegraf|config-reloader|git-sync)$/

const isSidecar = (name: string) => sidecars.test(name)

export const isInjected = ({ env = [] }: Container) => env.some(({ name }) => name === podUidVariable)
