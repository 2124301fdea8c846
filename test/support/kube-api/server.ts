import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { ActiveFailure, Faults } from './faults.ts'
import { type KubeObject, mergePatch, Objects } from './objects.ts'
import { apiVersionOf, kindNamed, type ResourceKind, resourceKinds } from './resources.ts'
import { selectorOf } from './selectors.ts'
import { partialMetadata } from './table.ts'
import { type OpenWatch, openWatch, statusObject } from './watch.ts'

/**
 * A Kubernetes API server of our own for tests and the demo: list, watch and write over HTTP with the semantics that
 * clients rely on (resource versions, paging on a snapshot, bookmarks, watch-list, 410, selectors, merge patches), and
 * faults that can be switched on. It has no controllers: whoever uses it plays them through `create`, `update` and `remove`.
 */
export interface FakeKubeApi {
  readonly url: string
  /** A kubeconfig as YAML text. */
  kubeconfig(): string
  create(kind: string, object: KubeObject): KubeObject
  /** Merges a patch into an object that is there. */
  patch(
    kind: string,
    where: { readonly namespace?: string; readonly name: string },
    patch: object,
  ): KubeObject
  remove(kind: string, where: { readonly namespace?: string; readonly name: string }): void
  get(kind: string, where: { readonly namespace?: string; readonly name: string }): KubeObject | undefined
  list(kind: string, namespace?: string): KubeObject[]
  readonly faults: Faults
  /** Requests by method and path, newest last, for tests. */
  readonly requests: readonly string[]
  /** Usage for metrics.k8s.io: cores and bytes by container; absent: the metrics API answers 404. */
  usage: ((pod: KubeObject) => readonly UsageOfContainer[]) | undefined
  close(): Promise<void>
}

export interface UsageOfContainer {
  readonly name: string
  readonly cpuNanocores: number
  readonly memoryBytes: number
}

export interface FakeKubeApiConfig {
  readonly port?: number
  readonly nowMs?: () => number
  readonly historyMax?: number
  readonly firstVersion?: bigint
  readonly bookmarkEveryMs?: number
}

const requestsKept = 10_000

