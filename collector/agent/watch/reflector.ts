import type { JsonObject, KubeApi, KubeError, KubeResource, WatchItem } from '../../record/kube-api.ts'
import { aborted } from '../../std/aborted.ts'
import { createBackoff } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { type CountTrace, createCountTrace } from './count-trace.ts'
import { listAll } from './list.ts'
import { createObjectStore, type Remember, type StoreView } from './object-store.ts'
import type { Project, Projected, ReflectorEvent } from './projected.ts'
import { compareVersions } from './resource-version.ts'
import { readStream, type Step, type StreamEnd } from './stream.ts'
import type { Turns } from './turns.ts'
import { judge } from './verdict.ts'

/**
 * Mirrors one collection of the API server for as long as it runs, whatever the server and the network do.
 *
 *            ┌─────── expired, too new, rewound, resync(): the newest version ──────────┐
 *            ▼                                                                          │
 *   sync (watch-list, else list; first from the server's cache) ──▶ follow (watch) ─────┤
 *            ▲                                                        ▲   closed,       │
 *            └── failed: back off                                     └── silent, failed: resume from the last version
 *
 * Invariants: after `synced` the store equals the server's state at `version`; a change is emitted once, in the server's
 * order, before the version moves past it; a relist emits only differences. Nothing ends `run` but its signal.
 * Limits: pages of `pageItemsMax` (all at once after pages that outlived the history, as client-go does); memory is the projected objects of the collection, twice during a relist.
 */
export interface Reflector<T extends Projected> {
  run(signal: AbortSignal): Promise<void>
  readonly resource: KubeResource
  readonly store: StoreView<T>
  /** Drops what is known of a namespace without a word; `project` must refuse its objects from now on. */
  forget(namespace: string): void
  /**
   * Answers for an object that another reflector of the resource told of, once it has read all. False: it has come further
   * and does not have it, so it was deleted.
   */
  inherit(object: T): boolean
  /** Tells of these of its objects as if they had just been read. */
  retell(isDue: (object: T) => boolean): void
  /** Reads everything again and tells what differs; `tellAll`: of everything, and of what is gone. */
  resync(options: { readonly tellAll: boolean }): void
  /** Counts the objects of a namespace ('' for all) from now on; undefined while not in step with the server. */
  trace(namespace: string): CountTrace | undefined
  status(): ReflectorStatus
}

export interface ReflectorStatus {
  readonly resource: string
  /** Empty: all namespaces. */
  readonly namespace: string
  /** absent: the server has no such resource. */
  readonly state: 'starting' | 'synced' | 'retrying' | 'denied' | 'absent'
  /** Of the last failure while `retrying`, `denied` or `absent`, else ''. */
  readonly message: string
  readonly sinceMs: number
  readonly objects: number
  readonly syncs: number
  /** Up to which resourceVersion it knows everything; empty: it has read nothing. */
  readonly version: string
}

export interface ReflectorDeps<T extends Projected> {
  readonly client: KubeApi
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Log
  readonly turns: Turns
  readonly emit: (event: ReflectorEvent<T>) => void
  /** Undefined: whoever takes what is emitted has room for more; else when it has. Meanwhile the API server keeps it. */
  readonly room?: () => Promise<void> | undefined
}

export interface ReflectorConfig<T extends Projected> {
  readonly resource: KubeResource
  readonly namespace?: string
  readonly project: Project<T>
  /** What the store keeps of a projected object; default: all of it. */
  readonly remember?: Remember<T>
  readonly watchList?: boolean
  readonly pageItemsMax?: number
  readonly silenceMsMax?: number
  /** Of a watch-list before its end: the initial events come one after the other, or the server does not know watch-lists. */
  readonly initialSilenceMsMax?: number
  readonly deniedRetryMs?: number
}

type Outcome = { readonly type: 'synced' } | StreamEnd

const healthyMs = 120_000
const shortStreamMs = 5_000
const watchListTriesMax = 2
const resumesAtSameVersionMax = 5

