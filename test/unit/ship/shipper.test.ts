import { gzipSync, zstdCompressSync } from 'node:zlib'
import { Agent } from 'undici'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Compression, createPost, type PostOutcome } from '../../../collector/agent/ship/post.ts'
import { createShipper, type ShipBatch, type ShipSettled } from '../../../collector/agent/ship/shipper.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { type OtlpSink, type SinkAnswer, startOtlpSink } from '../../support/otlp-sink.ts'
import { until } from '../../support/until.ts'

let sink: OtlpSink
const dispatcher = new Agent({ connections: 4 })
beforeEach(async () => {
  sink = await startOtlpSink()
})
afterEach(() => sink.close())

const batch = (sequence: number, texts = [`batch ${sequence}`], resend = false): ShipBatch => ({
  id: `agent/boot/${sequence}`,
  signal: 'traces',
  ...partsOf(texts.map((text) => ({ text, items: 10 }))),
  resend,
  writtenAtMs: sequence,
})

function partsOf(parts: readonly { text: string; items: number; namespace?: string }[]) {
  const bytes = parts.map(({ text }) => Buffer.from(text))
  return {
    parts: parts.map(({ text, ...about }) => about),
    packed: { bytes: Buffer.concat(bytes), compression: 'identity' },
    unpack: async () => bytes,
  } as const
}

/** ExportTraceServiceResponse { partial_success { rejected_spans: n, error_message: "no" } } */
const partial = (rejected: number): SinkAnswer => ({
  status: 200,
  body: Buffer.from([0x0a, 6, 0x08, rejected, 0x12, 2, 0x6e, 0x6f]),
})

