import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendError, sendResult, sendText } from './answer.ts'
import type { Engine, EngineResult } from './engine.ts'
import type { Lanes } from './lanes.ts'
import { type PrepareDeps, type Prepared, prepare } from './prepare.ts'
import { type Parameters, Refusal, readParameters } from './protocol.ts'

export interface HandlerDeps extends PrepareDeps {
  readonly engine: Engine
  readonly lanes: Lanes<Prepared['lane']>
}

export interface Handler {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Ends what only reads and refuses what comes; what writes goes on to its end. */
  stop(): void
}

/** Answers requests of ClickHouse's HTTP protocol. */
export function createHandler(deps: HandlerDeps): Handler {
  const cancels = new Set<() => void>()
  let stopping = false
  return {
    async handle(request, response) {
      try {
        if (stopping) throw new Refusal(503, 236, 'The embedded engine is shutting down. (ABORTED)')
        refuseForeignPages(request)
        const url = new URL(request.url ?? '/', 'http://localhost')
        if (isPing(request, url)) return sendText(response, 200, 'Ok.\n')
        if (url.pathname !== '/') throw new Refusal(404, 1000, `There is no handle ${url.pathname}`)
        await answer(deps, cancels, { request, response, parameters: readParameters(url, request.headers) })
      } catch (error) {
        sendError(response, error)
      }
    },
    stop() {
      stopping = true
      for (const cancel of cancels) cancel()
    },
  }
}

function isPing({ method }: IncomingMessage, url: URL): boolean {
  if (method !== 'GET' && method !== 'POST' && method !== 'HEAD')
    throw new Refusal(501, 48, `Method ${method} is not supported. (NOT_IMPLEMENTED)`)
  if (url.pathname === '/ping' || url.pathname === '/replicas_status') return true
  return method !== 'POST' && url.pathname === '/' && !url.searchParams.has('query')
}

const loopbackHost = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/i

/** There is no password, so a page in the user's browser must not reach the database: neither cross-site nor by rebinding. */
function refuseForeignPages({ headers }: IncomingMessage): void {
  const origin = headers.origin?.replace(/^https?:\/\//, '')
  if (!loopbackHost.test(headers.host ?? '') || (origin !== undefined && !loopbackHost.test(origin))) {
    throw new Refusal(403, 497, 'Only requests from this machine are answered. (ACCESS_DENIED)')
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly parameters: Parameters
}

async function answer(deps: HandlerDeps, cancels: Set<() => void>, exchange: Exchange): Promise<void> {
  const startedAt = performance.now()
  const prepared = await prepare(deps, exchange.request, exchange.parameters)
  try {
    // As on a server, GET is for reading.
    if (exchange.request.method !== 'POST' && prepared.lane !== 'read')
      throw new Refusal(500, 164, 'Cannot execute query in readonly mode: use POST. (READONLY)')
    const result = await execute(deps, cancels, prepared, exchange)
    const elapsedNs = Math.round((performance.now() - startedAt) * 1e6)
    if (!exchange.response.destroyed) await sendResult({ ...exchange, prepared, result, elapsedNs })
  } finally {
    await prepared.remove()
  }
}

/** How often a cancelled statement that has not ended is ended again: it may not have begun at the first time. */
const killAgainMs = 200

async function execute(
  { engine, lanes }: HandlerDeps,
  cancels: Set<() => void>,
  prepared: Prepared,
  { response, parameters }: Exchange,
): Promise<EngineResult> {
  const marker = `binnacle:${randomUUID()}`
  let state: 'waiting' | 'running' | 'over' = 'waiting'
  let cancelled = false
  const kill = () => {
    if (state !== 'running') return
    void engine.kill(marker).catch(() => {})
    setTimeout(kill, killAgainMs).unref()
  }
  const cancel = () => {
    if (cancelled || (state === 'running' && prepared.lane !== 'read')) return
    cancelled = true
    kill()
  }
  const work = lanes.use(prepared.lane, () => {
    if (cancelled) throw new Refusal(499, 394, 'The client closed the connection. (QUERY_WAS_CANCELLED)')
    state = 'running'
    return engine.run({
      sql: prepared.sql,
      database: parameters.database,
      format: prepared.format,
      marker,
      settings: parameters.settings,
      parameters: parameters.queryParameters,
    })
  })
  if (!work) {
    const text = `Too many simultaneous queries: the queue of lane ${prepared.lane} is full. (TOO_MANY_SIMULTANEOUS_QUERIES)`
    throw new Refusal(503, 202, text)
  }
  cancels.add(cancel)
  response.once('close', cancel)
  return work.finally(() => {
    state = 'over'
    cancels.delete(cancel)
    response.off('close', cancel)
  })
}
