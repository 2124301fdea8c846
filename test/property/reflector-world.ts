import type {
  JsonObject,
  KubeApi,
  KubeError,
  ListPage,
  ListRequest,
  WatchItem,
  WatchRequest,
} from '../../collector/record/kube-api.ts'

/**
 * A collection of an API server in memory, with its history and with faults, for the reflector's property test.
 * Versions are shared by all changes, history can be compacted, and a restore turns versions back.
 */
export interface World extends KubeApi {
  create(name: string): void
  modify(name: string): void
  delete(name: string): void
  /** Forgets the history: older versions answer 410 from now on. */
  compact(): void
  /** Remembers this state, and goes back to it later, versions included, as a restored etcd does. */
  snapshot(): void
  restore(): void
  /** One fault for the next request of its kind, or for the streams that are open now. */
  inject(fault: Fault): void
  heal(): void
  /** uid → name, version and contents. */
  state(): ReadonlyMap<string, string>
  requests(): number
}

export type Fault =
  | {
      readonly on: 'list' | 'watch'
      readonly status: number
      readonly reason?: string
      readonly message?: string
    }
  | { readonly on: 'page' }
  | { readonly on: 'streams'; readonly end: 'close' | 'reset' | 'silence' | 'expired' | 'error' }
  | { readonly on: 'streams'; readonly repeat: 'last' | 'older' }
  | { readonly on: 'streams'; readonly bookmark: true }

interface Stored {
  readonly uid: string
  readonly name: string
  readonly version: bigint
  /** Another one with each write, also where a restored server gives a version out again. */
  readonly turn: number
}

interface Change {
  readonly kind: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Stored
}

interface Stream {
  readonly push: (item: WatchItem | 'end') => void
  silent: boolean
}

const base = 9_007_199_254_740_990n
const failure = (status: number, message = '', reason = ''): KubeError => ({
  type: 'error',
  status,
  reason,
  message,
})

