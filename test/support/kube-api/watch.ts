import type { ServerResponse } from 'node:http'
import { constants, createGzip, type Gzip } from 'node:zlib'
import type { Faults } from './faults.ts'
import type { Change, KubeObject, Objects } from './objects.ts'
import { apiVersionOf, type ResourceKind } from './resources.ts'
import type { Matches } from './selectors.ts'

export interface WatchRequest {
  readonly kind: ResourceKind
  readonly matches: Matches
  readonly since: bigint | undefined
  readonly bookmarks: boolean
  readonly sendInitialEvents: boolean
  readonly timeoutMs: number
  readonly gzip: boolean
  readonly render: (object: KubeObject) => KubeObject
}

export interface OpenWatch {
  readonly kind: ResourceKind
  error(code: number): void
  cut(): void
  close(): void
  silence(): void
}

export interface WatchDeps {
  readonly objects: Objects
  readonly faults: Faults
  readonly bookmarkEveryMs: number
}

/** Serves one watch until it ends; the caller keeps it while it is open. */
export function openWatch(
  { objects, faults, bookmarkEveryMs }: WatchDeps,
  request: WatchRequest,
  response: ServerResponse,
  onEnd: () => void,
): OpenWatch {
  let silent = false
  let ended = false
  const { kind, matches, render } = request
  const out = outlet(response, request.gzip, faults)
  const send = (type: string, object: unknown) => {
    if (!silent && !ended) out.write(`${JSON.stringify({ type, object })}\n`)
  }
  const sendChange = ({ type, object, previous }: Change) => {
    const now = matches(object)
    const before = previous !== undefined && matches(previous)
    if (type === 'DELETED') {
      if (before) send('DELETED', render(object))
    } else if (now) send(before ? 'MODIFIED' : 'ADDED', render(object))
    else if (before) send('DELETED', render(object))
  }
  const bookmark = (annotations: Record<string, string> = {}) =>
    send('BOOKMARK', {
      kind: kind.kind,
      apiVersion: apiVersionOf(kind),
      metadata: { resourceVersion: String(objects.version), annotations },
    })
  const end = () => {
    if (ended) return
    ended = true
    unsubscribe()
    clearInterval(bookmarkTimer)
    clearTimeout(timeout)
    onEnd()
  }
  const close = () => {
    end()
    out.end()
  }

  const unsubscribe = objects.onChange((changed, change) => {
    if (changed === kind) sendChange(change)
  })
  const bookmarkTimer = setInterval(() => {
    if (request.bookmarks && faults.bookmarks) bookmark()
  }, bookmarkEveryMs)
  const timeout = setTimeout(close, request.timeoutMs)
  response.once('close', end)

  if (request.sendInitialEvents) {
    for (const [index, object] of objects.list(kind).filter(matches).entries()) {
      if (index === faults.watchListDiesAfter) {
        close()
        break
      }
      send('ADDED', render(object))
    }
    if (!ended) bookmark({ 'k8s.io/initial-events-end': 'true' })
  } else if (request.since !== undefined)
    for (const change of objects.since(kind, request.since) ?? []) sendChange(change)

  return {
    kind,
    close,
    error(code) {
      send('ERROR', statusObject(code, code === 410 ? 'Expired' : 'InternalError', `fault ${code}`))
      close()
    },
    cut() {
      out.write('{"type":"MODIFIED","object":{"kind":"P')
      end()
      response.destroy()
    },
    silence() {
      silent = true
    },
  }
}

/** Writes lines, gzipped and flushed each, in pieces when a fault asks for it. */
function outlet(response: ServerResponse, gzip: boolean, faults: Faults) {
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  })
  response.flushHeaders()
  const zip: Gzip | undefined = gzip ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : undefined
  zip?.pipe(response)
  const target = zip ?? response
  return {
    write(text: string) {
      const bytes = Buffer.from(text)
      const size = faults.chunkBytes ?? bytes.length
      for (let at = 0; at < bytes.length; at += size) target.write(bytes.subarray(at, at + size))
    },
    end: () => target.end(),
  }
}

export function statusObject(code: number, reason: string, message: string) {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }
}
