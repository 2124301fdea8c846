/**
 * The process of a back end that costs almost nothing: takes OTLP/HTTP, zstd too as the service does, and answers at once. It counts bytes as they
 * travel, and how old each event is (its message says when it was written). It ends with its parent.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { quantile } from '../support/report.ts'
import type { SinkFigures } from './sink-process.ts'

/** Else it refuses, as a service that is busy. */
let answers = true
let bytes = 0
let rawBytes = 0
let requests = 0
let ages: number[] = []
let byRoute: Record<string, number> = {}

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const nowMs = Date.now()
    const body = Buffer.concat(chunks)
    if (!answers) return void response.writeHead(503).end()
    response
      .writeHead(200, { 'content-type': 'application/x-protobuf', 'accept-encoding': 'zstd, gzip' })
      .end()
    requests++
    bytes += body.length
    const route = request.url ?? ''
    byRoute[route] = (byRoute[route] ?? 0) + body.length
    const raw = inflated(body, request.headers['content-encoding'])
    rawBytes += raw.length
    for (const [, at] of raw.toString('latin1').matchAll(/ at=(\d{13})/g)) ages.push(nowMs - Number(at))
  })
})
function inflated(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'zstd') return zstdDecompressSync(body)
  return encoding === 'gzip' ? gunzipSync(body) : body
}

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))

process.on('message', (message) => {
  if (message !== 'take') {
    answers = message === 'answer'
    return
  }
  const figures: SinkFigures = {
    bytes,
    rawBytes,
    requests,
    byRoute,
    events: ages.length,
    p50Ms: quantile(ages, 0.5),
    p99Ms: quantile(ages, 0.99),
  }
  bytes = 0
  rawBytes = 0
  requests = 0
  ages = []
  byRoute = {}
  process.send?.(figures)
})
process.on('disconnect', () => process.exit())
