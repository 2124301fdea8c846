import { describe, expect, test } from 'vitest'
import { createOperations } from '../../../collector/agent/sample/operations.ts'
import {
  createTailSampler,
  type RawBatch,
  type SampledBatch,
  type TailSamplerConfig,
} from '../../../collector/agent/sample/tail-sampler.ts'
import { writeProto } from '../../../collector/wire/proto-writer.ts'
import { splitRequest } from '../../../collector/wire/split-request.ts'
import { createRandom } from '../../bench/corpus/random.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { testSeed } from '../../support/test-seed.ts'
import { decodeTraces } from './decode.ts'

interface Span {
  readonly trace: number
  readonly name?: string
  readonly root?: boolean
  readonly kind?: number
  readonly error?: boolean
  readonly ms?: number
  readonly traceState?: string
}

const seed = testSeed()
console.log(`seed ${seed}`)
const { unit: random } = createRandom(seed)
const idsOf = new Map<number, Buffer>()

/** Random ids, as SDKs make them; the same for all spans of a trace. */
function traceId(trace: number): Buffer {
  const known = idsOf.get(trace) ?? Buffer.from(Array.from({ length: 16 }, () => Math.floor(random() * 256)))
  idsOf.set(trace, known)
  return known
}

let spanIds = 0

function spanBytes({
  trace,
  name = 'GET /',
  root = true,
  kind = 2,
  error = false,
  ms = 10,
  traceState = '',
}: Span) {
  const id = Buffer.alloc(8)
  id.writeUInt32BE(++spanIds, 4)
  const span = writeProto().bytes(1, traceId(trace)).bytes(2, id)
  if (traceState !== '') span.text(3, traceState)
  if (!root) span.bytes(4, Buffer.alloc(8, 7))
  span
    .text(5, name)
    .varint(6, kind)
    .fixed64(7, 1_000_000_000n)
    .fixed64(8, 1_000_000_000n + BigInt(Math.round(ms * 1e6)))
  if (error) span.message(15, (status) => status.varint(3, 2))
  return span.finish()
}

function request(spans: readonly (Span | Uint8Array)[], service = 'web'): Uint8Array {
  return writeProto()
    .message(1, (resourceSpans) =>
      resourceSpans
        .message(1, (resource) =>
          resource.message(1, (pair) =>
            pair.text(1, 'service.name').message(2, (any) => any.text(1, service)),
          ),
        )
        .message(2, (scope) => {
          scope.message(1, (about) => about.text(1, 'http'))
          for (const span of spans) scope.bytes(2, span instanceof Uint8Array ? span : spanBytes(span))
        })
        .text(3, 'https://schema.example'),
    )
    .finish()
}

let batches = 0

function rawBatch(spans: readonly (Span | Uint8Array)[], namespace = 'shop'): RawBatch {
  const bytes = request(spans)
  return {
    id: `agent/boot/${++batches}`,
    signal: 'traces',
    items: spans.length,
    parts: [{ items: spans.length, namespace }],
    writtenAtMs: batches,
    unpack: async () => [bytes],
  }
}

const usual = { ratio: 0.1, slowQuantile: 0.99, ageMs: 30_000, afterRootMs: 5_000, bytesMax: 1024 * 1024 }

function start(config: Partial<TailSamplerConfig> = {}) {
  const clock = createManualClock()
  const queue: RawBatch[] = []
  const acknowledged: string[] = []
  const decisions: Record<string, number> = {}
  const stopping = new AbortController()
  let sampledOut = 0
  let wake = () => {}
  const sampler = createTailSampler(
    {
      source: {
        async next(signal) {
          while (queue.length === 0 && !signal.aborted)
            await new Promise<void>((resolve) => {
              wake = resolve
              signal.addEventListener('abort', () => resolve(), { once: true })
            })
          return queue.shift()
        },
        acknowledge: ({ id }) => acknowledged.push(id),
      },
      clock,
      idPrefix: 'agent/boot',
      onSampledOut: (spans) => {
        sampledOut += spans
      },
      onDecision: (why) => {
        decisions[why] = (decisions[why] ?? 0) + 1
      },
    },
    { ...usual, ...config },
  )
  const run = sampler.run(stopping.signal)
  const taken: SampledBatch[] = []
  async function ship(): Promise<SampledBatch[]> {
    const none = new AbortController()
    const all: SampledBatch[] = []
    for (;;) {
      const next = sampler.next(none.signal)
      const one = await Promise.race([
        next,
        new Promise<undefined>((resolve) => setImmediate(() => setImmediate(() => resolve(undefined)))),
      ])
      if (!one) {
        none.abort()
        break
      }
      all.push(one)
    }
    taken.push(...all)
    return all
  }
  return {
    sampler,
    clock,
    queue,
    acknowledged,
    decisions,
    taken,
    ship,
    sampledOut: () => sampledOut,
    async put(...all: RawBatch[]) {
      queue.push(...all)
      wake()
      await clock.advance(0)
    },
    async shipAll() {
      for (const one of await ship()) sampler.acknowledge(one)
      await clock.advance(0)
    },
    async stop() {
      stopping.abort()
      await run
    },
  }
}

