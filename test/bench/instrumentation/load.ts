import { connect, type Socket } from 'node:net'

/**
 * The load generator, a process of its own: `load.ts PORT CONNECTIONS SECONDS [RATE]`. With a rate, requests start by a
 * timetable and their latency counts from when they were due, so that a stall of the application is not left out; without,
 * each connection asks as fast as it is answered. Writes one line of JSON.
 */
const [port = 0, connections = 1, seconds = 1, rate = 0] = process.argv.slice(2).map(Number)
const requestText = `GET /carts/17 HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\n\r\n`
const ok = Buffer.from('200')
const headersEnd = Buffer.from('\r\n\r\n')

interface Lane {
  /** When the requests under way were due; HTTP/1.1 answers them in order. */
  readonly due: number[]
  readonly socket: Socket
}

const latencies: number[] = []
let failed = 0
const startedAt = performance.now()
const endsAt = startedAt + seconds * 1000
const lanes = await Promise.all(Array.from({ length: connections }, open))
if (rate > 0) await byTimetable()
else {
  for (const lane of lanes) ask(lane, performance.now())
  await new Promise((done) => setTimeout(done, seconds * 1000))
}
const tookMs = performance.now() - startedAt
const sorted = Float64Array.from(latencies).sort()
const at = (share: number) =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
process.stdout.write(
  `${JSON.stringify({ requests: sorted.length, failed, perSecond: (sorted.length / tookMs) * 1000, p50Ms: at(0.5), p99Ms: at(0.99) })}\n`,
)
process.exit()

function open(): Promise<Lane> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  const lane: Lane = { due: [], socket }
  let pending: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (let end = answerEnd(pending); end > 0 && end <= pending.length; end = answerEnd(pending)) {
      if (!pending.subarray(9, 12).equals(ok)) failed++
      pending = pending.subarray(end)
      const now = performance.now()
      latencies.push(now - (lane.due.shift() ?? now))
      if (rate === 0 && now < endsAt) ask(lane, now)
    }
  })
  return new Promise((resolve, reject) => socket.once('connect', () => resolve(lane)).once('error', reject))
}

function ask(lane: Lane, due: number): void {
  lane.due.push(due)
  lane.socket.write(requestText)
}

/** A timer of a millisecond is as fine as there is; what is due by then goes out in turn over the connections. */
function byTimetable(): Promise<void> {
  let sent = 0
  return new Promise((resolve) => {
    const tick = setInterval(() => {
      const now = performance.now()
      for (
        let due = startedAt + (sent * 1000) / rate;
        due <= now && due < endsAt;
        due = startedAt + (sent * 1000) / rate
      ) {
        const lane = lanes[sent++ % lanes.length]
        if (lane) ask(lane, due)
      }
      if (now < endsAt) return
      clearInterval(tick)
      setTimeout(resolve, 200)
    }, 1)
  })
}

/** Where the first answer ends; 0: its headers are not all there. */
function answerEnd(bytes: Buffer): number {
  const headers = bytes.indexOf(headersEnd)
  if (headers === -1) return 0
  const length = /content-length: (\d+)/i.exec(bytes.toString('latin1', 0, headers))?.[1]
  return headers + 4 + Number(length ?? 0)
}