function startShipper(
  batches: ShipBatch[],
  options: {
    inFlightMax?: number
    timeoutMs?: number
    url?: string
    compression?: Compression
    mayLeave?: (namespace: string, writtenAtMs: number) => 'yes' | 'no' | 'pending'
  } = {},
) {
  const queue = [...batches]
  const acknowledged: string[] = []
  const settled: ShipSettled[] = []
  const attempts: PostOutcome['type'][] = []
  const poisoned: string[] = []
  const sent: number[] = []
  const stopping = new AbortController()
  const shipper = createShipper(
    {
      source: {
        next: async (signal) => {
          const one = queue.shift()
          if (!one) await systemClock.sleep(1_000_000, signal)
          return signal.aborted ? undefined : one
        },
        acknowledge: (one) => acknowledged.push(one.id),
      },
      post: createPost(
        {
          dispatcher,
          headers: async () => ({ authorization: 'Bearer secret' }),
          onSent: (bytes) => sent.push(bytes),
        },
        {
          endpoint: options.url ?? `${sink.url}/`,
          timeoutMs: options.timeoutMs ?? 5_000,
          compression: options.compression ?? 'zstd',
        },
      ),
      poison: {
        keep: async ({ id }) => {
          poisoned.push(id)
          return 'file'
        },
      },
      clock: systemClock,
      random: () => 0.5,
      log: silentLog,
      mayLeave: options.mayLeave ?? (() => 'yes'),
      onSettled: (one) => settled.push(one),
      onAttempt: (one) => attempts.push(one),
    },
    {
      lane: 'traces',
      inFlightMax: options.inFlightMax ?? 1,
      retryFirstMs: 4,
      reconnectMaxMs: 20,
      retryMaxMs: 50,
    },
  )
  const running = shipper.run(stopping.signal)
  return {
    shipper,
    acknowledged,
    settled,
    sent,
    attempts,
    poisoned,
    async untilAcknowledged(count: number) {
      const deadline = Date.now() + 10_000
      while (acknowledged.length < count) {
        if (Date.now() > deadline) throw new Error(`only ${acknowledged.length} acknowledged`)
        await systemClock.sleep(2)
      }
      stopping.abort()
      await running
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** The answers in turn, then 200. */
const answers = (...list: SinkAnswer[]) => {
  sink.answer = () => list.shift() ?? { status: 200 }
}

describe('a shipper', () => {
  test.each(['gzip', 'none'] as const)(
    'posts protobuf (%s) with the batch id and the key',
    async (compression) => {
      const shipping = startShipper([batch(1, ['ab', 'cd'])], { compression })
      await shipping.untilAcknowledged(1)
      expect(sink.requests[0]).toMatchObject({
        path: '/v1/traces',
        body: Buffer.from('abcd'),
        headers: {
          'content-type': 'application/x-protobuf',
          ...(compression === 'none' ? {} : { 'content-encoding': compression }),
          'binnacle-batch-id': 'agent/boot/1',
          authorization: 'Bearer secret',
        },
      })
      expect(sink.requests[0]?.headers).not.toHaveProperty('binnacle-batch-resend')
      expect(shipping.settled).toEqual([
        { signal: 'traces', shipped: 20, rejected: 0, reason: '', optedOut: 0 },
      ])
    },
  )

  test.each([429, 500, 502, 503, 504, 408, 401, 403, 404])(
    'tries again after %i, marked as a resend',
    async (status) => {
      answers({ status }, { status })
      const shipping = startShipper([batch(1)])
      await shipping.untilAcknowledged(1)
      expect(sink.requests.map(({ headers }) => headers['binnacle-batch-resend'])).toEqual([
        undefined,
        '1',
        '1',
      ])
      expect(shipping.attempts).toEqual(['retry', 'retry', 'accepted'])
      expect(shipping.settled).toHaveLength(1)
      // The same bytes each time, as they went over the wire.
      expect(shipping.sent).toEqual(Array(3).fill(gzipSync('batch 1', { level: 1 }).length))
    },
  )

  test('bytes that nobody answered are not counted as sent', async () => {
    const shipping = startShipper([batch(1)], { url: 'http://127.0.0.1:1' })
    await until(() => shipping.attempts.length > 1)
    await shipping.stop()
    expect(shipping.sent).toEqual([])
  })

  test('marks a batch of an earlier run from the first attempt on', async () => {
    await startShipper([batch(1, ['x'], true)]).untilAcknowledged(1)
    expect(sink.requests[0]?.headers['binnacle-batch-resend']).toBe('1')
  })

  test('waits as long as Retry-After says', async () => {
    answers({ status: 503, headers: { 'retry-after': '1' } })
    const start = performance.now()
    await startShipper([batch(1)]).untilAcknowledged(1)
    expect(performance.now() - start).toBeGreaterThan(990)
  })

  test('keeps the order, also over failures', async () => {
    let count = 0
    sink.answer = () => ({ status: count++ % 3 === 1 ? 503 : 200 })
    await startShipper([1, 2, 3, 4, 5].map((one) => batch(one))).untilAcknowledged(5)
    const accepted = [...new Set(sink.requests.map(({ body }) => body.toString()))]
    expect(accepted).toEqual([1, 2, 3, 4, 5].map((one) => `batch ${one}`))
  })

  test('sends several at once where it may', async () => {
    sink.answer = () => undefined
    const shipping = startShipper(
      [1, 2, 3, 4].map((one) => batch(one)),
      { inFlightMax: 3 },
    )
    await sink.until(3)
    expect(shipping.shipper.state().inFlight).toBe(3)
    await shipping.stop()
    expect(shipping.acknowledged).toEqual([])
  })

  test('counts what the service rejected', async () => {
    answers(partial(3))
    const shipping = startShipper([batch(1)])
    await shipping.untilAcknowledged(1)
    expect(shipping.settled).toEqual([
      { signal: 'traces', shipped: 7, rejected: 3, reason: 'partial-success', optedOut: 0 },
    ])
  })

  test('the batch travels as it lies in the spool once the service says that it takes zstd, else as gzip', async () => {
    const text = 'a part of the batch '.repeat(500)
    const bytes = zstdCompressSync(text)
    const packed = {
      packed: { bytes, compression: 'zstd' },
      unpack: async () => [Buffer.from(text)],
    } as const
    const takes = { status: 200, headers: { 'accept-encoding': 'zstd, gzip' } }
    answers(takes, takes, { status: 200 }, { status: 200 }, takes, { status: 415 })
    const shipping = startShipper([1, 2, 3, 4, 5, 6].map((sequence) => ({ ...batch(sequence), ...packed })))
    await shipping.untilAcknowledged(6)
    expect(sink.requests.map(({ headers }) => headers['content-encoding'])).toEqual([
      'gzip',
      'zstd',
      'zstd',
      'gzip',
      'gzip',
      'zstd',
      'gzip',
    ])
    expect(sink.requests.map(({ body }) => body.toString() === text)).toEqual(Array(7).fill(true))
    expect(shipping.poisoned).toEqual([])
  })

  test('a refused batch is sent in parts; only the bad part is set aside', async () => {
    sink.answer = ({ body }) => ({ status: body.includes('bad') ? 400 : 200 })
    const shipping = startShipper([batch(1, ['good', 'bad', 'fine']), batch(2)])
    await shipping.untilAcknowledged(2)
    expect(sink.requests.map(({ headers }) => headers['binnacle-batch-id'])).toEqual([
      'agent/boot/1',
      'agent/boot/1.0',
      'agent/boot/1.1',
      'agent/boot/1.2',
      'agent/boot/2',
    ])
    expect(shipping.poisoned).toEqual(['agent/boot/1.1'])
    expect(shipping.settled.reduce((sum, one) => sum + one.shipped, 0)).toBe(30)
    expect(shipping.settled.reduce((sum, one) => sum + one.rejected, 0)).toBe(10)
  })

  test('a refused batch of one part is set aside at once', async () => {
    answers({ status: 413 })
    const shipping = startShipper([batch(1)])
    await shipping.untilAcknowledged(1)
    expect(shipping.poisoned).toEqual(['agent/boot/1'])
    expect(sink.requests).toHaveLength(1)
  })

  test('an answer that does not come is a failure after the deadline', async () => {
    let count = 0
    sink.answer = () => (count++ === 0 ? undefined : { status: 200 })
    const shipping = startShipper([batch(1)], { timeoutMs: 50 })
    await shipping.untilAcknowledged(1)
    expect(shipping.attempts).toEqual(['retry', 'accepted'])
  })

  test('a service that is away is tried until it is back', async () => {
    const { port, url } = sink
    await sink.close()
    const shipping = startShipper([batch(1)], { url })
    while (shipping.attempts.length < 3) await systemClock.sleep(2)
    expect(shipping.shipper.state().failure?.message).toMatch('ECONNREFUSED')
    sink = await startOtlpSink(port)
    await shipping.untilAcknowledged(1)
    expect(shipping.shipper.state().failure).toBeUndefined()
    expect(sink.requests).toHaveLength(1)
  })

  test('what opted out while its batch was tried again is left out of the next attempt, and counted', async () => {
    let dark: 'yes' | 'no' = 'yes'
    sink.answer = () => {
      const first = dark === 'yes'
      dark = 'no'
      return { status: first ? 503 : 200 }
    }
    const parts = [
      { text: 'shop', items: 2, namespace: 'shop' },
      { text: 'dark', items: 3, namespace: 'dark' },
      { text: 'scope', items: 1 },
    ]
    const shipping = startShipper(
      [
        { ...batch(1), ...partsOf(parts) },
        { ...batch(2), ...partsOf(parts.slice(1, 2)) },
      ],
      {
        mayLeave: (namespace) => (namespace === 'dark' ? dark : 'yes'),
      },
    )
    await shipping.untilAcknowledged(2)
    expect(sink.requests.map(({ body }) => body.toString())).toEqual(['shopdarkscope', 'shopscope'])
    expect(shipping.settled).toEqual([
      { signal: 'traces', shipped: 3, rejected: 0, reason: '', optedOut: 3 },
      { signal: 'traces', shipped: 0, rejected: 0, reason: '', optedOut: 3 },
    ])
  })

  test('what may not be known to leave yet waits', async () => {
    let asked = 0
    const parts = [{ text: 'shop', items: 1, namespace: 'shop' }]
    const shipping = startShipper([{ ...batch(1), ...partsOf(parts) }], {
      mayLeave: () => (++asked < 3 ? 'pending' : 'yes'),
    })
    await shipping.untilAcknowledged(1)
    expect(asked).toBeGreaterThanOrEqual(3)
    expect(sink.requests).toHaveLength(1)
  })

  test('stopping leaves what is under way unacknowledged', async () => {
    sink.answer = () => undefined
    const shipping = startShipper([batch(1)])
    await sink.until(1)
    await shipping.stop()
    expect(shipping.acknowledged).toEqual([])
    expect(shipping.settled).toEqual([])
  })
})
