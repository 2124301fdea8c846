import { once } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Mutation } from '@binnacle/instrumentation/webhook/mutate'
import type { Clock } from '../std/clock.ts'
import { listenError } from '../std/listen-error.ts'
import type { KeyPair } from './certificates/issue.ts'
import type { WebhookLedger } from './metrics.ts'

/**
 * What API servers call: POST /mutate over TLS. Whatever goes wrong here, pods are created: the webhook configuration ignores
 * failures. So a request that does not fit is refused at once and never waits.
 *
 * Limits: `bodyBytesMax` of a request (413), `requestsMax` at once (503), `readMsMax` for reading one, connections.
 */
export interface InjectionServer {
  readonly port: number
  /** Connections from now on get this certificate. */
  setCertificate(pair: KeyPair): void
  /** What is under way is answered. */
  close(): Promise<void>
}

export interface ServerConfig {
  readonly host: string
  readonly port: number
  readonly bodyBytesMax: number
  readonly requestsMax: number
}

/** API servers wait for 3 s. */
const readMsMax = 3_000
const connectionsMax = 1_000
/** Longer than API servers keep connections that are idle, 90 s: so it is they who close. */
const idleMs = 100_000

export interface InFlight {
  count: number
}

export async function startServer(
  {
    mutate,
    ledger,
    clock,
    inFlight,
    onOutcome,
  }: {
    readonly mutate: (review: unknown) => Mutation
    readonly ledger: WebhookLedger
    readonly clock: Clock
    readonly inFlight: InFlight
    readonly onOutcome: (outcome: Mutation['outcome']) => void
  },
  { host, port, bodyBytesMax, requestsMax }: ServerConfig,
): Promise<InjectionServer> {
  async function review(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAtMs = clock.monotonicMs()
    const body = await readBody(request, bodyBytesMax)
    if (body === 'too-large') {
      ledger.refused('too-large')
      return refuse(response, 413, `the review is longer than ${bodyBytesMax} bytes`)
    }
    const { answer, outcome } = mutate(tryJson(body))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    ledger.answered(outcome, (clock.monotonicMs() - startedAtMs) / 1_000)
    onOutcome(outcome)
  }

  const listener: RequestListener = (request, response) => {
    if (request.method !== 'POST' || (request.url ?? '').split('?', 1)[0] !== '/mutate') {
      ledger.refused('not-found')
      return refuse(response, 404, 'only POST /mutate is served')
    }
    if (inFlight.count >= requestsMax) {
      ledger.refused('busy')
      return refuse(response, 503, `${requestsMax} requests are under way`)
    }
    inFlight.count++
    void review(request, response)
      .catch(() => {
        ledger.refused('aborted')
        response.destroy()
      })
      .finally(() => {
        inFlight.count--
      })
  }
  const server = createServer(
    {
      minVersion: 'TLSv1.2',
      requestTimeout: readMsMax,
      headersTimeout: readMsMax,
      connectionsCheckingInterval: 500,
      keepAliveTimeout: idleMs,
      handshakeTimeout: readMsMax,
    },
    listener,
  )
  server.maxConnections = connectionsMax
  // Broken handshakes are the other side's: a server that ended for them would be everybody's to end.
  server.on('tlsClientError', () => ledger.refused('aborted'))
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } catch (error) {
    throw listenError(error, { host, port })
  }
  return {
    port: (server.address() as AddressInfo).port,
    setCertificate: ({ cert, key }) => server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
    async close() {
      const closed = once(server, 'close')
      server.close()
      const cut = setTimeout(() => server.closeAllConnections(), readMsMax)
      await closed
      clearTimeout(cut)
    },
  }
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | 'too-large'> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return 'too-large'
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > bytesMax) return 'too-large'
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/** What is no JSON is answered like everything that is no review. */
function tryJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  // The body is not read: the connection cannot be used again.
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    .end(`${text}\n`)
}
