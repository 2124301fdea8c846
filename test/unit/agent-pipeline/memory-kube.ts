import type {
  JsonObject,
  KubeApi,
  KubeError,
  KubeResource,
  WatchItem,
} from '../../../collector/record/kube-api.ts'

/** A healthy API server in memory, for several resources: what the pipeline does with a server, not what it survives. */
export interface MemoryKube extends KubeApi {
  put(plural: string, object: JsonObject): void
  delete(plural: string, uid: string): void
  /** Paths listed or watched so far, such as `list pods shop`. */
  readonly asked: readonly string[]
  /** `cluster-wide`: only where no namespace is named. */
  forbid(plural: string, where?: 'cluster-wide'): void
  /** The watches of the namespace that are open now say nothing more. */
  mute(plural: string, namespace: string): void
  /** The next list is made of what is there when it is asked for, and arrives when the returned function is called. */
  hold(plural: string): () => void
  /** The next list breaks off after its first item. */
  breakList(plural: string): void
  /** Watches end with 410, and what happened until now cannot be resumed from. */
  expire(plural: string): void
}

interface Stream {
  readonly plural: string
  readonly namespace: string | undefined
  readonly push: (item: WatchItem) => void
}

const error = (status: number): KubeError => ({
  type: 'error',
  status,
  reason: '',
  message: `status ${status}`,
})

export function createMemoryKube(): MemoryKube {
  let version = 0
  const objects = new Map<string, Map<string, JsonObject>>()
  const streams = new Set<Stream>()
  const asked: string[] = []
  const forbidden = new Map<string, 'everywhere' | 'cluster-wide'>()
  const held = new Map<string, Promise<void>>()
  const breaking = new Set<string>()
  const history: {
    readonly plural: string
    readonly version: number
    readonly item: WatchItem
    readonly object: JsonObject
  }[] = []
  const expiredTo = new Map<string, number>()

  const metaOf = (object: JsonObject) =>
    object['metadata'] as { readonly uid: string; readonly namespace?: string }
  const sees = (
    stream: { plural: string; namespace: string | undefined },
    plural: string,
    object: JsonObject,
  ) =>
    stream.plural === plural &&
    (stream.namespace === undefined || stream.namespace === metaOf(object).namespace)
  const stamped = (object: JsonObject) => ({
    ...object,
    metadata: { ...metaOf(object), resourceVersion: String(++version) },
  })

  function tell(plural: string, kind: 'ADDED' | 'MODIFIED' | 'DELETED', object: JsonObject): void {
    const item: WatchItem = { type: 'event', kind, object }
    history.push({ plural, version, item, object })
    for (const stream of streams) if (sees(stream, plural, object)) stream.push(item)
  }

  function refused(
    { plural }: KubeResource,
    verb: string,
    namespace: string | undefined,
  ): KubeError | undefined {
    asked.push(`${verb} ${plural}${namespace === undefined ? '' : ` ${namespace}`}`)
    const where = forbidden.get(plural)
    return where === 'everywhere' || (where && namespace === undefined) ? error(403) : undefined
  }

  return {
    asked,
    forbid: (plural, where) => void forbidden.set(plural, where ?? 'everywhere'),
    mute(plural, namespace) {
      for (const stream of streams)
        if (stream.plural === plural && stream.namespace === namespace) streams.delete(stream)
    },
    hold(plural) {
      const { promise, resolve } = Promise.withResolvers<void>()
      held.set(plural, promise)
      return resolve
    },
    breakList: (plural) => void breaking.add(plural),
    expire(plural) {
      expiredTo.set(plural, version + 1)
      for (const stream of streams)
        if (stream.plural === plural) stream.push({ type: 'failed', error: error(410) })
    },
    put(plural, object) {
      const all = objects.get(plural) ?? new Map<string, JsonObject>()
      objects.set(plural, all)
      const { uid } = metaOf(object)
      const kind = all.has(uid) ? 'MODIFIED' : 'ADDED'
      const next = stamped(object)
      all.set(uid, next)
      tell(plural, kind, next)
    },
    delete(plural, uid) {
      const object = objects.get(plural)?.get(uid)
      if (!object) return
      objects.get(plural)?.delete(uid)
      tell(plural, 'DELETED', stamped(object))
    },
    async get(path) {
      const name = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path)?.[1]
      const found = [...(objects.get('namespaces')?.values() ?? [])].find(
        (one) => (metaOf(one) as unknown as { name: string }).name === name,
      )
      return found ? { type: 'object', object: found } : error(404)
    },
    async list({ resource, namespace, signal }, onItem) {
      const problem = refused(resource, 'list', namespace)
      if (problem) return problem
      const seen = [...(objects.get(resource.plural)?.values() ?? [])].filter((object) =>
        sees({ plural: resource.plural, namespace }, resource.plural, object),
      )
      const resourceVersion = String(version)
      const arrives = held.get(resource.plural)
      held.delete(resource.plural)
      await arrives
      if (signal.aborted) return error(0)
      if (breaking.delete(resource.plural)) {
        for (const object of seen.slice(0, 1)) onItem(object)
        return error(0)
      }
      for (const object of seen) onItem(object)
      return { type: 'page', resourceVersion, continueToken: '' }
    },
    async *watch({
      resource,
      namespace,
      resourceVersion,
      sendInitialEvents,
      signal,
    }): AsyncGenerator<WatchItem> {
      if (sendInitialEvents) {
        yield { type: 'failed', error: error(422) }
        return
      }
      const problem = refused(resource, 'watch', namespace)
      if (problem) {
        yield { type: 'failed', error: problem }
        return
      }
      const from = Number(resourceVersion)
      if (from < (expiredTo.get(resource.plural) ?? 0)) {
        yield { type: 'failed', error: error(410) }
        return
      }
      const queue: WatchItem[] = history
        .filter(
          (one) => one.version > from && sees({ plural: resource.plural, namespace }, one.plural, one.object),
        )
        .map(({ item }) => item)
      let wake = () => {}
      const stream = {
        plural: resource.plural,
        namespace,
        push: (item: WatchItem) => {
          queue.push(item)
          wake()
        },
      }
      streams.add(stream)
      signal.addEventListener('abort', () => wake(), { once: true })
      while (!signal.aborted) {
        const item = queue.shift()
        if (item) yield item
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
      streams.delete(stream)
    },
  }
}
