import type { KubeApi, KubeError, KubeResource } from '../../record/kube-api.ts'
import type { PodIndex } from '../../record/pod-identity.ts'
import type { NodeUsagePoint, UsagePoint } from '../../record/usage.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { readNodeMetrics, readPodMetrics } from './read-metrics.ts'

/**
 * Reads what containers and nodes use from metrics.k8s.io, once per interval: namespace after namespace, or all at once when
 * many are selected and the agent may. It needs no access to kubelets. A cluster without metrics-server is a reported state,
 * asked again every few minutes, and not an error; so is a right to read nodes that is missing.
 * Limits: one request at a time, read item by item; a round that takes longer than the interval delays the next, nothing
 * piles up.
 */
export interface UsageScraper {
  run(signal: AbortSignal): Promise<void>
  /** The configuration may have changed. */
  wake(): void
  status(): UsageScraperStatus
}

export interface UsageScraperStatus {
  readonly state: UsageState
  /** Of the last failure, else ''. */
  readonly message: string
  readonly lastRoundAtMs: number
  readonly nodes: { readonly state: UsageState; readonly message: string }
}

export type UsageState = 'off' | 'starting' | 'ok' | 'absent' | 'denied' | 'failing'

export interface UsageScraperDeps {
  readonly client: Pick<KubeApi, 'list'>
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  /** Empty: nothing is read now, nodes neither. */
  readonly namespaces: () => readonly string[]
  readonly pods: PodIndex
  /** Called once per answer. */
  readonly emit: (points: readonly (UsagePoint | NodeUsagePoint)[]) => void
}

export interface UsageScraperConfig {
  /** Asked before every round. */
  readonly current: () => { readonly enabled: boolean; readonly intervalMs: number }
  readonly absentRetryMs?: number
  /** The agent has rights for the whole cluster. */
  readonly clusterWide?: boolean
  /** Up to so many namespaces are asked one by one. */
  readonly namespacesMax?: number
  readonly nodes?: boolean
}

const podMetrics: KubeResource = { group: 'metrics.k8s.io', version: 'v1beta1', plural: 'pods' }
const nodeMetrics: KubeResource = { ...podMetrics, plural: 'nodes' }
/** metrics-server does not page; another that serves the API may. */
const pageItems = 500

