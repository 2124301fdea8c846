import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listenError } from '../std/listen-error.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'

/** The agent's own HTTP server: for the kubelet, for Prometheus and for people. */
export interface AdminServer {
  readonly port: number
  close(): Promise<void>
}

export interface AdminDeps {
  readonly metrics: SelfMetrics
  /** Whether requests of applications are taken; undefined: yes, else why not. */
  readonly notReady: () => string | undefined
  readonly status: () => unknown
  /** Why a namespace is collected or not. */
  readonly explain: (namespace: string) => unknown
}

const namespacePath = /^\/status\/namespaces\/([^/]+)$/

/** Node's own server: a framework would be a tenth of the agent's memory, for five paths. */
export async function startAdmin(
  { metrics, notReady, status, explain }: AdminDeps,
  address: { readonly host: string; readonly port: number },
): Promise<AdminServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answerText(response, 405, `cannot ${request.method} ${path}: only GET is served\n`)
    switch (path) {
      // Answers as long as the event loop turns: it must not depend on the API server or the service, or an outage of
      // either would restart the agent.
      case '/livez':
        return answerText(response, 200, 'ok\n')
      case '/readyz': {
        const reason = notReady()
        return answerText(response, reason === undefined ? 200 : 503, `${reason ?? 'ok'}\n`)
      }
      case '/metrics':
        return metrics.handle(request, response)
      case '/status':
        return answerJson(response, status())
      default: {
        const namespace = tryDecode(namespacePath.exec(path)?.[1])
        if (namespace !== undefined) return answerJson(response, explain(namespace))
        return answerText(response, 404, `cannot find ${path}\n`)
      }
    }
  })
  try {
    server.listen(address)
    await once(server, 'listening')
  } catch (error) {
    throw listenError(error, address)
  }
  const { port } = server.address() as AddressInfo // A TCP address, since it listens on host and port.
  return {
    port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function answerText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
}

function answerJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value))
}

function tryDecode(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return undefined
  }
}
