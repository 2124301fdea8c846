/**
 * The process that sends: makes its pool of requests, then keeps a fixed number of them waiting for their answers, closed
 * loop, until the time is over. It is one process of its own, whose CPU time counts as the sender's.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from '../support/report.ts'
import { openGrpcLane } from './grpc-lane.ts'
import { openHttpLane } from './http-lane.ts'
import type { Lane } from './lane.ts'
import type { FromSender, Latency, Sent, ToSender } from './messages.ts'
import { fillPool, type Pool } from './pool.ts'

/** HTTP/2 carries many calls on a connection; SDKs open one. */
const streamsPerConnection = 8
const progressMs = 1_000

let pool: Pool | undefined

process.on('message', (message: ToSender) => void handle(message))
process.on('disconnect', () => process.exit())

async function handle(message: ToSender): Promise<void> {
  if (message.type === 'prepare') {
    pool = await fillPool(message)
    const { rawBytes, gzipBytes, requests, spansPerRequest } = pool
    tell({ type: 'prepared', rawBytes, gzipBytes, spans: requests * spansPerRequest })
    return
  }
  if (!pool) throw new Error('BUG: asked to send before a pool was prepared')
  tell({ type: 'sent', ...(await send(pool, message)) })
}

function tell(message: FromSender): void {
  process.send?.(message)
}

async function send(
  from: Pool,
  { seconds, inFlight, http, grpc }: Extract<ToSender, { type: 'send' }>,
): Promise<Sent> {
  const lanes = openLanes({ http, grpc, inFlight })
  const latencies: Record<string, number[]> = {}
  const failures: Record<string, number> = {}
  let spans = 0
  let spansInTime = 0
  let retries = 0
  let exhausted = false
  const startedAt = performance.now()
  const endAt = startedAt + seconds * 1000
  let emptyAt = Number.POSITIVE_INFINITY

  const work = async (lane: Lane) => {
    while (performance.now() < endAt) {
      const body = from.take()
      if (!body) {
        exhausted = true
        emptyAt = Math.min(emptyAt, performance.now())
        return
      }
      const sentAt = performance.now()
      for (;;) {
        const answer = await lane.send(body)
        if (answer.type === 'again') {
          retries++
          await sleep(answer.afterMs)
          continue
        }
        if (answer.type === 'failed') failures[answer.reason] = (failures[answer.reason] ?? 0) + 1
        else {
          const now = performance.now()
          spans += from.spansPerRequest
          if (now <= Math.min(endAt, emptyAt)) spansInTime += from.spansPerRequest
          latencies[lane.protocol] ??= []
          latencies[lane.protocol]?.push(now - sentAt)
        }
        break
      }
    }
  }
  const timer = setInterval(() => tell({ type: 'progress', spans }), progressMs)
  await Promise.all(lanes.flatMap(({ lane, workers }) => Array.from({ length: workers }, () => work(lane))))
  clearInterval(timer)
  await Promise.all(lanes.map(({ lane }) => lane.close()))
  const latency = Object.fromEntries(
    Object.entries(latencies).map(([protocol, all]) => [protocol, latencyOf(all)]),
  )
  return {
    seconds: (Math.min(endAt, emptyAt) - startedAt) / 1000,
    secondsInAll: (performance.now() - startedAt) / 1000,
    spansInTime,
    spans,
    exhausted,
    latency,
    retries,
    failures,
  }
}

function openLanes({ http, grpc, inFlight }: { http: string; grpc: string; inFlight: number }) {
  const each = http && grpc ? Math.ceil(inFlight / 2) : inFlight
  const lanes: { lane: Lane; workers: number }[] = []
  if (http) lanes.push({ lane: openHttpLane(http, each), workers: each })
  if (grpc) lanes.push({ lane: openGrpcLane(grpc, Math.ceil(each / streamsPerConnection)), workers: each })
  return lanes
}

function latencyOf(all: readonly number[]): Latency {
  return {
    requests: all.length,
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    max: all.reduce((most, one) => Math.max(most, one), 0),
  }
}
