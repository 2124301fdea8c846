import type { Worker } from 'node:worker_threads'
import { Worker as Thread } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import type { OtlpOutcome, OtlpRequest } from '../../../collector/record/otlp.ts'
import { createIngest, type Ingest, type IngestConfig } from '../../../collector/service/ingest/ingest.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createSelfMetrics, type SelfMetrics } from '../../../collector/std/self-metrics.ts'
import { until } from '../../support/until.ts'
import { createFakeStore } from './fake-store.ts'
import { traceRequest } from './otlp-bodies.ts'
import { scrape } from './scrape.ts'

const nowMs = Date.now()
const accepted = { type: 'accepted', rejected: 0, message: '' }

interface House {
  readonly ingest: Ingest
  readonly store: ReturnType<typeof createFakeStore>
  readonly metrics: SelfMetrics
  /** In the order of their starts. */
  readonly threads: Worker[]
}

const opened: House[] = []
afterEach(async () => {
  for (const { ingest, metrics } of opened.splice(0)) {
    await ingest.close()
    await metrics.close()
  }
})

function open(config: Partial<IngestConfig>): House {
  const store = createFakeStore()
  const metrics = createSelfMetrics({ part: 'service', version: '0', instanceId: 'i' })
  const threads: Worker[] = []
  const startWorker = (workerData: unknown) => {
    const entry = new URL('../../../collector/service/ingest/decode-worker.ts', import.meta.url)
    const thread = new Thread(entry, { workerData })
    threads.push(thread)
    return thread
  }
  const ingest = createIngest(
    { store, clock: systemClock, log: silentLog, metrics, instanceId: 'i', startWorker },
    config,
  )
  const house = { ingest, store, metrics, threads }
  opened.push(house)
  return house
}

const from = (peerAddress: string, request: OtlpRequest): OtlpRequest => ({ ...request, peerAddress })
const trace = (service: string, spans = 2) => traceRequest({ spans, startMs: nowMs, service })

test('threads and the calling thread store the same rows', async () => {
  const requests = (): OtlpRequest[] => [
    trace('plain', 5),
    { ...trace('zipped', 500), body: gzipSync(trace('zipped', 500).body), compression: 'gzip' },
    traceRequest({ spans: 3, startMs: nowMs, service: 'one bad', firstSpanId: 'xyz' }),
    { ...trace(''), body: Buffer.from('{"resourceSpans":5}') },
    { ...trace(''), body: Buffer.from('{}') },
    traceRequest({ spans: 2, startMs: nowMs, service: 'again' }, { batchId: 'a/b/1', resend: true }),
  ]
  const results = []
  for (const workers of [0, 1, 3]) {
    const { ingest, store } = open({ workers, blockAgeMs: 5 })
    const outcomes = await Promise.all(requests().map((request) => ingest.handle(request)))
    const rows = (table: string) =>
      store
        .stored(table)
        .map(({ received_at: _, last_seen: __, ...row }) => row)
        .map((row) => JSON.stringify(row, text))
        .sort()
    results.push({ outcomes, spans: rows('spans'), resources: rows('resources') })
  }
  const [inline, ...others] = results
  expect([inline?.spans.length, inline?.resources.length]).toEqual([509, 4])
  for (const other of others) expect(other).toEqual(inline)
})

const text = (_key: string, value: unknown) =>
  typeof value === 'bigint' ? String(value) : value instanceof Map ? [...value] : value

test('light traffic stays on the first thread and is one block; a full window goes to the next', async () => {
  const light = open({ workers: 2, blockAgeMs: 200 })
  await light.ingest.handle(trace('warm'))
  for (const service of ['a', 'b', 'c']) void light.ingest.handle(trace(service))
  await until(() => light.store.insertsInto('spans').length === 2)
  expect(light.store.insertsInto('spans').map(({ blocks }) => blocks)).toEqual([1, 1])

  const heavy = open({ workers: 2, blockAgeMs: 1_000 })
  await Promise.all(Array.from({ length: 8 }, (_, at) => heavy.ingest.handle(trace(`s${at}`, 1_000))))
  expect(Math.max(...heavy.store.insertsInto('spans').map(({ blocks }) => blocks))).toBe(2)
  expect(heavy.store.stored('spans')).toHaveLength(8_000)
})

test('what a dying thread held is 503, it is started again, and the same requests are stored then', async () => {
  const { ingest, store, metrics, threads } = open({ workers: 1, blockAgeMs: 1_000 })
  await ingest.handle(trace('before'))
  const outcomes = ['a', 'b', 'c'].map((service) => ingest.handle(trace(service)))
  await until(async () => (await scrape(metrics)).sum('binnacle_service_ingest_waiting_rows') === 6)
  await threads[0]?.terminate()
  const lost: OtlpOutcome = {
    type: 'retry',
    status: 503,
    afterSeconds: 1,
    message: 'the request was lost before it was stored',
  }
  expect(await Promise.all(outcomes)).toEqual([lost, lost, lost])
  expect(store.stored('spans')).toHaveLength(2)
  const again = await Promise.all(['a', 'b', 'c'].map((service) => ingest.handle(trace(service))))
  expect(again).toEqual([accepted, accepted, accepted])
  expect(store.stored('spans')).toHaveLength(8)
  expect(threads).toHaveLength(2)
  const shown = await scrape(metrics)
  expect(shown.sum('binnacle_service_ingest_worker_restarts_total')).toBe(1)
  expect(shown.sum('binnacle_service_ingest_items_failed_total')).toBe(6)
  expect(shown.sum('binnacle_service_ingest_waiting_rows')).toBe(0)
  // Its resources were lost with it and are written again.
  expect(
    store
      .stored('resources')
      .map((row) => row['service'])
      .sort(),
  ).toEqual(['a', 'b', 'before', 'c'])
})

test('a thread that dies while it decodes costs what it was given, and what waited outside is stored', async () => {
  const { ingest, store, threads } = open({ workers: 1, blockAgeMs: 50 })
  const outcomes = Promise.all(Array.from({ length: 10 }, (_, at) => ingest.handle(trace(`s${at}`))))
  // The thread has not even begun to run: its window is full, the other six wait.
  await threads[0]?.terminate()
  const types = (await outcomes).map(({ type }) => type)
  expect(types).toEqual([...new Array(4).fill('retry'), ...new Array(6).fill('accepted')])
  expect(store.stored('spans')).toHaveLength(12)
})

test('one flooding sender does not delay another', async () => {
  const { ingest, store } = open({ workers: 1, blockAgeMs: 5, blockRowsMax: 1_000 })
  const answered: string[] = []
  const send = async (sender: string) => {
    await ingest.handle(from(sender, trace(sender, 1_000)))
    answered.push(sender)
  }
  const all = [...new Array(60).fill('flood'), 'quiet'].map(send)
  await Promise.all(all)
  expect(answered.indexOf('quiet')).toBeLessThan(10)
  expect(store.stored('spans')).toHaveLength(61_000)
})

test('shutdown commits and answers what is open and what waits', async () => {
  const { ingest, store } = open({ workers: 2, blockAgeMs: 1_000 })
  const outcomes = Array.from({ length: 20 }, (_, at) => ingest.handle(trace(`s${at}`, 100)))
  await ingest.close()
  expect(await Promise.all(outcomes)).toEqual(new Array(20).fill(accepted))
  expect(store.stored('spans')).toHaveLength(2_000)
})