export function createWorld({ watchList }: { watchList: 'on' | 'refused' | 'ignored' }): World {
  let version = base
  let uids = 0
  let turns = 0
  let objects = new Map<string, Stored>()
  let history: Change[] = []
  let compacted = base
  let saved:
    | { version: bigint; objects: Map<string, Stored>; history: Change[]; compacted: bigint }
    | undefined
  let faults: Fault[] = []
  let requests = 0
  const streams = new Set<Stream>()
  const pages = new Map<string, { rest: Stored[]; version: bigint }>()

  const raw = ({ uid, name, version: at, turn }: Stored): JsonObject => ({
    metadata: { uid, name, namespace: 'shop', resourceVersion: String(at), turn },
  })
  const event = ({ kind, object }: Change): WatchItem => ({ type: 'event', kind, object: raw(object) })
  const bookmark = (annotations: JsonObject = {}): WatchItem => ({
    type: 'event',
    kind: 'BOOKMARK',
    object: { metadata: { resourceVersion: String(version), annotations } },
  })

  function change(kind: Change['kind'], name: string, uid: string): void {
    version++
    const object = { uid, name, version, turn: ++turns }
    if (kind === 'DELETED') objects.delete(name)
    else objects.set(name, object)
    history.push({ kind, object })
    for (const stream of streams) if (!stream.silent) stream.push(event({ kind, object }))
  }

  function take(on: Fault['on']): Fault | undefined {
    const index = faults.findIndex((one) => one.on === on)
    return index === -1 ? undefined : faults.splice(index, 1)[0]
  }

  function hurt(stream: Stream, fault: Extract<Fault, { on: 'streams' }>): void {
    // What is sent into a half-open connection never arrives.
    if (stream.silent && !('end' in fault)) return
    if ('bookmark' in fault) {
      stream.push(bookmark())
      return
    }
    if ('repeat' in fault) {
      const repeated = fault.repeat === 'last' ? history.at(-1) : history.at(-3)
      if (repeated) stream.push(event(repeated))
      return
    }
    if (fault.end === 'silence') {
      stream.silent = true
      return
    }
    const errors = {
      close: undefined,
      reset: failure(0, 'ECONNRESET'),
      expired: failure(410, '', 'Expired'),
      error: failure(500),
    }
    const error = errors[fault.end]
    stream.push(error ? { type: 'failed', error } : 'end')
    if (!error) return
    stream.push('end')
  }

  async function list(
    request: ListRequest,
    onItem: (item: JsonObject) => void,
  ): Promise<ListPage | KubeError> {
    requests++
    await null
    const fault = take('list')
    if (fault?.on === 'list') return failure(fault.status, fault.message, fault.reason)
    const page = request.continueToken
      ? pages.get(request.continueToken)
      : { rest: [...objects.values()], version }
    if (!page || (request.continueToken && take('page')))
      return failure(410, 'continue token expired', 'Expired')
    for (const object of page.rest.slice(0, 2)) onItem(raw(object))
    const rest = page.rest.slice(2)
    const token = rest.length > 0 ? `token-${requests}` : ''
    if (token) pages.set(token, { rest, version: page.version })
    return { type: 'page', resourceVersion: String(page.version), continueToken: token }
  }

  async function* watch(request: WatchRequest): AsyncGenerator<WatchItem> {
    requests++
    await null
    const fault = take('watch')
    if (fault?.on === 'watch') {
      yield { type: 'failed', error: failure(fault.status, fault.message, fault.reason) }
      return
    }
    if (request.sendInitialEvents && watchList === 'refused') {
      yield { type: 'failed', error: failure(422, 'sendInitialEvents is forbidden', 'Invalid') }
      return
    }
    const queue: (WatchItem | 'end')[] = []
    let wake = () => {}
    const push = (item: WatchItem | 'end') => {
      queue.push(item)
      wake()
    }
    const stream: Stream = { push, silent: false }
    if (request.sendInitialEvents) {
      for (const object of [...objects.values()].reverse()) queue.push(event({ kind: 'ADDED', object }))
      if (watchList === 'on') queue.push(bookmark({ 'k8s.io/initial-events-end': 'true' }))
    } else {
      const from = BigInt(request.resourceVersion || '0')
      if (from < compacted) {
        yield { type: 'failed', error: failure(410, 'too old resource version', 'Expired') }
        return
      }
      for (const one of history) if (one.object.version > from) queue.push(event(one))
    }
    streams.add(stream)
    const abort = () => push({ type: 'failed', error: failure(0, 'aborted') })
    request.signal.addEventListener('abort', abort, { once: true })
    try {
      for (;;) {
        const item = queue.shift()
        if (item === 'end' || request.signal.aborted) return
        if (item === undefined) await new Promise<void>((resolve) => (wake = resolve))
        else yield item
      }
    } finally {
      streams.delete(stream)
    }
  }

  return {
    list,
    watch,
    get: async () => failure(404),
    create(name) {
      if (!objects.has(name)) change('ADDED', name, `uid-${++uids}`)
    },
    modify(name) {
      const object = objects.get(name)
      if (object) change('MODIFIED', name, object.uid)
    },
    delete(name) {
      const object = objects.get(name)
      if (object) change('DELETED', name, object.uid)
    },
    compact() {
      compacted = version
      history = []
      pages.clear()
    },
    snapshot() {
      saved = { version, objects: new Map(objects), history: [...history], compacted }
    },
    restore() {
      if (!saved) return
      ;({ version, compacted } = saved)
      objects = new Map(saved.objects)
      history = [...saved.history]
      pages.clear()
      // A restored server is a restarted one, so every stream ended.
      for (const stream of streams) stream.push('end')
    },
    inject(fault) {
      if (fault.on !== 'streams') faults.push(fault)
      else for (const stream of streams) hurt(stream, fault)
    },
    heal() {
      faults = []
    },
    state: () =>
      new Map([...objects.values()].map((one) => [one.uid, `${one.name}@${one.version}#${one.turn}`])),
    requests: () => requests,
  }
}
