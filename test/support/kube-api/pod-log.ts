import { answerFailure } from './answer.ts'
import type { Context, Exchange } from './context.ts'
import type { KubeObject } from './objects.ts'
import type { Target } from './target.ts'

/**
 * `kubectl logs`: text from whoever plays the kubelet; `tailLines` and `limitBytes` are honoured, `follow` ends at once.
 * As with a real kubelet, a container that never ended has no previous instance: 400.
 */
export function podLog({ objects, hooks }: Context, target: Target, { response, url }: Exchange): void {
  const name = target.name ?? ''
  const pod = objects.get(target.kind, target.namespace, name)
  if (!pod) return answerFailure(response, { code: 404, message: `pods "${name}" not found` })
  const { containers = [] } = (pod['spec'] ?? {}) as { containers?: { name: string }[] }
  const container =
    url.searchParams.get('container') ?? (containers.length > 1 ? '' : (containers[0]?.name ?? ''))
  if (!containers.some((one) => one.name === container)) {
    const message = container
      ? `container ${container} is not valid for pod ${name}`
      : `a container name must be specified for pod ${name}, choose one of: [${containers.map((one) => one.name).join(' ')}]`
    return answerFailure(response, { code: 400, message })
  }
  const previous = url.searchParams.get('previous') === 'true'
  if (previous && !hasEnded(pod, container)) {
    const message = `previous terminated container "${container}" in pod "${name}" not found`
    return answerFailure(response, { code: 400, message })
  }
  const text = hooks.logs?.(pod, { container, previous }) ?? ''
  const tail = Number(url.searchParams.get('tailLines') ?? Number.NaN)
  const lines = text.split(/(?<=\n)/)
  response.writeHead(200, { 'content-type': 'text/plain' })
  const tailed = Number.isNaN(tail) ? text : lines.slice(Math.max(0, lines.length - tail)).join('')
  const limit = Number(url.searchParams.get('limitBytes') ?? Number.NaN)
  response.end(Number.isNaN(limit) ? tailed : Buffer.from(tailed).subarray(0, limit))
}

function hasEnded(pod: KubeObject, container: string): boolean {
  const { containerStatuses = [] } = (pod['status'] ?? {}) as {
    containerStatuses?: { name: string; lastState?: { terminated?: object } }[]
  }
  return containerStatuses.some((one) => one.name === container && one.lastState?.terminated !== undefined)
}
