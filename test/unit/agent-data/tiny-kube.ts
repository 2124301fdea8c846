import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'

type Meta = Record<string, unknown> & { name: string; namespace?: string }
interface KubeObject {
  readonly metadata: Meta
  readonly [key: string]: unknown
}

/** Just enough of an API server for the agent as a whole: list and watch, no faults. test/support/kube-api has the real semantics. */
export interface TinyKube {
  readonly url: string
  put(plural: string, object: KubeObject): void
  remove(plural: string, name: string, namespace?: string): void
  writeKubeconfig(path: string): void
  close(): Promise<void>
}

interface Change {
  readonly version: number
  readonly plural: string
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubeObject
}

export async function startTinyKube(): Promise<TinyKube> {
  const objects = new Map<string, { readonly plural: string; readonly object: KubeObject }>()
  const log: Change[] = []
  const watchers = new Set<(change: Change) => void>()
  let version = 100

  function record(plural: string, type: Change['type'], object: KubeObject): void {
    const change = {
      version: ++version,
      plural,
      type,
      object: { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } },
    }
    const key = `${plural}/${object.metadata.namespace ?? ''}/${object.metadata.name}`
    if (type === 'DELETED') objects.delete(key)
    else objects.set(key, { plural, object: change.object })
    log.push(change)
    for (const watcher of watchers) watcher(change)
  }

  const path = /^\/(?:api|apis\/[^/]+)\/v1(?:\/namespaces\/([^/]+))?\/([^/]+)$/

  function answer(request: IncomingMessage, response: ServerResponse): unknown {
    const url = new URL(request.url ?? '', 'http://kube')
    const single = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(url.pathname)
    const match = path.exec(url.pathname)
    if (single) {
      const found = objects.get(`namespaces//${single[1]}`)
      return send(response, found ? 200 : 404, found?.object ?? { kind: 'Status', code: 404 })
    }
    if (!match) return send(response, 404, { kind: 'Status', code: 404, message: 'not found' })
    const [, namespace, plural = ''] = match
    const matches = (one: { plural: string; object: KubeObject }) =>
      one.plural === plural && (namespace === undefined || one.object.metadata.namespace === namespace)
    if (url.searchParams.has('sendInitialEvents'))
      return send(response, 422, {
        kind: 'Status',
        code: 422,
        reason: 'Invalid',
        message: 'no watch-list here',
      })
    if (!url.searchParams.has('watch')) {
      const items = [...objects.values()].filter(matches).map(({ object }) => object)
      return send(response, 200, { kind: 'List', metadata: { resourceVersion: String(version) }, items })
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    const since = Number(url.searchParams.get('resourceVersion') ?? version)
    const tell = (change: Change) => {
      if (change.version > since && matches(change))
        response.write(`${JSON.stringify({ type: change.type, object: change.object })}\n`)
    }
    for (const change of log) tell(change)
    watchers.add(tell)
    return response.on('close', () => watchers.delete(tell))
  }

  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    put(plural, object) {
      const known = objects.has(`${plural}/${object.metadata.namespace ?? ''}/${object.metadata.name}`)
      record(plural, known ? 'MODIFIED' : 'ADDED', object)
    },
    remove(plural, name, namespace = '') {
      const found = objects.get(`${plural}/${namespace}/${name}`)
      if (found) record(plural, 'DELETED', found.object)
    },
    writeKubeconfig(file) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(
        file,
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          'current-context': 'tiny',
          clusters: [{ name: 'tiny', cluster: { server: url } }],
          users: [{ name: 'tiny', user: { token: 'token' } }],
          contexts: [{ name: 'tiny', context: { cluster: 'tiny', user: 'tiny' } }],
        }),
      )
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