export function createUsageScraper(
  { client, clock, random, log, namespaces, pods, emit }: UsageScraperDeps,
  config: UsageScraperConfig,
): UsageScraper {
  const { absentRetryMs = 300_000, namespacesMax = 20, nodes = false } = config
  let waking = new AbortController()
  let clusterWide = config.clusterWide ?? false
  let status: UsageScraperStatus = {
    state: 'starting',
    message: '',
    lastRoundAtMs: 0,
    nodes: { state: nodes ? 'starting' : 'off', message: '' },
  }
  /** When nodes that are absent or denied are asked for again, on the monotonic clock. */
  let nodesAgainMs = 0
  /** Of each container and node, so that metrics-server's unchanged samples are not told twice. */
  let told = new Map<string, number>()

  function isNews(seen: Map<string, number>, key: string, timeMs: number): boolean {
    seen.set(key, timeMs)
    return told.get(key) !== timeMs
  }

  async function list<T>(
    scope: { readonly resource: KubeResource; readonly namespace?: string },
    read: (item: { readonly [key: string]: unknown }) => readonly T[],
    signal: AbortSignal,
  ): Promise<{ readonly type: 'found'; readonly found: readonly T[] } | KubeError> {
    const found: T[] = []
    let continueToken = ''
    do {
      const from = continueToken === '' ? {} : { continueToken }
      const answer = await client.list({ ...scope, ...from, limit: pageItems, signal }, (item) => {
        found.push(...read(item))
      })
      if (answer.type === 'error') return answer
      continueToken = answer.continueToken
    } while (continueToken !== '' && !signal.aborted)
    return { type: 'found', found }
  }

  async function scrapePods(
    namespace: string | undefined,
    seen: Map<string, number>,
    signal: AbortSignal,
  ): Promise<KubeError | undefined> {
    const scope = { resource: podMetrics, ...(namespace === undefined ? {} : { namespace }) }
    const answer = await list(scope, (item) => readPodMetrics(item, clock.nowMs()), signal)
    if (answer.type === 'error') return answer
    // A namespace may have opted out while the answer was on its way.
    const selected = new Set(signal.aborted ? [] : namespaces())
    const nowMs = clock.nowMs()
    const points = answer.found.flatMap(({ podName, namespace: home, ...usage }): UsagePoint[] => {
      const pod = selected.has(home) ? pods.find({ namespace: home, podName }, nowMs) : undefined
      if (!pod) return []
      return isNews(seen, `${pod.uid}/${usage.container}`, usage.timeMs) ? [{ pod, ...usage }] : []
    })
    if (points.length > 0) emit(points)
    return undefined
  }

  async function scrapeNodes(seen: Map<string, number>, signal: AbortSignal): Promise<void> {
    if (clock.monotonicMs() < nodesAgainMs) return
    const answer = await list(
      { resource: nodeMetrics },
      (item) => {
        const point = readNodeMetrics(item, clock.nowMs())
        return point ? [point] : []
      },
      signal,
    )
    if (signal.aborted) return
    if (answer.type === 'error') {
      const state = stateOf(answer)
      if (state !== 'failing') nodesAgainMs = clock.monotonicMs() + absentRetryMs
      if (status.nodes.state !== state)
        log.warn({ state }, `cannot read the usage of nodes from metrics.k8s.io: ${answer.message}`)
      status = { ...status, nodes: { state, message: answer.message } }
      return
    }
    const points = answer.found.filter(({ node, timeMs }) => isNews(seen, `node/${node}`, timeMs))
    if (points.length > 0) emit(points)
    status = { ...status, nodes: { state: 'ok', message: '' } }
  }

  /** Goes through all namespaces even if one is refused: with namespaced roles each has its own rights. */
  async function scrapeNamespaces(
    seen: Map<string, number>,
    signal: AbortSignal,
  ): Promise<KubeError | undefined> {
    if (clusterWide && namespaces().length > namespacesMax) {
      const failure = await scrapePods(undefined, seen, signal)
      if (failure?.status !== 403) return failure
      clusterWide = false
    }
    let failure: KubeError | undefined
    for (const namespace of namespaces()) {
      if (signal.aborted) return failure
      failure = (await scrapePods(namespace, seen, signal)) ?? failure
      if (failure && stateOf(failure) === 'absent') return failure
    }
    return failure
  }

  async function round(signal: AbortSignal): Promise<void> {
    const seen = new Map<string, number>()
    const failure = await scrapeNamespaces(seen, signal)
    if (signal.aborted) return
    const state = failure ? stateOf(failure) : 'ok'
    if (state !== status.state && failure)
      log.warn({ state }, `cannot read usage from metrics.k8s.io: ${failure.message}`)
    status = { ...status, state, message: failure?.message ?? '', lastRoundAtMs: clock.nowMs() }
    if (nodes && state === 'absent') status = { ...status, nodes: { state, message: status.message } }
    else if (nodes && namespaces().length > 0) await scrapeNodes(seen, signal)
    told = seen
  }

  return {
    async run(signal) {
      // Agents of many clusters that start together must not ask together.
      await clock.sleep(random() * Math.min(config.current().intervalMs, 5_000), signal)
      while (!signal.aborted) {
        waking = new AbortController()
        const { enabled, intervalMs } = config.current()
        const startedMs = clock.monotonicMs()
        if (enabled) await round(signal)
        else status = { ...status, state: 'off', message: '', nodes: { state: 'off', message: '' } }
        const waitMs = status.state === 'absent' ? absentRetryMs : intervalMs
        const leftMs = Math.max(0, startedMs + waitMs - clock.monotonicMs())
        await clock.sleep(leftMs, AbortSignal.any([signal, waking.signal]))
      }
    },
    wake: () => waking.abort(),
    status: () => status,
  }
}

/** 404: nobody serves the group. 503: metrics-server is registered but does not answer. */
function stateOf({ status }: KubeError): UsageState {
  if (status === 404 || status === 503) return 'absent'
  return status === 403 ? 'denied' : 'failing'
}
