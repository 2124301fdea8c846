/** The processes beside the agent in the bench of its trace path: a sender, and a service that answers at once. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'
import { Pool } from 'undici'
import { splitRequest } from '../../../collector/wire/split-request.ts'
import { sdkRequests } from './trace-requests.ts'

export type TraceEncoding = 'gzip' | 'plain'

export type ToPeer =
  | { readonly type: 'prepare'; readonly encoding: TraceEncoding; readonly podUid: string }
  | { readonly type: 'send'; readonly url: string; readonly requests: number; readonly inFlight: number }
  | { readonly type: 'start' }
  | { readonly type: 'count' }

export interface SenderMessage {
  readonly prepare: {
    readonly spansPerRequest: number
    readonly spans: number
    readonly rawBytes: number
    readonly wireBytes: number
  }
  readonly send: { readonly spans: number }
}

export interface SinkMessage {
  readonly start: { readonly port: number }
  /** Since the last count; `unenriched`: resources that do not name their pod. */
  readonly count: { readonly spans: number; readonly bytes: number; readonly unenriched: number }
}

/** As exporters do by default. */
const gzipLevel = 6

function serveSender(): void {
  let bodies: readonly Buffer[] = []
  let encoding: TraceEncoding = 'plain'
  let spansPerRequest = 0
  on({
    async prepare(message) {
      const { podUid } = message as Extract<ToPeer, { type: 'prepare' }>
      encoding = (message as Extract<ToPeer, { type: 'prepare' }>).encoding
      const { requests: raw, spansPerRequest: each } = sdkRequests(podUid)
      bodies = encoding === 'gzip' ? raw.map((one) => gzipSync(one, { level: gzipLevel })) : raw
      spansPerRequest = each
      return {
        spansPerRequest,
        spans: spansPerRequest * raw.length,
        rawBytes: bytesOf(raw),
        wireBytes: bytesOf(bodies),
      }
    },
    async send(message) {
      const { url, requests, inFlight } = message as Extract<ToPeer, { type: 'send' }>
      const pool = new Pool(url, { connections: inFlight, pipelining: 1 })
      const headers = {
        'content-type': 'application/x-protobuf',
        ...(encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
      }
      let next = 0
      const work = async () => {
        while (next < requests) {
          const body = bodies[next++ % bodies.length]
          for (;;) {
            const answer = await pool.request({
              method: 'POST',
              path: '/v1/traces',
              headers,
              body: body ?? null,
            })
            const said = await answer.body.arrayBuffer()
            if (answer.statusCode === 200 && said.byteLength === 0) break
            if (answer.statusCode !== 503) throw new Error(`the agent answered ${answer.statusCode}`)
            await new Promise((resolve) => setTimeout(resolve, 20))
          }
        }
      }
      await Promise.all(Array.from({ length: inFlight }, work))
      await pool.close()
      return { spans: requests * spansPerRequest }
    },
  })
}

function serveSink(): void {
  let bodies: { readonly bytes: Buffer; readonly encoding: string }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      response
        .writeHead(200, { 'content-type': 'application/x-protobuf', 'accept-encoding': 'zstd, gzip' })
        .end()
      if (request.url === '/v1/traces')
        bodies.push({ bytes: Buffer.concat(chunks), encoding: String(request.headers['content-encoding']) })
    })
  })
  on({
    start: () =>
      new Promise((resolve) =>
        server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as AddressInfo).port })),
      ),
    async count() {
      let spans = 0
      let unenriched = 0
      for (const { bytes, encoding } of bodies) {
        const body = encoding === 'zstd' ? zstdDecompressSync(bytes) : gunzipSync(bytes)
        for (const { items, attribute } of splitRequest({ signal: 'traces', encoding: 'protobuf', body })) {
          spans += items
          if (attribute('k8s.pod.name') !== 'web-1') unenriched++
        }
      }
      const bytes = bodies.reduce((sum, one) => sum + one.bytes.length, 0)
      bodies = []
      return { spans, bytes, unenriched }
    },
  })
}

function on(handlers: Partial<Record<ToPeer['type'], (message: ToPeer) => Promise<unknown>>>): void {
  process.on('message', async (message: ToPeer) => process.send?.(await handlers[message.type]?.(message)))
  process.on('disconnect', () => process.exit())
}

const bytesOf = (buffers: readonly Buffer[]) => buffers.reduce((sum, one) => sum + one.length, 0)

if (process.argv[2] === 'sender') serveSender()
if (process.argv[2] === 'sink') serveSink()