const itemsOf = (all: readonly SampledBatch[]) =>
  all.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.items, 0)
const rowsOf = (all: readonly SampledBatch[]) => all.flatMap(({ packed }) => decodeTraces(packed.bytes))

describe('tail sampling', () => {
  test('figures stay right: weights sum to the true counts within the bound, errors and slow calls exactly', async () => {
    const stack = start({ bytesMax: 64 * 1024 * 1024 })
    const total = 8_000
    const truth = { calls: 0, errors: 0, slow: 0 }
    for (let at = 0; at < total; at += 500) {
      const spans: Span[] = []
      for (let trace = at; trace < at + 500; trace++) {
        const error = random() < 0.02
        const slow = trace > 2_000 && random() < 0.005
        truth.calls++
        if (error) truth.errors++
        if (slow) truth.slow++
        spans.push({ trace, name: `GET /${trace % 4}`, error, ms: slow ? 5_000 : 8 + random() * 4 })
        spans.push({ trace, name: 'SELECT', root: false, kind: 3 })
      }
      await stack.put(rawBatch(spans))
    }
    await stack.clock.advance(6_000)
    await stack.shipAll()
    const rows = rowsOf(stack.taken)
    const entries = rows.filter((row) => row.name.startsWith('GET'))
    const sum = (of: readonly { weight: number }[]) => of.reduce((all, row) => all + row.weight, 0)
    expect(sum(entries.filter((row) => row.isError))).toBe(truth.errors)
    expect(sum(entries.filter((row) => row.durationMs > 1_000))).toBe(truth.slow)
    // Of n traces kept with probability r, Σ 1/r has the standard deviation √(n (1 − r) / r); five of them.
    const bound = 5 * Math.sqrt((total * (1 - usual.ratio)) / usual.ratio)
    expect(Math.abs(sum(entries) - truth.calls)).toBeLessThan(bound)
    expect(rows.length).toBeLessThan(0.25 * 2 * total)
    // A trace is kept whole or not at all.
    expect(rows.length).toBe(2 * entries.length)
    expect(itemsOf(stack.taken) + stack.sampledOut()).toBe(2 * total)
    expect(stack.acknowledged).toHaveLength(total / 500)
    await stack.stop()
  })

  test.each<[string, Span[], number]>([
    ['an error, in any of its spans', [{ trace: 1 }, { trace: 1, root: false, kind: 3, error: true }], 2],
    ['nothing remarkable', [{ trace: 1 }, { trace: 1, root: false, kind: 3 }], 0],
    ['a rare operation', [{ trace: 1, name: 'GET /rare' }], 1],
    [
      'a slow entry below its root',
      [{ trace: 1 }, { trace: 1, root: false, kind: 5, name: 'GET /', ms: 900 }],
      2,
    ],
    [
      'a slow call of no operation of its own',
      [{ trace: 1 }, { trace: 1, root: false, kind: 3, ms: 900 }],
      0,
    ],
  ])('a trace with %s', async (_, spans, kept) => {
    const stack = start({ ratio: 0.0001 })
    await stack.put(rawBatch(Array.from({ length: 300 }, (_, trace) => ({ trace: 1_000 + trace }))))
    await stack.clock.advance(6_000)
    await stack.shipAll()
    stack.taken.length = 0
    idsOf.set(1, Buffer.alloc(16, 1))
    await stack.put(rawBatch(spans))
    await stack.clock.advance(6_000)
    await stack.shipAll()
    expect(itemsOf(stack.taken)).toBe(kept)
    expect(rowsOf(stack.taken).map(({ weight }) => weight)).toEqual(Array(kept).fill(1))
    await stack.stop()
  })

  test('is decided 30 s after the first span, or 5 s after its root has come', async () => {
    const stack = start({ ratio: 1 })
    await stack.put(rawBatch([{ trace: 10, root: false }]), rawBatch([{ trace: 11 }]))
    await stack.clock.advance(4_400)
    expect(itemsOf(await stack.ship())).toBe(0)
    await stack.clock.advance(1_200)
    expect(itemsOf(await stack.ship())).toBe(1)
    await stack.clock.advance(23_000)
    expect(itemsOf(await stack.ship())).toBe(0)
    await stack.clock.advance(2_500)
    expect(itemsOf(await stack.ship())).toBe(1)
    await stack.stop()
  })

  test('late spans follow the decision', async () => {
    const stack = start({ ratio: 0.0001 })
    idsOf.set(20, Buffer.alloc(16, 0))
    await stack.put(
      rawBatch([
        { trace: 20, name: 'rare' },
        { trace: 21, error: true },
      ]),
    )
    await stack.put(rawBatch(Array.from({ length: 40 }, (_, trace) => ({ trace: 100 + trace }))))
    idsOf.set(22, Buffer.alloc(16, 0x01))
    await stack.put(rawBatch([{ trace: 22 }]))
    await stack.clock.advance(6_000)
    await stack.shipAll()
    stack.taken.length = 0
    const before = stack.sampledOut()
    await stack.put(
      rawBatch([
        { trace: 21, root: false, kind: 3 },
        { trace: 22, root: false, error: true },
      ]),
    )
    await stack.clock.advance(1_000)
    await stack.shipAll()
    expect(itemsOf(stack.taken)).toBe(1)
    expect(stack.sampledOut() - before).toBe(1)
    await stack.stop()
  })

  test('a batch of the spool is acknowledged when all of its spans are decided and shipped, and not before', async () => {
    const stack = start({ ratio: 1 })
    const mixed = rawBatch([{ trace: 30 }, { trace: 31, root: false }])
    await stack.put(mixed)
    await stack.clock.advance(6_000)
    const [first] = await stack.ship()
    if (first) stack.sampler.acknowledge(first)
    expect(stack.acknowledged).toEqual([])
    await stack.clock.advance(25_000)
    const [second] = await stack.ship()
    expect(stack.acknowledged).toEqual([])
    if (second) stack.sampler.acknowledge(second)
    expect(stack.acknowledged).toEqual([mixed.id])
    expect(new Set([first?.id, second?.id]).size).toBe(2)
    await stack.stop()
  })

  test('beyond its bytes the oldest traces are decided early and kept, and with kept spans unshipped nothing is read', async () => {
    const stack = start({ ratio: 0.0001, bytesMax: 20_000 })
    for (let batch = 0; batch < 30; batch++)
      await stack.put(
        rawBatch(Array.from({ length: 20 }, (_, at) => ({ trace: 40_000 + batch * 20 + at, root: false }))),
      )
    expect(stack.decisions['early']).toBeGreaterThan(100)
    await stack.clock.advance(1_000)
    expect(stack.sampler.state().bytes).toBeLessThan(45_000)
    for (let batch = 0; batch < 30; batch++)
      await stack.put(
        rawBatch(Array.from({ length: 20 }, (_, at) => ({ trace: 50_000 + batch * 20 + at, root: false }))),
      )
    await stack.clock.advance(1_000)
    for (let batch = 0; batch < 30; batch++)
      await stack.put(
        rawBatch(Array.from({ length: 20 }, (_, at) => ({ trace: 60_000 + batch * 20 + at, root: false }))),
      )
    await stack.clock.advance(1_000)
    expect(stack.queue.length).toBeGreaterThan(0)
    expect(stack.sampler.state().bytes).toBeLessThan(70_000)
    while (stack.queue.length > 0 || stack.acknowledged.length < 90) {
      await stack.clock.advance(31_000)
      await stack.shipAll()
    }
    expect(itemsOf(stack.taken) + stack.sampledOut()).toBe(90 * 20)
    await stack.stop()
  })

  test('what is kept at once leaves in batches of a bounded size', async () => {
    const stack = start({ ratio: 1, batchBytesMax: 2_000 })
    await stack.put(rawBatch(Array.from({ length: 300 }, (_, at) => ({ trace: 65_000 + at }))))
    await stack.clock.advance(6_000)
    const sent = await stack.ship()
    expect(itemsOf(sent)).toBe(300)
    expect(Math.max(...sent.map(({ packed }) => packed.bytes.length))).toBeLessThan(3_000)
    await stack.stop()
  })

  test('at the end everything is decided with what is there', async () => {
    const stack = start({ ratio: 0.0001 })
    await stack.put(rawBatch([{ trace: 70, root: false, error: true }]))
    stack.sampler.hurry()
    expect(itemsOf(await stack.ship())).toBe(1)
    await stack.put(rawBatch([{ trace: 71, error: true }]))
    await stack.clock.advance(500)
    expect(itemsOf(await stack.ship())).toBe(1)
    await stack.stop()
  })

  test('what is not a span is left to the service; spans keep their surroundings and their namespace', async () => {
    const stack = start()
    await stack.put(
      rawBatch([Buffer.from([0x0a, 1, 1]), Buffer.from([0x07])]),
      rawBatch([{ trace: 80, error: true }], 'pay'),
    )
    await stack.clock.advance(6_000)
    const sent = await stack.ship()
    expect(sent.flatMap(({ parts }) => parts)).toEqual([
      { namespace: 'shop', items: 2 },
      { namespace: 'pay', items: 1 },
    ])
    const all = Buffer.concat(sent.map(({ packed }) => packed.bytes))
    const parts = splitRequest({ signal: 'traces', encoding: 'protobuf', body: all })
    expect(parts.map(({ items, attribute }) => [items, attribute('service.name')])).toEqual([
      [2, 'web'],
      [1, 'web'],
    ])
    expect(all.includes('https://schema.example')).toBe(true)
    await stack.stop()
  })

  test('a span that was sampled before keeps the rarer of both', async () => {
    const stack = start({ ratio: 0.5 })
    const spans = Array.from({ length: 200 }, (_, trace) => ({
      trace: 90_000 + trace,
      traceState: 'ot=th:c',
    }))
    await stack.put(rawBatch(spans))
    await stack.clock.advance(6_000)
    await stack.shipAll()
    const rows = rowsOf(stack.taken)
    expect(new Set(rows.map(({ weight }) => weight))).toEqual(new Set([4]))
    expect(rows).toHaveLength(200)
    await stack.stop()
  })
})

