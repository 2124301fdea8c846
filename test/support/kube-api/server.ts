import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { answerFailure } from './answer.ts'
import type { Context, Hooks } from './context.ts'
import type { Access, AccessRule, ActiveFailure, Faults } from './faults.ts'
import { type KubeObject, mergePatch, Objects } from './objects.ts'
import { kindNamed, type ResourceKind, resourceKinds } from './resources.ts'
import { serve } from './serve.ts'

export type { UsageOfContainer } from './context.ts'

/**
 * A Kubernetes API server of our own for tests and the demo: list, watch and write over HTTP with the semantics that
 * clients rely on (resource versions, paging on a snapshot, bookmarks, watch-list, 410, selectors, merge patches, mutating
 * webhooks), and
 * faults that can be switched on. It has no controllers but the one that empties a namespace which goes: whoever uses it
 * plays them through `create`, `patch` and `remove`.
 */
export interface FakeKubeApi extends Hooks {
  readonly url: string
  /** A kubeconfig as YAML text; `tokenFile` instead of the token itself. */
  kubeconfig(options?: { readonly tokenFile: string }): string
  create(kind: string, object: KubeObject): KubeObject
  /** Merges a patch into an object that is there. */
  patch(kind: string, where: Where, patch: object): KubeObject
  /** A namespace goes with all that is in it. */
  remove(kind: string, where: Where): void
  get(kind: string, where: Where): KubeObject | undefined
  list(kind: string, namespace?: string): KubeObject[]
  readonly faults: Faults
  /** Requests by method and path, newest last, for tests. */
  readonly requests: readonly string[]
  /** What was asked for, each once, as RBAC knows it; refused or not. */
  accesses(): readonly Access[]
  /** Watches that are open now. */
  openWatches(): number
  close(): Promise<void>
}

export interface Where {
  readonly namespace?: string
  readonly name: string
}

