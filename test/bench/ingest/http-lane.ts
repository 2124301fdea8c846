import { Pool } from 'undici'
import type { Lane } from './lane.ts'

/** OTLP/HTTP 1.1 on kept connections, one request at a time on each. */
export function openHttpLane(url: string, connections: number): Lane {
  const pool = new Pool(url, { connections, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 })
  return {
    protocol: 'http',
    async send(body) {
      const {
        statusCode,
        headers,
        body: answer,
      } = await pool.request({
        method: 'POST',
        path: '/v1/traces',
        headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
        body,
      })
      const bytes = await answer.arrayBuffer()
      if (statusCode === 200) {
        // A partial success has bytes: spans that were refused.
        return bytes.byteLength === 0 ? { type: 'accepted' } : { type: 'failed', reason: 'partial success' }
      }
      if (statusCode === 429 || statusCode === 503)
        return { type: 'again', afterMs: Number(headers['retry-after'] ?? 1) * 1000 }
      return { type: 'failed', reason: `HTTP ${statusCode}` }
    },
    close: () => pool.close(),
  }
}
