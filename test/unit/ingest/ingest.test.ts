import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OtlpOutcome } from '../../../collector/record/otlp.ts'
import { createIngest, type Ingest, type IngestConfig } from '../../../collector/service/ingest/ingest.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createSelfMetrics, type SelfMetrics } from '../../../collector/std/self-metrics.ts'
import { encodeKubeLogs } from '../../../collector/wire/encode-records.ts'
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts'
import { createFakeStore } from './fake-store.ts'
import { traceRequest } from './otlp-bodies.ts'
import { scrape } from './scrape.ts'

const dayMs = 86_400_000
const nowMs = 1_700_000_000_000
const accepted = { type: 'accepted', rejected: 0, message: '' }
const away = { type: 'unavailable', message: 'connection refused' } as const

let clock: ManualClock
let store: ReturnType<typeof createFakeStore>
let metrics: SelfMetrics
let ingest: Ingest

function start(config: Partial<IngestConfig> = {}): void {
  ingest = createIngest({ store, clock, log: silentLog, metrics, instanceId: 'i' }, config)
}

beforeEach(() => {
  clock = createManualClock(nowMs)
  store = createFakeStore()
  metrics = createSelfMetrics({ part: 'service', version: '0', instanceId: 'i' })
  start()
})
afterEach(async () => {
  await metrics.close()
})

/** Handles and lets the block grow old. */
async function handle(...requests: Parameters<Ingest['handle']>[0][]): Promise<OtlpOutcome[]> {
  const outcomes = Promise.all(requests.map((request) => ingest.handle(request)))
  for (let turn = 0; turn < 5; turn++) await clock.advance(1_000)
  return outcomes
}

const items = async (name: string) =>
  (await scrape(metrics)).sum(`binnacle_service_ingest_items_${name}_total`)

/** received = stored + rejected + duplicate + failed. */
async function expectLedger(want: Record<string, number>): Promise<void> {
  const found = {
    received: await items('received'),
    stored: await items('stored'),
    rejected: await items('rejected'),
    duplicate: await items('duplicate'),
    failed: await items('failed'),
  }
  expect(found).toMatchObject(want)
  expect(found.received).toBe(found.stored + found.rejected + found.duplicate + found.failed)
}

describe('group commit', () => {
  test('requests that come together are one insert, and each is answered', async () => {
    const one = traceRequest({ spans: 2, startMs: nowMs })
    const other = traceRequest({ spans: 3, startMs: nowMs, firstTrace: 100 })
    expect(await handle(one, other)).toEqual([accepted, accepted])
    expect(store.inserts.filter(({ table }) => table === 'spans').map(({ rows }) => rows.length)).toEqual([5])
    await expectLedger({ received: 5, stored: 5 })
  })

  test('8.1/15 nobody is answered before the insert is committed', async () => {
    let commit = () => {}
    store.answer = ({ table }) =>
      table === 'spans' ? new Promise((resolve) => (commit = () => resolve(undefined))) : undefined
    let answered = false
    const outcome = ingest.handle(traceRequest({ spans: 1, startMs: nowMs })).then(() => {
      answered = true
    })
    await clock.advance(5_000)
    expect([store.inserts.length > 0, answered]).toEqual([true, false])
    commit()
    await outcome
  })

  test('a block is closed by its age', async () => {
    start({ blockAgeMs: 200 })
    void ingest.handle(traceRequest({ spans: 1, startMs: nowMs }))
    await clock.advance(199)
    expect(store.inserts).toEqual([])
    await clock.advance(1)
    expect(store.stored('spans')).toHaveLength(1)
  })

  test.each([
    ['rows', { blockRowsMax: 4 }],
    ['bytes', { blockBytesMax: 500 }],
  ])('a block is closed by its %s', async (_name, config) => {
    start({ ...config, blockAgeMs: 1_000_000 })
    const outcome = ingest.handle(traceRequest({ spans: 4, startMs: nowMs }))
    await clock.advance(0)
    expect(store.stored('spans')).toHaveLength(4)
    await clock.advance(1_000_000)
    expect(await outcome).toEqual(accepted)
  })

  test('two groups are committed at once, what comes then waits for the third, and tokens are never used twice', async () => {
    const commits: (() => void)[] = []
    store.answer = ({ table }) =>
      table === 'spans' ? new Promise((resolve) => commits.push(() => resolve(undefined))) : undefined
    const first = ingest.handle(traceRequest({ spans: 1, startMs: nowMs }))
    await clock.advance(1_000)
    const second = ingest.handle(traceRequest({ spans: 2, startMs: nowMs }))
    await clock.advance(1_000)
    const third = ingest.handle(traceRequest({ spans: 3, startMs: nowMs }))
    await clock.advance(1_000)
    const fourth = ingest.handle(traceRequest({ spans: 4, startMs: nowMs }))
    await clock.advance(1_000)
    const rows = () => store.insertsInto('spans').map((insert) => insert.rows.length)
    expect(rows()).toEqual([1, 2])
    commits.shift()?.()
    expect(await first).toEqual(accepted)
    await clock.advance(0)
    expect(rows()).toEqual([1, 2, 7])
    for (const commit of commits) commit()
    expect(await Promise.all([second, third, fourth])).toEqual([accepted, accepted, accepted])
    expect(new Set(store.insertsInto('spans').map(({ token }) => token)).size).toBe(3)
  })

  test('closing inserts what waits and answers its sender', async () => {
    const outcome = ingest.handle(traceRequest({ spans: 1, startMs: nowMs }))
    await clock.advance(0)
    await ingest.close()
    expect(await outcome).toEqual(accepted)
  })
})