export function createReflector<T extends Projected>(
  { client, clock, random, log, turns, emit, room = () => undefined }: ReflectorDeps<T>,
  config: ReflectorConfig<T>,
): Reflector<T> {
  const { resource, namespace, project, pageItemsMax = 500 } = config
  const { silenceMsMax = 150_000, initialSilenceMsMax = 30_000, deniedRetryMs = 180_000 } = config
  const store = createObjectStore<T>(config.remember ?? ((object) => object))
  const backoff = createBackoff({ firstMs: 800, maxMs: 30_000, random })
  const scope = { resource, ...(namespace === undefined ? {} : { namespace }) }
  const where = `${resource.plural}${namespace === undefined ? '' : ` of namespace ${namespace}`}`

  let phase: 'sync' | 'follow' = 'sync'
  /** What a sync asks for: '0' whatever the server's cache holds, undefined the newest. */
  let syncVersion: string | undefined = '0'
  let version = ''
  let useWatchList = config.watchList ?? true
  let watchListFailures = 0
  let failuresAtVersion = 0
  /** Pages outlived the history: the next list comes in one answer. */
  let unpaged = false
  let endStream = new AbortController()
  let traced: { readonly namespace: string; readonly trace: CountTrace } | undefined
  let syncs = 0
  /** The server was restored from a backup: the same version may name other contents than the ones we know. */
  let distrusted = false
  /** The next list is told as if nothing had been. */
  let tellsAll = false
  let status = { state: 'starting' as ReflectorStatus['state'], message: '', sinceMs: clock.nowMs() }

  function report(state: ReflectorStatus['state'], message: string): void {
    if (state === status.state && message === status.message) return
    // Denied is a standing condition that a human mends: said once, when it begins.
    if (state === 'denied' && status.state !== 'denied')
      log.warn({ resource: where }, `cannot read ${where}: ${message}`)
    if (state === 'absent' && status.state !== 'absent')
      log.info({ resource: where }, `cannot read ${where}: the API server does not have them`)
    const sinceMs = state === status.state ? status.sinceMs : clock.nowMs()
    status = { state, message, sinceMs }
  }

  /** False: the signal came first; what was not adopted is read again. */
  async function adopt(
    objects: readonly T[],
    resourceVersion: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const first = syncs === 0
    const trustVersions = compareVersions(resourceVersion, version) >= 0 && !distrusted
    for (const event of store.replace(objects, { trustVersions, tellAll: tellsAll })) {
      emit(event)
      const wait = hasRoom(signal)
      if (wait) await wait
      if (signal.aborted) return false
    }
    traced?.trace.break()
    distrusted = false
    tellsAll = false
    unpaged = false
    version = resourceVersion
    phase = 'follow'
    syncVersion = undefined
    syncs++
    failuresAtVersion = 0
    report('synced', '')
    if (first) emit({ type: 'synced' })
    return true
  }

  function hasRoom(signal: AbortSignal): Promise<void> | undefined {
    const wait = room()
    return wait && Promise.race([wait, aborted(signal)])
  }

  /** The step, when there is room for what follows. */
  function paced(step: Step, signal: AbortSignal): Step | Promise<Step> {
    return hasRoom(signal)?.then(() => step) ?? step
  }

  async function syncByList(signal: AbortSignal): Promise<Outcome> {
    const from = syncVersion === undefined ? {} : { resourceVersion: syncVersion }
    const options = { pageItemsMax: unpaged ? 0 : pageItemsMax, project, signal }
    const listed = await listAll(client, { ...scope, ...from, ...options })
    if (listed.type === 'failed') {
      const verdict = judge(listed.error)
      unpaged = listed.begun && verdict === 'expired'
      // A cache answers with everything in one body, which broke: the newest state comes in pages.
      if (listed.begun && verdict === 'transient') syncVersion = undefined
      return listed
    }
    const adopted = await adopt(listed.objects, listed.resourceVersion, signal)
    return { type: adopted ? 'synced' : 'closed' }
  }

  /** The initial state and the changes after it on one stream; the store is replaced only when the state is complete. */
  async function syncByWatchList(signal: AbortSignal, endTurn: () => void): Promise<Outcome> {
    const initial = new Map<string, T>()
    let begun = false
    let complete = false
    const onEvent = (event: Extract<WatchItem, { type: 'event' }>): Step | Promise<Step> => {
      if (complete) return paced(follow(event), signal)
      begun = true
      const object = project(event.object)
      if (event.kind === 'DELETED') {
        if (object) initial.delete(object.uid)
      } else if (event.kind !== 'BOOKMARK') {
        if (object) initial.set(object.uid, object)
      } else if (endsInitialEvents(event.object)) {
        return adoptAll(versionOf(event.object))
      }
      return 'go-on'
    }
    async function adoptAll(atVersion: string): Promise<Step> {
      complete = await adopt([...initial.values()], atVersion, signal)
      initial.clear()
      watchListFailures = 0
      endTurn()
      return complete ? 'go-on' : 'stop'
    }
    const from = syncVersion === undefined ? {} : { resourceVersion: syncVersion }
    const end = await readStream(
      { client, clock, silenceMsMax: () => (complete ? silenceMsMax : initialSilenceMsMax), onEvent },
      {
        ...scope,
        ...from,
        timeoutSeconds: timeoutSeconds(),
        sendInitialEvents: true,
        signal,
      },
    )
    if (!complete && isFallback(end, begun)) useWatchList = false
    return end
  }

  /** A server without watch-list refuses it or, worse, ignores the parameters and never ends the initial events. */
  function isFallback(end: StreamEnd, begun: boolean): boolean {
    if (end.type === 'silent') return true
    if (end.type === 'failed' && judge(end.error) === 'refused') return true
    if (end.type === 'failed' && judge(end.error) !== 'transient') return false
    // A server that cannot be reached, or has no room, says nothing about watch-lists.
    const unheard = end.type === 'failed' && !begun && [0, 429, 503].includes(end.error.status)
    return !unheard && ++watchListFailures >= watchListTriesMax
  }

  async function sync(signal: AbortSignal): Promise<Outcome> {
    const endTurn = await turns.take(signal)
    try {
      if (signal.aborted) return { type: 'closed' }
      return useWatchList ? await syncByWatchList(signal, endTurn) : await syncByList(signal)
    } finally {
      endTurn()
    }
  }

  async function watch(signal: AbortSignal): Promise<Outcome> {
    let advanced = false
    const onEvent = (event: Extract<WatchItem, { type: 'event' }>): Step | Promise<Step> => {
      advanced = true
      report('synced', '')
      return paced(follow(event), signal)
    }
    const end = await readStream(
      { client, clock, silenceMsMax: () => silenceMsMax, onEvent },
      {
        ...scope,
        resourceVersion: version,
        timeoutSeconds: timeoutSeconds(),
        sendInitialEvents: false,
        signal,
      },
    )
    if (advanced) failuresAtVersion = 0
    return end
  }

  /** Applies one change; stops when the server's versions went backwards (etcd was restored): nothing we hold is sure. */
  function follow({ kind, object: raw }: Extract<WatchItem, { type: 'event' }>): Step {
    const next = versionOf(raw)
    const backwards = compareVersions(next, version) < 0
    if (kind === 'BOOKMARK') {
      if (backwards) return 'stop'
      version = next
      traced?.trace.step(next, 0)
      return 'go-on'
    }
    const object = project(raw)
    const known = object && store.get(object.uid)
    // Repeats of what is already applied are harmless; any other step backwards is not.
    if (backwards) return (kind === 'DELETED' ? !known : known?.resourceVersion === next) ? 'go-on' : 'stop'
    const events = object ? (kind === 'DELETED' ? store.remove(object) : store.upsert(object)) : []
    for (const event of events) emit(event)
    version = next
    if (traced) traced.trace.step(next, added(events, traced.namespace))
    return 'go-on'
  }

  /** Decides what follows an outcome, and how long to wait before it. */
  function next(outcome: Outcome, lastedMs: number): number {
    switch (outcome.type) {
      case 'synced':
        return 0
      case 'closed':
        if (phase === 'follow') report('synced', '')
        // A stream that ends as soon as it opened must not spin.
        return lastedMs < shortStreamMs ? backoff.nextMs() : 0
      case 'silent':
        return backoff.nextMs()
      case 'stopped':
        log.warn(
          { resource: where },
          'the versions of the API server went backwards: reading everything again',
        )
        distrusted = true
        return resync()
      case 'failed':
        return afterFailure(outcome.error)
    }
  }

  function resync(): number {
    phase = 'sync'
    syncVersion = undefined
    return backoff.nextMs()
  }

  function afterFailure(error: KubeError): number {
    const verdict = judge(error)
    if (verdict === 'denied' || verdict === 'absent') {
      report(verdict, error.message)
      return deniedRetryMs * (0.75 + random() / 2)
    }
    if (verdict === 'unauthorized') {
      report('denied', error.message)
      return Math.max(error.retryAfterMs ?? 0, backoff.nextMs())
    }
    report('retrying', error.message)
    // A version that this server gave us is from before it was restored.
    if (verdict === 'too-new' && phase === 'follow') distrusted = true
    if (verdict === 'expired' || verdict === 'too-new') return resync()
    if (phase === 'sync' && error.status === 504) return resync()
    // An event that cannot be read, or a version that is refused, would fail for ever at the same place.
    if (phase === 'follow' && error.status !== 429 && ++failuresAtVersion >= resumesAtSameVersionMax)
      return resync()
    return Math.max(error.retryAfterMs ?? 0, backoff.nextMs())
  }

  function timeoutSeconds(): number {
    return 300 + Math.floor(random() * 300)
  }

  return {
    resource,
    store,
    forget(namespace) {
      traced?.trace.break()
      store.forget(namespace)
    },
    inherit(object) {
      if (store.get(object.uid)) return true
      if (compareVersions(object.resourceVersion, version) <= 0) return false
      // Its deletion may come by a list, which tells only of what was known.
      store.upsert(object)
      return true
    },
    retell(isDue) {
      for (const object of store.values())
        if (isDue(object)) emit({ type: 'added', object, previous: undefined, fromList: true })
    },
    resync({ tellAll }) {
      if (tellAll) tellsAll = true
      if (phase !== 'follow') return
      phase = 'sync'
      syncVersion = undefined
      endStream.abort()
    },
    trace(of) {
      if (phase !== 'follow') return undefined
      const trace = createCountTrace({ version, count: countOf(store, of) })
      traced = { namespace: of, trace }
      return trace
    },
    async run(signal) {
      while (!signal.aborted) {
        const startedMs = clock.monotonicMs()
        endStream = new AbortController()
        const streamSignal = AbortSignal.any([signal, endStream.signal])
        const outcome = phase === 'sync' ? await sync(streamSignal) : await watch(streamSignal)
        if (signal.aborted) return
        const lastedMs = clock.monotonicMs() - startedMs
        if (lastedMs >= healthyMs) backoff.reset()
        const waitMs = endStream.signal.aborted ? backoff.nextMs() : next(outcome, lastedMs)
        if (waitMs > 0) await clock.sleep(waitMs, signal)
      }
    },
    status: () => ({
      resource: resource.plural,
      namespace: namespace ?? '',
      ...status,
      objects: store.size,
      syncs,
      version,
    }),
  }
}

function countOf<T extends Projected>(store: StoreView<T>, namespace: string): number {
  if (namespace === '') return store.size
  return [...store.values()].filter((object) => object.namespace === namespace).length
}

function added<T extends Projected>(events: readonly ReflectorEvent<T>[], namespace: string): number {
  const ours = events.filter(
    (event) => event.type !== 'synced' && (namespace === '' || event.object.namespace === namespace),
  )
  const count = (type: 'added' | 'deleted') => ours.filter((event) => event.type === type).length
  return count('added') - count('deleted')
}

function versionOf(object: JsonObject): string {
  const metadata = object['metadata'] as { resourceVersion?: unknown } | undefined | null
  return typeof metadata?.resourceVersion === 'string' ? metadata.resourceVersion : ''
}

function endsInitialEvents(object: JsonObject): boolean {
  const metadata = object['metadata'] as
    | { annotations?: { [key: string]: unknown } | null }
    | undefined
    | null
  return metadata?.annotations?.['k8s.io/initial-events-end'] === 'true'
}
