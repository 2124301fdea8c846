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
  forbid(plural: string): void
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
  const forbidden = new Set<string>()

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
    for (const stream of streams)
      if (sees(stream, plural, object)) stream.push({ type: 'event', kind, object })
  }

  function refused(
    { plural }: KubeResource,
    verb: string,
    namespace: string | undefined,
  ): KubeError | undefined {
    asked.push(`${verb} ${plural}${namespace === undefined ? '' : ` ${namespace}`}`)
    return forbidden.has(plural) ? error(403) : undefined
  }

  return {
    asked,
    forbid: (plural) => void forbidden.add(plural),
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
    async list({ resource, namespace }, onItem) {
      const problem = refused(resource, 'list', namespace)
      if (problem) return problem
      for (const object of objects.get(resource.plural)?.values() ?? []) {
        if (sees({ plural: resource.plural, namespace }, resource.plural, object)) onItem(object)
      }
      return { type: 'page', resourceVersion: String(version), continueToken: '' }
    },
    async *watch({ resource, namespace, sendInitialEvents, signal }): AsyncGenerator<WatchItem> {
      if (sendInitialEvents) {
        yield { type: 'failed', error: error(422) }
        return
      }
      const problem = refused(resource, 'watch', namespace)
      if (problem) {
        yield { type: 'failed', error: problem }
        return
      }
      const queue: WatchItem[] = []
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