describe('when the database fails', () => {
  test('8.1/16 an absent one is 503 with Retry-After, and the items count as failed', async () => {
    store.answer = () => away
    expect(await handle(traceRequest({ spans: 3, startMs: nowMs }))).toEqual([
      { type: 'retry', status: 503, afterSeconds: 1, message: 'the database is not available' },
    ])
    await expectLedger({ received: 3, failed: 3 })
  })

  test('a store that throws is 503, and later requests are stored', async () => {
    store.answer = () => Promise.reject(new Error('a bug'))
    expect(await handle(traceRequest({ spans: 3, startMs: nowMs }))).toMatchObject([{ status: 503 }])
    store.answer = () => undefined
    expect(await handle(traceRequest({ spans: 3, startMs: nowMs }))).toEqual([accepted])
    await expectLedger({ received: 6, failed: 3, stored: 3 })
  })

  test('a look-up that throws is 503, and its items are accounted for', async () => {
    store.lookUp = () => {
      throw new Error('timeout')
    }
    const resent = traceRequest({ spans: 2, startMs: nowMs }, { batchId: 'a/b/1', resend: true })
    expect(await handle(resent)).toMatchObject([{ status: 503 }])
    await expectLedger({ received: 2, failed: 2 })
  })

  test('rows that it refuses harm the request they came in only', async () => {
    store.answer = ({ table, rows }) =>
      table === 'spans' && rows.some((row) => row['service'] === 'bad')
        ? { type: 'refused', message: 'value out of range' }
        : undefined
    const outcomes = await handle(
      traceRequest({ spans: 2, startMs: nowMs }),
      traceRequest({ spans: 3, startMs: nowMs, service: 'bad' }),
    )
    expect(outcomes).toEqual([accepted, { type: 'accepted', rejected: 3, message: 'value out of range' }])
    await expectLedger({ received: 5, stored: 2, rejected: 3 })
  })
})

describe('bounds', () => {
  const refusedAtTheDoor = { type: 'retry', status: 429, afterSeconds: 1, message: expect.any(String) }

  test.each([
    ['rows', { rowsWaitingMax: 5 }, { rowsWaitingMax: 4 }],
    // 4 spans are 648 bytes of JSON, 1 KiB for the request, and less than 4 KiB in blocks.
    ['bytes', { bytesWaitingMax: 16_000 }, { bytesWaitingMax: 4_000 }],
  ])(
    '8.1/9 overload: %s at the bound are 429 and nothing of the request waits, below it they wait',
    async (_name, room, none) => {
      for (const config of [room, none]) {
        store = createFakeStore()
        start(config)
        const first = ingest.handle(traceRequest({ spans: 4, startMs: nowMs }))
        await clock.advance(0)
        const second = ingest.handle({ ...traceRequest({ spans: 4, startMs: nowMs }), peerAddress: 'other' })
        for (let turn = 0; turn < 3; turn++) await clock.advance(1_000)
        expect(await Promise.all([first, second])).toEqual([
          accepted,
          config === room ? accepted : refusedAtTheDoor,
        ])
        expect(store.stored('spans')).toHaveLength(config === room ? 8 : 4)
      }
      await expectLedger({ received: 12, stored: 12 })
      expect(
        (await scrape(metrics)).sum('binnacle_service_ingest_requests_total', { outcome: 'retry' }),
      ).toBe(1)
    },
  )

  test('a request larger than the bound passes when nothing waits', async () => {
    start({ rowsWaitingMax: 2 })
    expect(await handle(traceRequest({ spans: 5, startMs: nowMs }))).toEqual([accepted])
  })

  test('8.1/16 what waits is shown', async () => {
    void ingest.handle(traceRequest({ spans: 4, startMs: nowMs }))
    await clock.advance(0)
    const shown = await scrape(metrics)
    expect(shown.sum('binnacle_service_ingest_waiting_rows', { table: 'spans' })).toBe(4)
    expect(shown.sum('binnacle_service_ingest_waiting_bytes')).toBeGreaterThan(100)
    await ingest.close()
  })
})

