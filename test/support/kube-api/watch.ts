import type { ServerResponse } from 'node:http'
import { constants, createGzip, type Gzip } from 'node:zlib'
import { answerFailure, type Failure, statusObject } from './answer.ts'
import type { Context, Exchange } from './context.ts'
import type { Faults } from './faults.ts'
import { rendererOf, tooLarge } from './list.ts'
import type { Change, KubeObject } from './objects.ts'
import { apiVersionOf, type ResourceKind } from './resources.ts'
import { type Matches, selectorOf } from './selectors.ts'
import { isSet, type Target } from './target.ts'

export interface OpenWatch {
  error(code: number): void
  cut(where: 'line' | 'character'): void
  close(): void
  silence(): void
  garble(): void
  replay(changes: number): void
}

interface WatchRequest {
  readonly kind: ResourceKind
  readonly matches: Matches
  /** undefined: from the present, with all objects first. */
  readonly since: bigint | undefined
  readonly bookmarks: boolean
  readonly isWatchList: boolean
  readonly timeoutMs: number
  readonly gzip: boolean
  readonly render: (object: KubeObject) => KubeObject
}

/** Answers a watch request: refuses it, or serves it until it ends. */
export function watch(context: Context, target: Target, { request, response, url }: Exchange): void {
  const { faults, watches } = context
  const parameters = url.searchParams
  const selector = selectorOf(target.kind, parameters)
  if (selector.type === 'unsupported')
    return answerFailure(response, { code: 400, message: selector.message })
  const isWatchList = isSet(parameters, 'sendInitialEvents') && faults.watchList !== 'ignored'
  const version = parameters.get('resourceVersion') ?? ''
  const refusal = refusalOf(context, target.kind, parameters)
  if (refusal?.code === 410 && faults.expiredAs === 'stream') {
    response.writeHead(200, { 'content-type': 'application/json' })
    return void response.end(`${JSON.stringify({ type: 'ERROR', object: statusObject(refusal) })}\n`)
  }
  if (refusal) return answerFailure(response, refusal)
  const open = openWatch(
    context,
    {
      kind: target.kind,
      matches: (object) =>
        (!target.namespace || object.metadata.namespace === target.namespace) && selector.matches(object),
      since:
        isSet(parameters, 'sendInitialEvents') || version === '' || version === '0'
          ? undefined
          : BigInt(version),
      bookmarks: isSet(parameters, 'allowWatchBookmarks'),
      isWatchList,
      timeoutMs: Number(parameters.get('timeoutSeconds') ?? 1800) * 1000,
      gzip: String(request.headers['accept-encoding']).includes('gzip'),
      render: rendererOf(request),
    },
    response,
    () => watches.delete(open),
  )
  watches.add(open)
}

function refusalOf(
  { objects, faults }: Context,
  kind: ResourceKind,
  parameters: URLSearchParams,
): Failure | undefined {
  const version = parameters.get('resourceVersion') ?? ''
  if (!/^\d*$/.test(version)) return { code: 400, message: `invalid version ${version}` }
  if (isSet(parameters, 'sendInitialEvents')) {
    if (!faults.watchList) {
      const message =
        'sendInitialEvents: Forbidden: is forbidden for watch unless the WatchList feature gate is enabled'
      return { code: 422, message }
    }
    if (parameters.get('resourceVersionMatch') !== 'NotOlderThan') {
      const message =
        'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
      return { code: 422, message }
    }
    return undefined
  }
  if (version === '' || version === '0') return undefined
  if (objects.since(kind, BigInt(version)) === undefined) {
    return { code: 410, message: `too old resource version: ${version} (${objects.compactedTo(kind)})` }
  }
  if (BigInt(version) > objects.version && faults.futureWatch === 'refuse') {
    return tooLarge(version, objects.version)
  }
  return undefined
}

