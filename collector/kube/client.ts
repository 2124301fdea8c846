import { createGunzip, constants as zlib } from 'node:zlib'
import { Agent, type Dispatcher, ProxyAgent, request as send } from 'undici'
import type { JsonObject, KubeApi, KubeError, ListPage, PodLogApi, WatchItem } from '../record/kube-api.ts'
import type { Log } from '../std/log.ts'
import type { KubeAccess } from './access.ts'
import { networkError, statusError } from './kube-error.ts'
import { splitLines } from './lines.ts'
import { createListReader } from './list-items.ts'
import { withoutManagedFields } from './managed-fields.ts'
import { acceptHeader, listPath, podLogPath, watchPath } from './paths.ts'

/**
 * Requests to the Kubernetes API, for the agent and the webhook. The official client serves for kubeconfigs only: it ends each watch after 30 s
 * and asks for no bookmarks.
 *
 * Limits: an event or list item of `itemBytesMax`, the body of a single object of `bodyBytesMax`, deadlines per list page,
 * per get and until a watch answers. A list may take long as long as it moves: a cache answers with all in one body. A watch
 * has no deadline of its own here: its user watches for silence.
 */
export interface KubeClient extends KubeApi, PodLogApi {
  readonly server: string
  /** What belongs to us alone: the agent's Lease, the webhook's certificate. A PATCH with a list as body is a JSON patch, else a merge patch. */
  write(
    request: Sent & { readonly path: string },
    signal: AbortSignal,
  ): Promise<{ readonly type: 'object'; readonly object: JsonObject } | KubeError>
  /** How far the API server's clock is ahead of ours, to the second; 0 when they agree as clocks that are set do. */
  clockAheadMs(): number
  close(): Promise<void>
}

export interface KubeClientConfig {
  readonly listTimeoutMs?: number
  /** Between two chunks of a list. */
  readonly listSilenceMsMax?: number
  readonly getTimeoutMs?: number
  readonly headersTimeoutMs?: number
  readonly itemBytesMax?: number
  readonly bodyBytesMax?: number
  /** As the API server's audit log has it. */
  readonly userAgent?: string
}

/** Clocks that are set differ by less, also by the time that an answer takes. */
const clockToleranceMs = 5_000
const clockStepMs = 3_000

interface Sent {
  readonly method: 'POST' | 'PUT' | 'PATCH'
  readonly body: JsonObject | readonly JsonObject[]
}

interface Answer {
  readonly type: 'answer'
  readonly body: AsyncIterable<Uint8Array>
}