describe('batches of agents', () => {
  const batchId = 'agent/boot/7'

  test('8.1/15 a batch that was stored is not stored again when it is resent, and counts as duplicate', async () => {
    await handle(traceRequest({ spans: 2, startMs: nowMs }, { batchId }))
    expect(await handle(traceRequest({ spans: 2, startMs: nowMs }, { batchId, resend: true }))).toEqual([
      accepted,
    ])
    expect(store.stored('spans')).toHaveLength(2)
    await expectLedger({ received: 4, stored: 2, duplicate: 2 })
  })

  test('a resent batch that was not stored is stored', async () => {
    store.answer = () => away
    await handle(traceRequest({ spans: 2, startMs: nowMs }, { batchId }))
    store.answer = () => undefined
    expect(await handle(traceRequest({ spans: 2, startMs: nowMs }, { batchId, resend: true }))).toEqual([
      accepted,
    ])
    expect(store.stored('spans')).toHaveLength(2)
  })

  test('of a batch over two days, the day that is missing is stored', async () => {
    const today = traceRequest({ spans: 2, startMs: nowMs }, { batchId })
    await handle(today)
    const both = JSON.parse(Buffer.from(today.body).toString())
    const yesterday = JSON.parse(
      Buffer.from(traceRequest({ spans: 3, startMs: nowMs - dayMs }).body).toString(),
    )
    const body = Buffer.from(
      JSON.stringify({ resourceSpans: [...both.resourceSpans, ...yesterday.resourceSpans] }),
    )
    expect(await handle({ ...today, body, resend: true })).toEqual([accepted])
    expect(store.stored('spans')).toHaveLength(5)
    await expectLedger({ received: 7, stored: 5, duplicate: 2 })
  })

  test('a resend while the batch is being stored gets the outcome of that', async () => {
    const outcomes = await handle(
      traceRequest({ spans: 2, startMs: nowMs }, { batchId }),
      traceRequest({ spans: 2, startMs: nowMs }, { batchId, resend: true }),
    )
    expect(outcomes).toEqual([accepted, accepted])
    expect(store.stored('spans')).toHaveLength(2)
  })

  test('the same id under another signal is another batch', async () => {
    const logs = {
      ...traceRequest({ spans: 0, startMs: nowMs }, { batchId }),
      signal: 'logs' as const,
      body: Buffer.from('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}'),
    }
    await handle(traceRequest({ spans: 2, startMs: nowMs }, { batchId }), logs)
    expect([store.stored('spans').length, store.stored('logs').length]).toEqual([2, 1])
  })
})

describe('what is in a request', () => {
  test('8.1/16 undecodable bytes are invalid, and counted', async () => {
    const request = {
      ...traceRequest({ spans: 0, startMs: nowMs }),
      body: Buffer.from('{"resourceSpans":5}'),
    }
    expect(await handle(request)).toMatchObject([{ type: 'invalid' }])
    expect((await scrape(metrics)).sum('binnacle_service_ingest_invalid_requests_total')).toBe(1)
    await expectLedger({ received: 0 })
  })

  test('8.1/6 an empty request is a success that inserts nothing', async () => {
    const request = { ...traceRequest({ spans: 0, startMs: nowMs }), body: Buffer.from('{}') }
    expect(await handle(request)).toEqual([accepted])
    expect(store.inserts).toEqual([])
  })

  test('8.1/7 a malformed span is rejected alone, with a message', async () => {
    expect(await handle(traceRequest({ spans: 3, startMs: nowMs, firstSpanId: 'xyz' }))).toEqual([
      { type: 'accepted', rejected: 1, message: expect.stringContaining('span id') },
    ])
    await expectLedger({ received: 3, stored: 2, rejected: 1 })
  })

  test('a resource is stored once, before it is old, and again when its insert failed', async () => {
    store.answer = () => away
    await handle(traceRequest({ spans: 1, startMs: nowMs }))
    store.answer = () => undefined
    await handle(traceRequest({ spans: 1, startMs: nowMs }))
    await handle(traceRequest({ spans: 1, startMs: nowMs }))
    expect(store.stored('resources')).toMatchObject([{ service: 'shop' }])
    await clock.advance(11 * 60_000)
    await handle(traceRequest({ spans: 1, startMs: nowMs }))
    expect(store.stored('resources')).toHaveLength(2)
  })

  test('Kubernetes records go to their tables, ordinary records to logs', async () => {
    const event = {
      uid: 'e-1',
      resourceVersion: '5',
      namespace: 'shop',
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off restarting failed container',
      severity: 'warning' as const,
      category: 'pod',
      objectKind: 'Pod',
      objectName: 'p',
      objectNamespace: 'shop',
      objectUid: 'u',
      workloadKind: 'Deployment',
      workloadName: 'd',
      count: 3,
      firstTimeMs: nowMs - 1000,
      lastTimeMs: nowMs,
      component: 'kubelet',
      host: 'n',
      observedAtMs: nowMs,
      backfill: false,
    }
    const body = encodeKubeLogs({
      resource: new Map([['k8s.cluster.uid', 'c-1']]),
      records: [{ type: 'event', record: event }],
    })
    const request = {
      ...traceRequest({ spans: 0, startMs: nowMs }),
      signal: 'logs' as const,
      encoding: 'protobuf' as const,
    }
    expect(await handle({ ...request, body })).toEqual([accepted])
    expect(store.stored('k8s_events')).toMatchObject([{ cluster_id: 'c-1', event_uid: 'e-1', count: 3 }])
    expect(store.stored('logs')).toEqual([])
  })
})
