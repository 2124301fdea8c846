import {
  type KubeResource,
  namespacedResources,
  namespacesResource,
  nodesResource,
} from '../record/kube-api.ts'
import { errorText } from '../std/assert.ts'
import type { Clock } from '../std/clock.ts'
import type { KubeClient } from './client.ts'

/**
 * Asks the API server which rights the agent has of those it needs (SelfSubjectAccessReview), so that a missing rule of the
 * role is named before its absence shows as missing data. At start, every `intervalMs`, and soon after a request was denied.
 * Limits: `requestsAtOnce`; in mode namespaced the first `namespacesMax` namespaces. While the server does not answer the
 * last result stands.
 */
export interface AccessReview {
  run(signal: AbortSignal): Promise<void>
  /** Undefined: not known yet. */
  result(): AccessResult | undefined
}

export interface AccessResult {
  readonly asked: number
  readonly denied: readonly DeniedRight[]
}

export interface DeniedRight {
  /** As in a role: `pods`, `pods/log`, `pods.metrics.k8s.io`. */
  readonly resource: string
  /** '': of the whole cluster. */
  readonly namespace: string
  readonly verbs: readonly string[]
}

export interface NeededRight {
  readonly group: string
  readonly resource: string
  readonly namespace: string
  /** A role may grant it for one object alone; what is created has no name yet. */
  readonly name?: string
  readonly verbs: readonly string[]
}

export interface AccessReviewConfig {
  readonly needs: readonly NeededRight[]
  readonly intervalMs?: number
  /** After a denied request. */
  readonly soonMs?: number
}

const requestsAtOnce = 4
const namespacesMax = 20
const pollMs = 5_000

export function createAccessReview(
  {
    client,
    clock,
    isDenied,
    onResult,
  }: {
    readonly client: Pick<KubeClient, 'write'>
    readonly clock: Clock
    /** A request of the agent was denied and still is. */
    readonly isDenied: () => boolean
    readonly onResult: () => void
  },
  { needs, intervalMs = 600_000, soonMs = 60_000 }: AccessReviewConfig,
): AccessReview {
  let result: AccessResult | undefined

  async function review(signal: AbortSignal): Promise<AccessResult> {
    const denied: DeniedRight[] = []
    const waiting = [...needs]
    async function askInTurn(): Promise<void> {
      for (let need = waiting.shift(); need; need = waiting.shift()) {
        const missing: string[] = []
        for (const verb of need.verbs) if (!(await isAllowed(need, verb, signal))) missing.push(verb)
        const { resource, group, namespace } = need
        const name =
          group.includes('.k8s.io') && group.startsWith('metrics') ? `${resource}.${group}` : resource
        if (missing.length > 0) denied.push({ resource: name, namespace, verbs: missing })
      }
    }
    await Promise.all(Array.from({ length: requestsAtOnce }, askInTurn))
    denied.sort((a, b) => (`${a.resource} ${a.namespace}` < `${b.resource} ${b.namespace}` ? -1 : 1))
    return { asked: needs.reduce((sum, { verbs }) => sum + verbs.length, 0), denied }
  }

  async function isAllowed(need: NeededRight, verb: string, signal: AbortSignal): Promise<boolean> {
    const { group, namespace, name } = need
    const [resource, subresource] = need.resource.split('/')
    const answer = await client.write(
      {
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: {
            resourceAttributes: {
              group,
              resource,
              ...(subresource ? { subresource } : {}),
              verb,
              ...(namespace ? { namespace } : {}),
              ...(name && verb !== 'create' ? { name } : {}),
            },
          },
        },
      },
      signal,
    )
    if (answer.type === 'error') throw new Error(answer.message)
    return (answer.object['status'] as { allowed?: unknown } | undefined)?.allowed === true
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        const startedMs = clock.monotonicMs()
        let failure = ''
        try {
          result = await review(signal)
          onResult()
        } catch (error) {
          failure = errorText(error)
        }
        const dueMs = () => (failure !== '' || isDenied() ? soonMs : intervalMs)
        while (!signal.aborted && clock.monotonicMs() - startedMs < dueMs()) await clock.sleep(pollMs, signal)
      }
    },
    result: () => result,
  }
}

interface Named {
  readonly namespace: string
  readonly name: string
}

const written = (object: Omit<NeededRight, 'verbs'>): NeededRight => ({
  ...object,
  verbs: ['get', 'create', 'update'],
})

/** What the chart's roles grant, by what is switched on. */
export function neededRights({
  mode,
  namespaces,
  nodes,
  scrape,
  crashLogs,
  lease,
  switchedOff,
}: {
  readonly mode: 'cluster' | 'namespaced'
  readonly namespaces: readonly string[]
  readonly nodes: boolean
  readonly scrape: boolean
  readonly crashLogs: boolean
  /** The agent's Lease; undefined: no election. */
  readonly lease: Named | undefined
  /** The ConfigMap with what is not injected; undefined: the agent does not write it. */
  readonly switchedOff: Named | undefined
}): NeededRight[] {
  const read = ({ group, plural }: KubeResource, namespace: string): NeededRight => ({
    group,
    resource: plural,
    namespace,
    verbs: ['list', 'watch'],
  })
  const metrics = (resource: string, namespace: string): NeededRight[] =>
    scrape ? [{ group: 'metrics.k8s.io', resource, namespace, verbs: ['list'] }] : []
  const inCluster = mode === 'cluster'
  const places = inCluster ? [''] : namespaces.slice(0, namespacesMax)
  return [
    ...(inCluster ? [read(namespacesResource, '')] : []),
    ...(inCluster && nodes ? [read(nodesResource, ''), ...metrics('nodes', '')] : []),
    ...places.flatMap((place) => [
      ...namespacedResources.map((resource) => read(resource, place)),
      ...metrics('pods', place),
      ...(crashLogs ? [{ group: '', resource: 'pods/log', namespace: place, verbs: ['get'] }] : []),
    ]),
    ...(lease ? [written({ group: 'coordination.k8s.io', resource: 'leases', ...lease })] : []),
    ...(switchedOff ? [written({ group: '', resource: 'configmaps', ...switchedOff })] : []),
  ]
}