export function createKubeClient(
  { access, log }: { access: KubeAccess; log: Log },
  {
    listTimeoutMs = 600_000,
    listSilenceMsMax = 30_000,
    getTimeoutMs = 30_000,
    headersTimeoutMs = 60_000,
    itemBytesMax = 16 * 1024 ** 2,
    bodyBytesMax = 64 * 1024 ** 2,
    userAgent = 'binnacle-agent',
  }: KubeClientConfig = {},
): KubeClient {
  const connect = { ...access.tls, keepAlive: true, keepAliveInitialDelay: 30_000 }
  const options = { headersTimeout: headersTimeoutMs, pipelining: 1 }
  const dispatcher: Dispatcher = access.proxyUrl
    ? new ProxyAgent({ ...options, uri: access.proxyUrl, requestTls: connect })
    : new Agent({ ...options, connect })
  let aheadMs = 0
  const base = access.server.replace(/\/+$/, '')

  async function ask(
    path: string,
    {
      accept,
      signal,
      silenceMsMax = 0,
      gzip = true,
      sent,
    }: { accept: string; signal: AbortSignal; silenceMsMax?: number; gzip?: boolean; sent?: Sent },
  ): Promise<Answer | KubeError> {
    for (const refresh of [false, true]) {
      try {
        const headers = await access.headers({ refresh })
        const answer = await send(base + path, {
          dispatcher,
          signal,
          bodyTimeout: silenceMsMax,
          headers: {
            ...headers,
            accept,
            ...(gzip ? { 'accept-encoding': 'gzip' } : {}),
            'user-agent': userAgent,
            ...(sent ? { 'content-type': contentTypeOf(sent) } : {}),
          },
          ...(sent ? { method: sent.method, body: JSON.stringify(sent.body) } : {}),
        })
        noteTime(answer.headers['date'])
        const body = unzipped(answer)
        if (answer.statusCode === 200 || answer.statusCode === 201) return { type: 'answer', body }
        const error = await readError(answer, body)
        if (answer.statusCode !== 401 || refresh) return error
        log.debug({ path }, 'unauthorized: reading the credentials again')
      } catch (error) {
        return networkError(error)
      }
    }
    return networkError('BUG: unreachable')
  }

  function noteTime(date: string | string[] | undefined): void {
    const serverMs = typeof date === 'string' ? Date.parse(date) : Number.NaN
    if (!Number.isFinite(serverMs)) return
    // The header names the second that has begun: one answer says it to half a second, and time must not jump with each.
    const difference = serverMs + 500 - Date.now()
    if (Math.abs(difference - aheadMs) < clockStepMs) return
    aheadMs = Math.abs(difference) < clockToleranceMs ? 0 : difference
  }

  async function readError(
    answer: Dispatcher.ResponseData,
    body: AsyncIterable<Uint8Array>,
  ): Promise<KubeError> {
    const retryAfter = answer.headers['retry-after']
    const text = await readText(body, 65_536).catch(() => '')
    return statusError(answer.statusCode, tryParse(text) ?? { message: text }, retryAfter?.toString())
  }

  async function readObject(
    answer: Answer | KubeError,
  ): Promise<{ readonly type: 'object'; readonly object: JsonObject } | KubeError> {
    if (answer.type === 'error') return answer
    try {
      const object = tryParse(await readText(answer.body, bodyBytesMax))
      return object
        ? { type: 'object', object }
        : networkError('cannot read the answer: it is no JSON object')
    } catch (error) {
      return networkError(error)
    }
  }

  return {
    server: base,
    async list(request, onItem): Promise<ListPage | KubeError> {
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(listTimeoutMs)])
      const answer = await ask(listPath(request), {
        accept: acceptHeader(request.resource, 'list'),
        signal,
        silenceMsMax: listSilenceMsMax,
      })
      if (answer.type === 'error') return answer
      try {
        const reader = createListReader(onItem, itemBytesMax)
        for await (const chunk of answer.body) reader.push(chunk)
        return pageOf(reader.end())
      } catch (error) {
        return networkError(error)
      }
    },
    async *watch(request): AsyncGenerator<WatchItem> {
      const accept = acceptHeader(request.resource, 'watch')
      // API servers do not compress watches; a proxy that did would cost a decompressor for each.
      const answer = await ask(watchPath(request), { accept, signal: request.signal, gzip: false })
      if (answer.type === 'error') {
        yield { type: 'failed', error: answer }
        return
      }
      try {
        for await (const line of splitLines(answer.body, itemBytesMax)) {
          const item = readWatchLine(line)
          yield item
          if (item.type === 'failed') return
        }
      } catch (error) {
        yield { type: 'failed', error: networkError(error) }
      }
    },
    async get(path, signal) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(getTimeoutMs)])
      return readObject(await ask(path, { accept: 'application/json', signal: limited }))
    },
    async write({ path, ...sent }, signal) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(getTimeoutMs)])
      return readObject(await ask(path, { accept: 'application/json', signal: limited, sent }))
    },
    clockAheadMs: () => aheadMs,
    async podLog(request, signal) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(getTimeoutMs)])
      const answer = await ask(podLogPath(request), {
        accept: 'text/plain, application/json',
        signal: limited,
      })
      if (answer.type === 'error') return answer
      try {
        return { type: 'text', text: await readText(answer.body, request.limitBytes + 65_536) }
      } catch (error) {
        return networkError(error)
      }
    },
    close: () => dispatcher.destroy(),
  }
}

function contentTypeOf({ method, body }: Sent): string {
  if (method !== 'PATCH') return 'application/json'
  return Array.isArray(body) ? 'application/json-patch+json' : 'application/merge-patch+json'
}

function readWatchLine(line: string): WatchItem {
  const event = tryParse(withoutManagedFields(line))
  const object = event?.['object']
  const kind = event?.['type']
  if (typeof object !== 'object' || object === null) {
    return {
      type: 'failed',
      error: networkError(`cannot read the watch event ${line.slice(0, 100)}: it is no event`),
    }
  }
  switch (kind) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type: 'event', kind, object: object as JsonObject }
    case 'ERROR':
      return { type: 'failed', error: statusError(500, object as JsonObject) }
    default:
      return {
        type: 'failed',
        error: networkError(`cannot read the watch event ${String(kind)}: unknown type`),
      }
  }
}

function pageOf(envelope: JsonObject): ListPage {
  const metadata = (envelope['metadata'] ?? {}) as {
    resourceVersion?: unknown
    continue?: unknown
    remainingItemCount?: unknown
  }
  const remaining = metadata.remainingItemCount
  return {
    type: 'page',
    resourceVersion: String(metadata.resourceVersion ?? ''),
    continueToken: String(metadata.continue ?? ''),
    ...(typeof remaining === 'number' ? { remainingItems: remaining } : {}),
  }
}

function unzipped(answer: Dispatcher.ResponseData): AsyncIterable<Uint8Array> {
  if (answer.headers['content-encoding'] !== 'gzip') return answer.body
  // Z_SYNC_FLUSH as finishFlush: a cut watch stream must yield what arrived; a cut list is noticed by its JSON.
  const gunzip = createGunzip({ finishFlush: zlib.Z_SYNC_FLUSH })
  answer.body.on('error', (error) => gunzip.destroy(error))
  gunzip.on('close', () => answer.body.destroy())
  return answer.body.pipe(gunzip)
}

async function readText(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > bytesMax) throw new Error(`cannot read the answer: it is longer than ${bytesMax} bytes`)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function tryParse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined
  } catch {
    return undefined
  }
}