function openWatch(
  { objects, faults, lost, bookmarkEveryMs }: Context,
  request: WatchRequest,
  response: ServerResponse,
  onEnd: () => void,
): OpenWatch {
  let silent = false
  let ended = false
  const { kind, since = 0n } = request
  const out = outlet(response, request.gzip, faults)
  const send = (type: string, object: unknown) => {
    if (silent || ended) return
    const line = `${JSON.stringify({ type, object })}\n`
    out.write(faults.duplicateEvents && type !== 'BOOKMARK' ? line + line : line)
  }
  const sendChange = (change: Change, resumed = false) => {
    const seen = change.version > since ? eventOf(change, request.matches) : undefined
    if (!seen) return
    const type = resumed && faults.modifiedFirst && seen.type === 'ADDED' ? 'MODIFIED' : seen.type
    send(type, request.render(seen.object))
  }
  const bookmark = (annotations?: Record<string, string>) =>
    send('BOOKMARK', {
      kind: kind.kind,
      apiVersion: apiVersionOf(kind),
      metadata: { resourceVersion: String(objects.version), ...(annotations ? { annotations } : {}) },
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
    if (request.bookmarks && faults.bookmarks) bookmark()
    end()
    out.end()
  }
  /** The same for all watches, which are told one after the other. */
  const isLost = (change: Change) => {
    if (faults.loseChanges > 0 && !lost.has(change)) {
      faults.loseChanges--
      lost.add(change)
    }
    return lost.has(change)
  }
  const unsubscribe = objects.onChange((changed, change) => {
    if (changed === kind && !isLost(change)) sendChange(change)
  })
  const bookmarkTimer = setInterval(() => {
    if (request.bookmarks && faults.bookmarks === true) bookmark()
  }, bookmarkEveryMs)
  const timeout = setTimeout(close, request.timeoutMs)
  response.once('close', end)

  if (request.since === undefined) sendInitial()
  else for (const change of objects.since(kind, since) ?? []) sendChange(change, true)

  function sendInitial(): void {
    for (const [index, object] of objects.list(kind).filter(request.matches).entries()) {
      if (request.isWatchList && index === faults.watchListDiesAfter) {
        end()
        return void response.destroy()
      }
      send('ADDED', request.render(object))
    }
    if (request.isWatchList && request.bookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' })
  }

  return {
    close,
    error(code) {
      send('ERROR', statusObject({ code, message: `fault ${code}` }))
      end()
      out.end()
    },
    cut(where) {
      const part = Buffer.from('{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":"è')
      out.write(where === 'character' ? part.subarray(0, -1) : part.subarray(0, 40))
      end()
      out.flush(() => response.destroy())
    },
    garble: () => out.write('{"type":"MODIFIED",}\n'),
    silence() {
      silent = true
    },
    replay(changes) {
      for (const change of objects.lastChanges(kind, changes)) sendChange(change)
    },
  }
}

/** What a watch with a selector sees of a change: an object that no longer matches is gone for it, in its last shape. */
function eventOf(
  { type, object, previous }: Change,
  matches: Matches,
): { readonly type: Change['type']; readonly object: KubeObject } | undefined {
  const before = previous !== undefined && matches(previous)
  const now = type !== 'DELETED' && matches(object)
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object }
  if (!before || previous === undefined) return undefined
  const { resourceVersion } = object.metadata
  const metadata = { ...previous.metadata, ...(resourceVersion ? { resourceVersion } : {}) }
  return { type: 'DELETED', object: { ...previous, metadata } }
}

/** Writes lines, gzipped and flushed each, in pieces when a fault asks for it. */
function outlet(response: ServerResponse, gzip: boolean, faults: Faults) {
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  })
  response.flushHeaders()
  const zip: Gzip | undefined = gzip ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : undefined
  zip?.on('error', () => {})
  zip?.pipe(response)
  const target = zip ?? response
  return {
    write(data: string | Buffer) {
      const bytes = Buffer.from(data)
      const size = faults.chunkBytes ?? bytes.length
      for (let at = 0; at < bytes.length; at += size) target.write(bytes.subarray(at, at + size))
    },
    /** Calls back when what was written has left. */
    flush(done: () => void) {
      if (zip) zip.flush(() => setImmediate(done))
      else setImmediate(done)
    },
    end: () => target.end(),
  }
}