export interface FakeKubeApiConfig {
  readonly port?: number
  readonly nowMs?: () => number
  readonly historyMax?: number
  readonly firstVersion?: bigint
  readonly bookmarkEveryMs?: number
  /** PEM. Serves HTTPS; whoever connects trusts the certificate itself. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

const host = '127.0.0.1'
const requestsKept = 10_000

export async function startFakeKubeApi(config: FakeKubeApiConfig = {}): Promise<FakeKubeApi> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const hooks: Hooks = { usage: undefined, logs: undefined, serviceAddress: undefined }
  const context = contextOf(config, hooks, sockets)
  const { objects, faults, watches } = context
  const { tls } = config
  const answer: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (requests.length > requestsKept) requests.shift()
    const url = new URL(request.url ?? '/', 'http://localhost')
    void serve(context, { request, response, url }).catch((error: unknown) =>
      answerFailure(response, { code: 500, message: String(error) }),
    )
  }
  const server: Server = tls ? createTlsServer(tls, answer) : createServer(answer)
  // Watches are long and quiet; whoever waits for them decides how long.
  server.requestTimeout = 0
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const port = await listen(server, config.port ?? 0)
  faults.restart = async ({ downMs = 0, rewindBy = 0n } = {}) => {
    await shut(server, sockets)
    context.snapshots.clear()
    if (rewindBy > 0n) objects.rewind(rewindBy)
    await new Promise((resolve) => setTimeout(resolve, downMs))
    await listen(server, port)
  }
  const url = `${tls ? 'https' : 'http'}://${host}:${port}`
  const where = (kind: ResourceKind, { namespace = 'default', name }: Where) =>
    [kind, kind.namespaced ? namespace : '', name] as const

  return Object.assign(hooks, {
    url,
    faults,
    requests,
    accesses: () => [...context.accesses.values()],
    openWatches: () => watches.size,
    kubeconfig: (options?: { readonly tokenFile: string }) =>
      kubeconfigOf({ url, ca: tls?.cert }, options ?? { token: faults.token }),
    create: (kind: string, object: KubeObject) => objects.create(kindNamed(kind), object),
    patch(kindName: string, at: Where, patch: object) {
      const kind = kindNamed(kindName)
      const current = objects.get(...where(kind, at))
      if (!current) throw new Error(`no ${kindName} ${at.name}`)
      return objects.replace(kind, mergePatch(current, patch) as KubeObject)
    },
    remove(kindName: string, at: Where) {
      objects.remove(...where(kindNamed(kindName), at))
    },
    get: (kindName: string, at: Where) => objects.get(...where(kindNamed(kindName), at)),
    list: (kindName: string, namespace?: string) =>
      objects
        .list(kindNamed(kindName))
        .filter(({ metadata }) => !namespace || metadata.namespace === namespace),
    async close() {
      for (const watch of [...watches]) watch.close()
      await shut(server, sockets)
    },
  })
}

function contextOf(config: FakeKubeApiConfig, hooks: Hooks, sockets: ReadonlySet<Socket>): Context {
  const clock = config.nowMs ?? Date.now
  const nowMs = () => clock() + context.faults.clockSkewMs
  const objects = new Objects({
    nowMs,
    historyMax: config.historyMax ?? 20_000,
    firstVersion: config.firstVersion ?? 1000n,
  })
  const context: Context = {
    objects,
    faults: faultsOf(() => context, sockets),
    failures: [] as ActiveFailure[],
    forbidden: [] as AccessRule[],
    accesses: new Map(),
    watches: new Set(),
    lost: new WeakSet(),
    snapshots: new Map(),
    frozen: new Map(),
    hooks,
    nowMs,
    bookmarkEveryMs: config.bookmarkEveryMs ?? 5_000,
  }
  return context
}

function faultsOf(context: () => Context, sockets: ReadonlySet<Socket>): Faults {
  const openWatches = () => [...context().watches]
  return {
    bookmarks: true,
    watchList: true,
    watchListDiesAfter: undefined,
    expiredAs: 'http',
    futureWatch: 'refuse',
    modifiedFirst: false,
    nullLists: false,
    cutLists: 0,
    loseChanges: 0,
    duplicateEvents: false,
    chunkBytes: undefined,
    drip: undefined,
    clockSkewMs: 0,
    token: undefined,
    fail: ({ match, status, times = Number.POSITIVE_INFINITY, retryAfterSeconds }) =>
      void context().failures.push({ match, status, times, retryAfterSeconds }),
    forbid: (rule) => void context().forbidden.push(rule),
    permit(rule) {
      const { forbidden } = context()
      const same = (one: AccessRule) =>
        one.verb === rule.verb && one.resource === rule.resource && one.namespace === rule.namespace
      forbidden.splice(0, forbidden.length, ...forbidden.filter((one) => !same(one)))
    },
    hang: ({ match, times = Number.POSITIVE_INFINITY }) => void context().failures.push({ match, times }),
    heal() {
      context().failures.length = 0
      context().forbidden.length = 0
    },
    errorOnWatches(code) {
      for (const watch of openWatches()) watch.error(code)
    },
    cutWatches(where = 'line') {
      for (const watch of openWatches()) watch.cut(where)
    },
    garbleWatches() {
      for (const watch of openWatches()) watch.garble()
    },
    closeWatches() {
      for (const watch of openWatches()) watch.close()
    },
    silenceWatches() {
      for (const watch of openWatches()) watch.silence()
    },
    replay(changes) {
      for (const watch of openWatches()) watch.replay(changes)
    },
    resetConnections() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    freezeCache() {
      const { objects, frozen } = context()
      for (const kind of resourceKinds) {
        frozen.set(kind, { version: objects.version, items: structuredClone(objects.list(kind)) })
      }
    },
    thawCache: () => context().frozen.clear(),
    compact() {
      context().objects.compact()
      context().snapshots.clear()
    },
    expireEvents(olderThanMs) {
      const { objects, nowMs } = context()
      const kind = kindNamed('Event')
      for (const { metadata } of objects.list(kind)) {
        const ageMs = nowMs() - Date.parse(metadata.creationTimestamp ?? '')
        if (ageMs > olderThanMs) objects.remove(kind, metadata.namespace ?? '', metadata.name)
      }
    },
    skipVersions(by) {
      context().objects.version += by
    },
    rewind: (by) => context().objects.rewind(by),
    // Set where the listening server is.
    restart: async () => {},
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** Stops listening and ends all connections. */
function shut(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of sockets) socket.destroy()
  })
}

function kubeconfigOf(
  { url, ca }: { readonly url: string; readonly ca: string | undefined },
  credential: { readonly token: string | undefined } | { readonly tokenFile: string },
): string {
  const user = Object.entries(credential).flatMap(([key, value]) => (value ? [`${key}: "${value}"`] : []))
  const trust = ca ? `, certificate-authority-data: ${Buffer.from(ca).toString('base64')}` : ''
  return `apiVersion: v1
kind: Config
current-context: fake
clusters: [{name: fake, cluster: {server: "${url}"${trust}}}]
users: [{name: fake, user: {${user.join(', ')}}}]
contexts: [{name: fake, context: {cluster: fake, user: fake}}]
`
}