describe('what is usual of an operation', () => {
  test('slow is beyond the quantile, once enough calls are known', () => {
    const operations = createOperations({ slowQuantile: 0.95 })
    for (let call = 0; call < 99; call++) expect(operations.observe('a', 1e9).isSlow).toBe(false)
    for (let call = 0; call < 400; call++) operations.observe('a', 10e6)
    for (let call = 0; call < 3_000; call++) operations.observe('a', 10e6)
    expect(operations.observe('a', 11e6).isSlow).toBe(false)
    expect(operations.observe('a', 30e6).isSlow).toBe(true)
    expect(operations.observe('b', 30e6)).toEqual({ isSlow: false, isRare: true })
  })
  test('an operation that has become slower is usual again after a while', () => {
    const operations = createOperations({ slowQuantile: 0.95 })
    for (let call = 0; call < 1_000; call++) operations.observe('a', 10e6)
    expect(operations.observe('a', 50e6).isSlow).toBe(true)
    for (let window = 0; window < 6; window++) {
      operations.age()
      for (let call = 0; call < 500; call++) operations.observe('a', 50e6)
    }
    expect(operations.observe('a', 55e6).isSlow).toBe(false)
  })
  test('rare is one that was hardly called in two windows', () => {
    const operations = createOperations({ slowQuantile: 0.95, rareCalls: 2 })
    const rare = () => operations.observe('a', 1).isRare
    expect([rare(), rare(), rare()]).toEqual([true, true, false])
    operations.age()
    expect(rare()).toBe(false)
    operations.age()
    operations.age()
    expect(rare()).toBe(true)
  })
  test('beyond the limit the one not called for longest is forgotten', () => {
    const operations = createOperations({ slowQuantile: 0.95, rareCalls: 1, operationsMax: 2 })
    for (const name of ['a', 'b', 'a', 'c']) operations.observe(name, 1)
    expect(operations.observe('a', 1).isRare).toBe(false)
    expect(operations.observe('b', 1).isRare).toBe(true)
  })
})
