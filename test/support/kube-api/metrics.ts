import { answerFailure, answerJson } from './answer.ts'
import type { Context, Exchange } from './context.ts'
import type { KubeObject } from './objects.ts'
import { kindNamed } from './resources.ts'
import { type Matches, selectorOf } from './selectors.ts'

const path = /^\/apis\/metrics\.k8s\.io\/v1beta1(?:\/namespaces\/([^/]+))?\/(pods|nodes)(?:\/([^/]+))?$/
const apiVersion = 'metrics.k8s.io/v1beta1'

export const isMetricsPath = (pathname: string): boolean => pathname.startsWith(`/apis/${apiVersion}`)

/** metrics.k8s.io: the latest usage of pods and nodes, as the metrics-server has it; 404 without one. */
export function metrics(context: Context, { request, response, url }: Exchange): void {
  const [, namespace, plural, name] = path.exec(url.pathname) ?? []
  if (plural === undefined || context.hooks.usage === undefined) {
    return answerFailure(response, { code: 404, message: 'the server could not find the requested resource' })
  }
  const selector = selectorOf(kindNamed(plural === 'pods' ? 'Pod' : 'Node'), url.searchParams)
  if (selector.type === 'unsupported')
    return answerFailure(response, { code: 400, message: selector.message })
  const matches: Matches = (object) =>
    (!namespace || object.metadata.namespace === namespace) && selector.matches(object)
  const items = plural === 'pods' ? podMetrics(context, matches) : nodeMetrics(context, matches)
  if (name !== undefined) {
    const one = items.find(({ metadata }) => metadata.name === name)
    if (one) return answerJson({ request, response }, 200, one)
    return answerFailure(response, { code: 404, message: `${plural}.metrics.k8s.io "${name}" not found` })
  }
  const kind = plural === 'pods' ? 'PodMetricsList' : 'NodeMetricsList'
  answerJson({ request, response }, 200, { kind, apiVersion, metadata: {}, items })
}

interface MetricsItem {
  readonly metadata: { readonly name: string }
}

function podMetrics(context: Context, matches: Matches): MetricsItem[] {
  return context.objects
    .list(kindNamed('Pod'))
    .filter(matches)
    .flatMap((pod) => {
      const containers = context.hooks.usage?.(pod) ?? []
      if (containers.length === 0) return []
      return [
        {
          ...head(context, pod),
          containers: containers.map(({ name, cpuNanocores, memoryBytes }) => ({
            name,
            usage: quantities(cpuNanocores, memoryBytes),
          })),
        },
      ]
    })
}

/** A node uses what its pods use, and something for itself. */
function nodeMetrics(context: Context, matches: Matches): MetricsItem[] {
  const pods = context.objects.list(kindNamed('Pod'))
  return context.objects
    .list(kindNamed('Node'))
    .filter(matches)
    .map((node) => {
      const used = pods
        .filter((pod) => (pod['spec'] as { nodeName?: string } | undefined)?.nodeName === node.metadata.name)
        .flatMap((pod) => context.hooks.usage?.(pod) ?? [])
      const cpu = used.reduce((sum, { cpuNanocores }) => sum + cpuNanocores, 120_000_000)
      const memory = used.reduce((sum, { memoryBytes }) => sum + memoryBytes, 900 * 1024 ** 2)
      return { ...head(context, node), usage: quantities(cpu, memory) }
    })
}

function head({ nowMs }: Context, { metadata }: KubeObject) {
  return {
    metadata: {
      name: metadata.name,
      ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
      labels: metadata.labels,
      creationTimestamp: new Date(nowMs()).toISOString(),
    },
    timestamp: new Date(nowMs()).toISOString(),
    window: '15s',
  }
}

const quantities = (cpuNanocores: number, memoryBytes: number) => ({
  cpu: `${Math.round(cpuNanocores)}n`,
  memory: `${Math.round(memoryBytes / 1024)}Ki`,
})
