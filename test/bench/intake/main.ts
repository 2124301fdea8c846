import { gzipSync } from 'node:zlib'
import { eventually, startNode } from '../../support/processes.ts'
import { createCorpus } from '../corpus/fresh.ts'
import { openGrpcLane } from '../ingest/grpc-lane.ts'
import { openHttpLane } from '../ingest/http-lane.ts'
import type { Lane } from '../ingest/lane.ts'
import { cpuSecondsOf, residentBytesOf } from '../support/process-stat.ts'
import { table } from '../support/report.ts'
import { say } from '../support/say.ts'

/**
 * CPU of the listening process per request, without decoding and storing: our listener, Fastify's routes, and the gRPC
 * server of grpc-js. The best of several rounds counts: whatever else the machine does only adds. The body is a gzip of 1,024 spans; the same one again and again, since nobody looks at it.
 */
interface Variant {
  readonly title: string
  readonly server: string
  readonly open: (port: number) => Lane
}

const connections = 4
const inFlight = 16
const warmRequests = 2_000
const requests = 6_000
const rounds = 4

const grpc = (port: number) => openGrpcLane(`127.0.0.1:${port}`, connections)
const http = (port: number) => openHttpLane(`http://127.0.0.1:${port}`, inFlight)
const variants: readonly Variant[] = [
  { title: 'gRPC, grpc-js (inflates)', server: 'grpc-js', open: grpc },
  { title: 'gRPC, ours, listener inflates', server: 'ours-inflating', open: grpc },
  { title: 'gRPC, ours', server: 'ours', open: grpc },
  { title: 'HTTP/1.1, Fastify routes', server: 'fastify', open: http },
  { title: 'HTTP/1.1, ours', server: 'ours', open: http },
]

const corpus = createCorpus({ shape: 'lean', seed: 1, templates: 1, endMs: Date.now(), spreadMs: 300_000 })
const body = gzipSync(corpus.request(0))
const figures = new Map<string, { cpuMicros: number[]; perSecond: number[]; residentMax: number }>()
for (let round = 0; round < rounds; round++)
  for (const variant of variants) {
    const one = await measure(variant)
    const all = figures.get(variant.title) ?? { cpuMicros: [], perSecond: [], residentMax: 0 }
    all.cpuMicros.push(one.cpuMicros)
    all.perSecond.push(one.perSecond)
    all.residentMax = Math.max(all.residentMax, one.residentMax)
    figures.set(variant.title, all)
  }
say(`${requests} requests of ${body.length} bytes, ${inFlight} in flight, the best of ${rounds}`)
process.stdout.write(
  table(
    ['listener', 'CPU µs a request', 'requests/s', 'resident MiB, most'],
    [...figures].map(([title, { cpuMicros, perSecond, residentMax }]) => [
      title,
      Math.round(Math.min(...cpuMicros)),
      Math.round(Math.max(...perSecond)),
      Math.round(residentMax / 1024 ** 2),
    ]),
  ),
)

async function measure({ title, server, open }: Variant) {
  const child = startNode(['test/bench/intake/server.ts', server])
  const port = await eventually(`${title} listens`, () => /port (\d+)/.exec(child.output())?.[1], {
    hint: child.output,
  })
  const lane = open(Number(port))
  try {
    await sendAll(lane, warmRequests)
    const before = cpuSecondsOf(child.pid)
    const startedMs = performance.now()
    await sendAll(lane, requests)
    const seconds = (performance.now() - startedMs) / 1000
    return {
      cpuMicros: ((cpuSecondsOf(child.pid) - before) * 1e6) / requests,
      perSecond: requests / seconds,
      residentMax: residentBytesOf(child.pid).max,
    }
  } finally {
    await lane.close()
    await child.kill('SIGKILL')
  }
}

async function sendAll(lane: Lane, count: number): Promise<void> {
  let left = count
  const sendOn = async () => {
    while (left-- > 0) {
      const answer = await lane.send(body)
      if (answer.type !== 'accepted') throw new Error(`a request was not accepted: ${JSON.stringify(answer)}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, sendOn))
}
