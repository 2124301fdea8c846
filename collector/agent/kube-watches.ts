import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import type { KubeCollection, KubeCollectionConfig } from './kube-collection.ts'
import type { ReflectorStatus } from './watch/reflector.ts'
import { compareVersions } from './watch/resource-version.ts'

/**
 * Which collections watch the selected namespaces.
 *
 * A namespace that opts in gets watches of its own, so its backfill is an ordinary first list and has no race with a
 * stream that runs already. Beyond `namespacedMax` of those, one collection that watches the whole cluster takes their
 * place; its members are fixed, later ones get their own again, and so on. When few are left they get their own back. What
 * takes another's place reads everything first, then tells what the other did not come to tell: nothing is lost, and what is
 * told twice collapses by its ids.
 */
export interface KubeWatches {
  /** What is added at one moment, and all before `open`, is decided on together. */
  add(namespace: string): void
  /** `isGone`: the namespace was deleted, with all that was in it. */
  remove(namespace: string, options: { readonly isGone: boolean }): void
  /** All that is selected at the start has been added. */
  open(): void
  collections(): readonly KubeCollection[]
  collectionOf(namespace: string): KubeCollection | undefined
}

export interface KubeWatchesDeps {
  readonly clock: Clock
  readonly log: Log
  /** Ends all of them. */
  readonly signal: AbortSignal
  readonly createCollection: (config: KubeCollectionConfig) => KubeCollection
  /** What runs until the signal. */
  readonly track: (run: Promise<void>) => void
}

export interface KubeWatchesConfig {
  /** Whether the agent may watch the whole cluster. */
  readonly mayBeWide: boolean
  readonly namespacedMax: number
}

interface Running {
  readonly collection: KubeCollection
  readonly members: Set<string>
  /** It watches the whole cluster for its members. */
  readonly isWide: boolean
  readonly stop: AbortController
}

const takeOverPollMs = 500