export async function startFakeKubeApi(config: FakeKubeApiConfig = {}): Promise<FakeKubeApi> {
  const nowMs = config.nowMs ?? Date.now
  const objects = new Objects({
    nowMs,
    historyMax: config.historyMax ?? 20_000,
    firstVersion: config.firstVersion ?? 1000n,
  })
  const watches = new Set<OpenWatch>()
  const sockets = new Set<Socket>()
  const failures: ActiveFailure[] = []
  const requests: string[] = []
  const each = (act: (watch: OpenWatch) => void) => {
    for (const watch of [...watches]) act(watch)
  }
  const faults: Faults = {
    fail: ({ match, status, times = Number.POSITIVE_INFINITY, retryAfterSeconds }) =>
      void failures.push({ match, status, times, retryAfterSeconds }),
    heal: () => void failures.splice(0),
    bookmarks: true,
    watchList: true,
    watchListDiesAfter: undefined,
    chunkBytes: undefined,
    errorOnWatches: (code) => each((watch) => watch.error(code)),
    cutWatches: () => each((watch) => watch.cut()),
    closeWatches: () => each((watch) => watch.close()),
    silenceWatches: () => each((watch) => watch.silence()),
    resetConnections: () => {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    compact: () => objects.compact(),
    rewind: (by) => {
      objects.version -= by
      objects.compact()
    },
    token: undefined,
  }
  const api: { usage: FakeKubeApi['usage'] } = { usage: undefined }
  const context: Context = {
    objects,
    faults,
    failures,
    watches,
    snapshots: new Map(),
    usage: (pod) => api.usage?.(pod),
    nowMs,
    bookmarkEveryMs: config.bookmarkEveryMs ?? 5_000,
  }
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (requests.length > requestsKept) requests.shift()
    void serve(context, request, response).catch((error: unknown) =>
      fail(response, 500, 'InternalError', String(error)),
    )
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const url = `http://127.0.0.1:${await listen(server, config.port ?? 0)}`
  const where = (kind: ResourceKind, { namespace = 'default', name }: { namespace?: string; name: string }) =>
    [kind, kind.namespaced ? namespace : '', name] as const

  return {
    url,
    faults,
    requests,
    get usage() {
      return api.usage
    },
    set usage(read) {
      api.usage = read
    },
    kubeconfig: () => kubeconfigOf(url, faults.token),
    create: (kind, object) => objects.create(kindNamed(kind), object),
    patch(kindName, at, patch) {
      const kind = kindNamed(kindName)
      const current = objects.get(...where(kind, at))
      if (!current) throw new Error(`no ${kindName} ${at.name}`)
      return objects.replace(kind, mergePatch(current, patch) as KubeObject)
    },
    remove(kindName, at) {
      objects.remove(...where(kindNamed(kindName), at))
    },
    get: (kindName, at) => objects.get(...where(kindNamed(kindName), at)),
    list: (kindName, namespace) =>
      objects
        .list(kindNamed(kindName))
        .filter(({ metadata }) => !namespace || metadata.namespace === namespace),
    close: () =>
      new Promise((resolve) => {
        each((watch) => watch.close())
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Context {
  readonly objects: Objects
  readonly faults: Faults
  readonly failures: ActiveFailure[]
  readonly watches: Set<OpenWatch>
  /** What a continue token goes on with. */
  readonly snapshots: Map<string, { readonly items: KubeObject[]; readonly version: bigint }>
  readonly usage: (pod: KubeObject) => readonly UsageOfContainer[] | undefined
  readonly nowMs: () => number
  readonly bookmarkEveryMs: number
}

async function serve(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const { faults, failures } = context
  if (faults.token !== undefined && request.headers.authorization !== `Bearer ${faults.token}`) {
    return fail(response, 401, 'Unauthorized', 'Unauthorized')
  }
  const failure = failures.find(
    ({ match, times }) => times > 0 && match.test(`${request.method} ${request.url}`),
  )
  if (failure) {
    failure.times--
    if (failure.retryAfterSeconds !== undefined)
      response.setHeader('retry-after', String(failure.retryAfterSeconds))
    return fail(
      response,
      failure.status,
      reasons[failure.status] ?? 'InternalError',
      `fault ${failure.status}`,
    )
  }
  if (url.pathname === '/version')
    return json(request, response, 200, { major: '1', minor: '34', gitVersion: 'v1.34.0' })
  if (['/readyz', '/livez', '/healthz'].includes(url.pathname)) return void response.end('ok')
  if (url.pathname.startsWith('/apis/metrics.k8s.io/v1beta1')) return metrics(context, url, request, response)
  if (url.pathname === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') {
    return json(request, response, 201, { kind: 'SelfSubjectAccessReview', status: { allowed: true } })
  }
  const target = targetOf(url.pathname)
  if (!target) return fail(response, 404, 'NotFound', 'the server could not find the requested resource')
  if (request.method === 'GET') {
    if (target.name !== undefined) return getOne(context, target, request, response)
    if (['1', 'true'].includes(url.searchParams.get('watch') ?? ''))
      return watch(context, target, url, request, response)
    return list(context, target, url, request, response)
  }
  return write(context, target, request, response)
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

interface Target {
  readonly kind: ResourceKind
  /** '' for all namespaces or a cluster-scoped kind. */
  readonly namespace: string
  readonly name: string | undefined
}

function targetOf(path: string): Target | undefined {
  const match =
    /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/status)?$/.exec(
      path,
    )
  if (!match) return namespaceTarget(path)
  const [, core, group = '', version = core, namespace = '', plural, name] = match
  const kind = resourceKinds.find(
    (one) => one.group === group && one.version === (core ?? version) && one.plural === plural,
  )
  if (!kind) return namespaceTarget(path)
  return {
    kind,
    namespace: decodeURIComponent(namespace),
    name: name === undefined ? undefined : decodeURIComponent(name),
  }
}

/** `/api/v1/namespaces/NAME` looks like the start of a namespaced path. */
function namespaceTarget(path: string): Target | undefined {
  const name = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path)?.[1]
  return name === undefined
    ? undefined
    : { kind: kindNamed('Namespace'), namespace: '', name: decodeURIComponent(name) }
}

function rendererOf(request: IncomingMessage): (object: KubeObject) => KubeObject {
  return String(request.headers.accept).includes('as=PartialObjectMetadata')
    ? partialMetadata
    : (object) => object
}

function getOne(
  { objects }: Context,
  target: Target,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const object = objects.get(target.kind, target.namespace, target.name ?? '')
  if (object) json(request, response, 200, rendererOf(request)(object))
  else fail(response, 404, 'NotFound', `${target.kind.plural} "${target.name}" not found`)
}

function list(
  context: Context,
  { kind, namespace }: Target,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { objects, snapshots } = context
  const token = url.searchParams.get('continue')
  const limit = Number(url.searchParams.get('limit') ?? 0) || Number.POSITIVE_INFINITY
  const matches = selectorOf(url.searchParams)
  const snapshot = token
    ? snapshots.get(token)
    : {
        version: objects.version,
        items: objects
          .list(kind)
          .filter((object) => (!namespace || object.metadata.namespace === namespace) && matches(object)),
      }
  if (token && (!snapshot || snapshot.version < objects.compactedTo)) {
    return fail(response, 410, 'Expired', 'The provided continue parameter is too old')
  }
  if (!snapshot) return
  if (token) snapshots.delete(token)
  const page = snapshot.items.slice(0, limit)
  const rest = snapshot.items.slice(page.length)
  const next = rest.length > 0 ? `c${objects.version}-${Math.random().toString(36).slice(2)}` : ''
  if (next) snapshots.set(next, { items: rest, version: snapshot.version })
  json(request, response, 200, {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: {
      resourceVersion: String(snapshot.version),
      ...(next ? { continue: next, remainingItemCount: rest.length } : {}),
    },
    items: page.map(rendererOf(request)),
  })
}

function watch(
  context: Context,
  target: Target,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { objects, faults, watches, bookmarkEveryMs } = context
  const flag = (name: string) => ['1', 'true'].includes(url.searchParams.get(name) ?? '')
  const version = url.searchParams.get('resourceVersion') ?? ''
  const sendInitialEvents = flag('sendInitialEvents')
  if (sendInitialEvents && !faults.watchList) {
    return fail(
      response,
      400,
      'BadRequest',
      'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    )
  }
  const since = version === '' || version === '0' ? undefined : BigInt(version)
  if (since !== undefined && !sendInitialEvents) {
    if (objects.since(target.kind, since) === undefined)
      return fail(response, 410, 'Expired', `too old resource version: ${version}`)
    if (since > objects.version)
      return fail(response, 504, 'Timeout', `Too large resource version: ${version}`)
  }
  const selected = selectorOf(url.searchParams)
  const open = openWatch(
    { objects, faults, bookmarkEveryMs },
    {
      kind: target.kind,
      matches: (object) =>
        (!target.namespace || object.metadata.namespace === target.namespace) && selected(object),
      since,
      bookmarks: flag('allowWatchBookmarks'),
      sendInitialEvents: sendInitialEvents || since === undefined,
      timeoutMs: Number(url.searchParams.get('timeoutSeconds') ?? 1800) * 1000,
      gzip: String(request.headers['accept-encoding']).includes('gzip'),
      render: rendererOf(request),
    },
    response,
    () => watches.delete(open),
  )
  watches.add(open)
}

async function write(
  { objects }: Context,
  { kind, namespace, name }: Target,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request)
  const current = name === undefined ? undefined : objects.get(kind, namespace, name)
  if (request.method === 'POST' && name === undefined && body) {
    const at = body.metadata.namespace ?? namespace
    if (objects.get(kind, at, body.metadata.name))
      return fail(response, 409, 'AlreadyExists', `${kind.plural} "${body.metadata.name}" already exists`)
    return json(
      request,
      response,
      201,
      objects.create(kind, {
        ...body,
        metadata: { ...body.metadata, ...(kind.namespaced ? { namespace: at } : {}) },
      }),
    )
  }
  if (!current) return fail(response, 404, 'NotFound', `${kind.plural} "${name}" not found`)
  switch (request.method) {
    case 'PUT':
    case 'PATCH': {
      const wanted = body?.metadata?.resourceVersion
      if (wanted !== undefined && wanted !== current.metadata.resourceVersion) {
        return fail(
          response,
          409,
          'Conflict',
          'the object has been modified; please apply your changes to the latest version',
        )
      }
      const next = request.method === 'PUT' && body ? body : (mergePatch(current, body) as KubeObject)
      return json(request, response, 200, objects.replace(kind, next))
    }
    case 'DELETE':
      return json(request, response, 200, objects.remove(kind, namespace, name ?? ''))
    default:
      return fail(
        response,
        405,
        'MethodNotAllowed',
        'the server does not allow this method on the requested resource',
      )
  }
}

function metrics(
  { objects, usage, nowMs }: Context,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const match = /^\/apis\/metrics\.k8s\.io\/v1beta1(?:\/namespaces\/([^/]+))?\/pods$/.exec(url.pathname)
  const pods = objects
    .list(kindNamed('Pod'))
    .filter(({ metadata }) => !match?.[1] || metadata.namespace === match[1])
  const items = pods.flatMap((pod) => {
    const containers = usage(pod)
    if (!containers) return []
    return [
      {
        metadata: { name: pod.metadata.name, namespace: pod.metadata.namespace, labels: pod.metadata.labels },
        timestamp: new Date(nowMs()).toISOString(),
        window: '15s',
        containers: containers.map(({ name, cpuNanocores, memoryBytes }) => ({
          name,
          usage: { cpu: `${Math.round(cpuNanocores)}n`, memory: `${Math.round(memoryBytes / 1024)}Ki` },
        })),
      },
    ]
  })
  if (!match || (items.length === 0 && pods.length > 0)) {
    return fail(response, 404, 'NotFound', 'the server could not find the requested resource')
  }
  json(request, response, 200, {
    kind: 'PodMetricsList',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: {},
    items,
  })
}

function json(request: IncomingMessage, response: ServerResponse, status: number, value: unknown): void {
  const bytes = Buffer.from(JSON.stringify(value))
  const gzip = String(request.headers['accept-encoding']).includes('gzip') && bytes.length > 1024
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  })
  response.end(gzip ? gzipSync(bytes) : bytes)
}

function fail(response: ServerResponse, code: number, reason: string, message: string): void {
  if (response.headersSent) return void response.destroy()
  response
    .writeHead(code, { 'content-type': 'application/json' })
    .end(JSON.stringify(statusObject(code, reason, message)))
}

async function bodyOf(request: IncomingMessage): Promise<KubeObject | undefined> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as KubeObject)
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function kubeconfigOf(url: string, token: string | undefined): string {
  return `apiVersion: v1
kind: Config
current-context: fake
clusters: [{name: fake, cluster: {server: "${url}"}}]
users: [{name: fake, user: {${token ? `token: "${token}"` : ''}}}]
contexts: [{name: fake, context: {cluster: fake, user: fake}}]
`
}
