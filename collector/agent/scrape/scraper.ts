import type { KubeApi, KubeError } from '../../record/kube-api.ts'
import type { PodIndex } from '../../record/pod-identity.ts'
import type { UsagePoint } from '../../record/usage.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { parsePodMetrics } from './pod-metrics.ts'

/**
 * Reads what containers use from metrics.k8s.io, namespace after namespace, once per interval. It needs no access to
 * nodes. A cluster without metrics-server is a reported state, asked again every few minutes, and not an error.
 * Limits: one request at a time; a round that takes longer than the interval delays the next, nothing piles up.
 */
export interface UsageScraper {
  run(signal: AbortSignal): Promise<void>
  /** The configuration may have changed. */
  wake(): void
  status(): UsageScraperStatus
}

export interface UsageScraperStatus {
  readonly state: 'off' | 'starting' | 'ok' | 'absent' | 'failing'
  /** Of the last failure, else ''. */
  readonly message: string
  readonly lastRoundAtMs: number
}

export interface UsageScraperDeps {
  readonly client: Pick<KubeApi, 'get'>
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly namespaces: () => readonly string[]
  readonly pods: PodIndex
  /** Called once per namespace and round. */
  readonly emit: (points: readonly UsagePoint[]) => void
}

export interface UsageScraperConfig {
  /** Asked before every round. */
  readonly current: () => { readonly enabled: boolean; readonly intervalMs: number }
  readonly absentRetryMs?: number
}

export function createUsageScraper(
  { client, clock, random, log, namespaces, pods, emit }: UsageScraperDeps,
  config: UsageScraperConfig,
): UsageScraper {
  const { absentRetryMs = 300_000 } = config
  let waking = new AbortController()
  let status: UsageScraperStatus = { state: 'starting', message: '', lastRoundAtMs: 0 }
  /** Of each container, so that metrics-server's unchanged samples are not told twice. */
  let told = new Map<string, number>()

  function report(state: UsageScraperStatus['state'], message: string): void {
    if (state !== status.state && state !== 'ok')
      log.warn({ state }, `cannot read usage from metrics.k8s.io: ${message}`)
    status = { state, message, lastRoundAtMs: clock.nowMs() }
  }

  async function scrape(
    namespace: string,
    seen: Map<string, number>,
    signal: AbortSignal,
  ): Promise<KubeError | undefined> {
    const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/pods`
    const answer = await client.get(path, signal)
    if (answer.type === 'error') return answer
    // The namespace may have opted out while the answer was on its way.
    if (signal.aborted || !namespaces().includes(namespace)) return undefined
    const nowMs = clock.nowMs()
    const points = parsePodMetrics(answer.object, nowMs).flatMap(({ podName, ...usage }): UsagePoint[] => {
      const pod = pods.find({ namespace, podName }, nowMs)
      if (!pod) return []
      const key = `${pod.uid}/${usage.container}`
      seen.set(key, usage.timeMs)
      return told.get(key) === usage.timeMs ? [] : [{ pod, ...usage }]
    })
    if (points.length > 0) emit(points)
    return undefined
  }

  /** Goes through all namespaces even if one is refused: with namespaced roles each has its own rights. */
  async function round(signal: AbortSignal): Promise<void> {
    const seen = new Map<string, number>()
    let failure: KubeError | undefined
    for (const namespace of namespaces()) {
      if (signal.aborted) return
      failure = (await scrape(namespace, seen, signal)) ?? failure
      if (failure && isAbsent(failure)) break
    }
    told = seen
    if (!failure) report('ok', '')
    else report(isAbsent(failure) ? 'absent' : 'failing', failure.message)
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
        else status = { ...status, state: 'off', message: '' }
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
function isAbsent({ status }: KubeError): boolean {
  return status === 404 || status === 503
}