export function createKubeWatches(deps: KubeWatchesDeps, config: KubeWatchesConfig): KubeWatches {
  const { clock, log, signal, createCollection, track } = deps
  const { namespacedMax } = config
  const running = new Set<Running>()
  const waiting = new Set<string>()
  let isOpen = false
  /** One change between watches of their own and the whole cluster's at a time. */
  let arranging = false
  /** The cluster gives for namespaces what it refuses for the whole: so it stays with watches of their own. */
  let wideRefused = false

  function launchWaiting(): void {
    const names = [...waiting]
    waiting.clear()
    if (signal.aborted) return
    if (names.length > namespacedMax && mayBeWide()) launch({ members: new Set(names) })
    else for (const name of names) launch({ members: new Set([name]), namespace: name })
    track(arrange())
  }

  const mayBeWide = () => config.mayBeWide && !wideRefused

  /** Until every namespace is watched as their number asks for. */
  async function arrange(): Promise<void> {
    if (arranging) return
    arranging = true
    for (let next = nextArrangement(); next && !signal.aborted; next = nextArrangement()) await takeOver(next)
    arranging = false
  }

  function nextArrangement(): 'wide' | 'own' | undefined {
    const wide = [...running].filter(({ isWide }) => isWide)
    if (running.size - wide.length > namespacedMax || wide.length > 1) return mayBeWide() ? 'wide' : undefined
    return wide.length > 0 && memberNames().length <= namespacedMax / 2 ? 'own' : undefined
  }

  const memberNames = () => [...new Set([...running].flatMap(({ members }) => [...members]))]

  /** What runs goes on until what takes its place has read everything. */
  async function takeOver(how: 'wide' | 'own'): Promise<void> {
    const old = [...running]
    const names = memberNames()
    log.info(
      { namespaces: names.length },
      `watching ${how === 'wide' ? 'the whole cluster' : 'each namespace'}`,
    )
    const fresh =
      how === 'wide'
        ? [launch({ members: new Set(names) })]
        : names.map((name) => launch({ members: new Set([name]), namespace: name }))
    // One that lost its last member meanwhile has ended.
    const isRunning = (one: Running) => running.has(one)
    const versions = versionsOf(old)
    const isReady = () =>
      fresh
        .filter(isRunning)
        .every(
          ({ collection }) =>
            collection.isRead() &&
            isAbreast(collection.status(), versions, versionsOf(old.filter(isRunning))),
        )
    while (!isReady() && !signal.aborted) await clock.sleep(takeOverPollMs, signal)
    if (signal.aborted) return
    const refused = how === 'wide' ? refusedOnly(fresh, old) : []
    wideRefused = refused.length > 0
    if (wideRefused) log.warn({ refused }, 'cannot watch the whole cluster: each namespace keeps its watches')
    const [leaving, staying] = wideRefused ? [fresh, old] : [old, fresh]
    for (const one of leaving.filter(isRunning)) {
      one.collection.declareDeleted(
        (object, resource) =>
          !staying.some(
            (next) =>
              isRunning(next) &&
              next.members.has(object.namespace) &&
              next.collection.inherit(object, resource),
          ),
      )
      halt(one)
    }
    // The last word of two on an object may have been the older.
    for (const { collection } of staying.filter(isRunning))
      collection.retell(
        (object, resource) => !leaving.some((one) => one.collection.hasTold(object, resource)),
      )
  }

  function launch(what: { readonly members: Set<string>; readonly namespace?: string }): Running {
    const stop = new AbortController()
    const collection = createCollection(what)
    const one: Running = { collection, members: what.members, isWide: what.namespace === undefined, stop }
    running.add(one)
    track(collection.run(AbortSignal.any([signal, stop.signal])))
    return one
  }

  function halt(one: Running): void {
    one.stop.abort()
    running.delete(one)
  }

  return {
    add(namespace) {
      waiting.add(namespace)
      if (isOpen && waiting.size === 1) queueMicrotask(launchWaiting)
    },
    remove(name, { isGone }) {
      waiting.delete(name)
      for (const one of [...running].filter(({ members }) => members.has(name))) {
        // Its last deletions may still be on their way when the namespace itself is gone.
        if (isGone) one.collection.declareDeleted(({ namespace }) => namespace === name)
        one.collection.forget(name)
        one.members.delete(name)
        if (one.members.size === 0) halt(one)
      }
      queueMicrotask(() => track(arrange()))
    },
    open() {
      isOpen = true
      launchWaiting()
    },
    collections: () => [...running].map(({ collection }) => collection),
    collectionOf: (namespace) => [...running].find(({ members }) => members.has(namespace))?.collection,
  }
}

/** By resource, the newest. */
function versionsOf(all: readonly Running[]): Map<string, string> {
  const versions = new Map<string, string>()
  for (const { resource, version } of all.flatMap(({ collection }) => collection.status())) {
    if (compareVersions(version, versions.get(resource) ?? '') > 0) versions.set(resource, version)
  }
  return versions
}

/** As far as the others were, or are since their versions went backwards: a server's first list may come from a stale cache. */
function isAbreast(
  statuses: readonly ReflectorStatus[],
  were: ReadonlyMap<string, string>,
  are: ReadonlyMap<string, string>,
): boolean {
  return statuses.every(({ resource, version, syncs }) => {
    const notBehind = (versions: ReadonlyMap<string, string>) =>
      compareVersions(version, versions.get(resource) ?? '') >= 0
    return syncs === 0 || notBehind(were) || notBehind(are)
  })
}

/** Resources that are refused to the first and not to the second. */
function refusedOnly(fresh: readonly Running[], old: readonly Running[]): string[] {
  const resources = (all: readonly Running[], state: ReflectorStatus['state']) =>
    all
      .flatMap(({ collection }) => collection.status())
      .flatMap((one) => (one.state === state ? [one.resource] : []))
  const granted = new Set(resources(old, 'synced'))
  return [...new Set(resources(fresh, 'denied'))].filter((resource) => granted.has(resource))
}
