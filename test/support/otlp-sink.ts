import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

export interface SinkRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Inflated. */
  readonly body: Buffer
}

export interface SinkAnswer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array | string
}

const inflate: Record<string, (raw: Buffer) => Buffer> = { gzip: gunzipSync, zstd: zstdDecompressSync }

/** A real OTLP/HTTP server that answers what the test says; undefined: never. */
export interface OtlpSink {
  readonly url: string
  readonly port: number
  readonly requests: SinkRequest[]
  answer: (request: SinkRequest) => SinkAnswer | undefined
  /** Waits until that many requests have come. */
  until(count: number): Promise<void>
  close(): Promise<void>
}

export async function startOtlpSink(port = 0): Promise<OtlpSink> {
  const requests: SinkRequest[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks)
      const body = inflate[String(request.headers['content-encoding'])]?.(raw) ?? raw
      const one = { path: request.url ?? '', headers: request.headers, body }
      const answer = sink.answer(one)
      requests.push(one)
      if (!answer) return
      response.writeHead(answer.status, { 'content-type': 'application/x-protobuf', ...answer.headers })
      response.end(answer.body)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address() as AddressInfo
  const sink: OtlpSink = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    answer: () => ({ status: 200 }),
    async until(count) {
      const deadline = Date.now() + 10_000
      while (requests.length < count) {
        if (Date.now() > deadline) throw new Error(`only ${requests.length} of ${count} requests came`)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return sink
}
