import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listenError } from '../std/listen-error.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'

/** The webhook's own HTTP server, in clear text: for the kubelet, for Prometheus and for people. */
export async function startAdmin(
  { metrics, notReady }: { readonly metrics: SelfMetrics; readonly notReady: () => string },
  address: { readonly host: string; readonly port: number },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) =>
      void response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    switch (path) {
      // Answers as long as the event loop turns: an outage of the API server must not restart its webhook.
      case '/livez':
      case '/healthz':
        return answer(200, 'ok')
      case '/readyz': {
        const reason = notReady()
        return answer(reason === '' ? 200 : 503, reason || 'ok')
      }
      case '/metrics':
        return metrics.handle(request, response)
      default:
        return answer(404, `cannot find ${path}`)
    }
  })
  try {
    server.listen(address)
    await once(server, 'listening')
  } catch (error) {
    throw listenError(error, address)
  }
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
