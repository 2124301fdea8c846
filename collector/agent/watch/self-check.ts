import type { KubeApi } from '../../record/kube-api.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import type { Projected } from './projected.ts'
import type { Reflector } from './reflector.ts'

/**
 * Now and then asks the API server how many objects one of the mirrored collections has (a list of one item), and compares
 * that with what the mirror held at the same version. A difference that is found twice in a row is counted, logged, and
 * mended by reading the collection anew: it would mean a change that was lost without a trace, by us, a proxy or the server
 * (an etcd restored from a backup that overtook us, for instance).
 */
export interface SelfCheck {
  run(signal: AbortSignal): Promise<void>
}

export interface CheckTarget {
  /** Empty: all namespaces. */
  readonly namespace: string
  readonly reflector: Pick<Reflector<Projected>, 'resource' | 'trace' | 'resync'>
}

export interface SelfCheckDeps {
  readonly client: KubeApi
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly targets: () => readonly CheckTarget[]
}

/** Bookmarks, which tell that nothing happened, come about once a minute. */
const catchUpMsMax = 150_000
const pollMs = 500

interface Counts {
  readonly here: number
  readonly there: number
}

export function createSelfCheck(
  { client, clock, random, log, metrics, targets }: SelfCheckDeps,
  { intervalMs }: { readonly intervalMs: number },
): SelfCheck {
  const checks = metrics.counter('kube_self_checks', 'Collections counted against the API server, by outcome')
  /** By how many it differed when it was last read anew: the same again was not cured, and shall not be paid for for ever. */
  const mended = new WeakMap<object, number>()

  /** Undefined: it cannot be told. */
  async function count(target: CheckTarget, signal: AbortSignal): Promise<Counts | undefined> {
    const trace = target.reflector.trace(target.namespace)
    if (!trace) return undefined
    const server = await countOnServer(client, target, signal)
    const deadlineMs = clock.monotonicMs() + catchUpMsMax
    const isOver = () => signal.aborted || clock.monotonicMs() >= deadlineMs
    while (server && trace.at(server.version) === 'later' && !isOver()) await clock.sleep(pollMs, signal)
    const here = server ? trace.at(server.version) : 'unknown'
    trace.break()
    return server && typeof here === 'number' ? { here, there: server.count } : undefined
  }

  async function check(target: CheckTarget, signal: AbortSignal): Promise<void> {
    const { reflector, namespace } = target
    const { plural } = reflector.resource
    const differs = (counts: Counts | undefined) => counts !== undefined && counts.here !== counts.there
    const first = await count(target, signal)
    // The API calls the count an estimate: one difference alone proves nothing.
    const counts = differs(first) ? await count(target, signal) : first
    if (signal.aborted) return
    const outcome = counts === undefined ? 'unknown' : differs(counts) ? 'different' : 'same'
    checks.add(1, { resource: plural, outcome })
    if (outcome === 'same') mended.delete(reflector)
    const surplus = counts ? counts.here - counts.there : 0
    if (outcome !== 'different' || mended.get(reflector) === surplus) return
    mended.set(reflector, surplus)
    const where = `${plural}${namespace === '' ? '' : ` of namespace ${namespace}`}`
    log.warn({ ...counts }, `cannot account for all ${where} that the API server has: reading them again`)
    reflector.resync({ tellAll: false })
  }

  return {
    async run(signal) {
      for (let turn = 0; !signal.aborted; turn++) {
        await clock.sleep(intervalMs * (0.75 + random() / 2), signal)
        const all = targets()
        const target = all[turn % Math.max(1, all.length)]
        if (target && !signal.aborted) await check(target, signal)
      }
    },
  }
}

async function countOnServer(
  client: KubeApi,
  { reflector: { resource }, namespace }: CheckTarget,
  signal: AbortSignal,
): Promise<{ readonly version: string; readonly count: number } | undefined> {
  let items = 0
  const request = { resource, ...(namespace === '' ? {} : { namespace }), limit: 1, signal }
  const page = await client.list(request, () => items++)
  if (page.type === 'error') return undefined
  if (page.continueToken !== '' && page.remainingItems === undefined) return undefined
  return { version: page.resourceVersion, count: items + (page.remainingItems ?? 0) }
}
