import { describe, expect, test } from 'vitest'
import {
  type BatcherConfig,
  type BatchLoss,
  type BatchPart,
  createBatcher,
} from '../../../collector/agent/batch/batcher.ts'
import type { KubeRecord, ObjectChange } from '../../../collector/record/kube.ts'
import type { UsagePoint } from '../../../collector/record/usage.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const point = (namespace: string, cpuMillicores: number): UsagePoint => ({
  pod: { uid: '', name: '', namespace, node: '', workloadKind: '', workloadName: '', version: '' },
  container: 'main',
  cpuMillicores,
  memoryBytes: 0,
  timeMs: 0,
})

const change = (namespace: string, kind: ObjectChange['change'], name = 'x'): KubeRecord => ({
  type: 'change',
  record: {
    id: name,
    kind: 'Pod',
    namespace,
    name,
    uid: '',
    workloadKind: '',
    workloadName: '',
    timeMs: 0,
    change: kind,
    from: '',
    to: '',
    previousDurationMs: 0,
    container: '',
    exitCode: 0,
    reason: '',
    message: '',
    image: '',
    version: '',
    replicas: 0,
  },
})

function start(config: Partial<BatcherConfig> = {}) {
  const clock = createManualClock()
  const written: { lane: string; texts: string[]; items: number }[] = []
  const losses: BatchLoss[] = []
  const text = (part: BatchPart) => Buffer.concat(part.pieces).toString()
  const spool = { failure: undefined as string | undefined, kubeBacklog: 0 }
  const batcher = createBatcher(
    {
      clock,
      append: async (lane, { parts }) => {
        await undefined
        if (spool.failure === undefined)
          written.push({
            lane,
            texts: parts.map(text),
            items: parts.reduce((sum, part) => sum + part.items, 0),
          })
        return spool.failure
      },
      kubeBacklog: () => spool.kubeBacklog,
      encodeKube: (records) =>
        Buffer.from(
          records.map(({ record }) => `${record.namespace}/${'name' in record ? record.name : ''}`).join(),
        ),
      encodeUsage: (points) => Buffer.from(points.map((one) => one.cpuMillicores).join()),
      onLoss: (loss) => losses.push(loss),
    },
    {
      windowMs: 1_000,
      kubeWindowMs: 250,
      batchBytesMax: 4_000,
      memoryBytesMax: 10_000,
      retryMs: 1_000,
      ...config,
    },
  )
  const request = (body: string, namespace = 'shop', items = 1) =>
    batcher.request({ signal: 'traces', parts: [{ namespace, pieces: [Buffer.from(body)], items }] })
  return { clock, written, losses, spool, batcher, request }
}

test('records are batched for longer while their batches wait for one another, up to a limit', async () => {
  const { clock, written, spool, batcher } = start({ batchBytesMax: 1_000_000, memoryBytesMax: 2_000_000 })
  const batchesIn = async (backlog: number, ms: number) => {
    spool.kubeBacklog = backlog
    const before = written.length
    for (let passed = 0; passed < ms; passed += 50) {
      batcher.kube([change('a', 'status')])
      await clock.advance(50)
    }
    return written.length - before
  }
  // The first after a silence soon, then one a second.
  expect(await batchesIn(0, 300)).toBe(1)
  expect(await batchesIn(0, 4_000)).toBe(4)
  await clock.advance(5_000)
  expect(await batchesIn(0, 300)).toBe(1)
  expect(await batchesIn(8, 4_000)).toBe(2)
  expect(await batchesIn(400, 10_000)).toBeGreaterThan(1)
  await batcher.close()
})

describe('room for records', () => {
  test('is there again when half of the memory is free, whatever freed it, and while closing', async () => {
    const { clock, batcher, losses } = start({ memoryBytesMax: 4_000, kubeWindowMs: 100 })
    batcher.kube([change('a', 'status')])
    expect(batcher.kubeRoom()).toBeUndefined()
    batcher.kube([change('b', 'status'), change('b', 'status'), change('b', 'status')])
    let free = false
    void batcher.kubeRoom()?.then(() => {
      free = true
    })
    await clock.advance(50)
    expect(free).toBe(false)
    await clock.advance(60)
    expect(free).toBe(true)
    batcher.kube([change('a', 'status'), change('b', 'status'), change('b', 'status'), change('b', 'status')])
    const room = batcher.kubeRoom()
    expect(room).toBeDefined()
    batcher.dropNamespace('b')
    await room
    expect(losses.length).toBe(3)
    const closed = batcher.close()
    expect(batcher.kubeRoom()).toBeUndefined()
    await closed
  })
})

describe('a batcher', () => {
  test('writes kubernetes records of a window of 250 ms together, in order', async () => {
    const { batcher, clock, written } = start()
    batcher.kube([change('shop', 'created', 'a')])
    await clock.advance(200)
    batcher.kube([change('shop', 'created', 'b')])
    await clock.advance(49)
    expect(written).toEqual([])
    await clock.advance(1)
    expect(written).toEqual([{ lane: 'kube', texts: ['shop/a,shop/b'], items: 2 }])
  })

  test('8.1/15 answers a request only after its batch is on disk', async () => {
    const { clock, written, request } = start()
    let outcome: unknown
    void request('one').then((value) => {
      outcome = value
    })
    await clock.advance(999)
    expect(outcome).toBeUndefined()
    await clock.advance(1)
    expect(outcome).toEqual({ type: 'kept', droppedItems: 0 })
    expect(written).toEqual([{ lane: 'traces', texts: ['one'], items: 1 }])
  })

  test('a full batch does not wait for its window', async () => {
    const { clock, written, request } = start()
    void request('x'.repeat(3_000))
    void request('y'.repeat(3_000))
    await clock.advance(0)
    expect(written.map(({ texts }) => texts.length)).toEqual([1])
    await clock.advance(1_000)
    expect(written.map(({ texts }) => texts.length)).toEqual([1, 1])
  })

  test('points and requests of applications share the metrics lane', async () => {
    const { batcher, clock, written } = start()
    batcher.usage([point('shop', 1), point('shop', 2)])
    void batcher.request({
      signal: 'metrics',
      parts: [
        { namespace: 'shop', pieces: [Buffer.from('p')], items: 7 },
        { namespace: 'pay', pieces: [Buffer.from('q')], items: 3 },
      ],
    })
    expect(batcher.state().metrics.items).toEqual({ metrics: 14 })
    await clock.advance(1_000)
    expect(written).toEqual([{ lane: 'metrics', texts: ['1,2', 'p', 'q'], items: 14 }])
    expect(batcher.state().metrics).toEqual({ bytes: 0, items: {} })
  })

  test('a namespace that is no longer collected leaves memory, but the record of the stop stays', async () => {
    const { batcher, clock, written, losses, request } = start()
    batcher.kube([
      change('shop', 'created', 'a'),
      change('pay', 'created', 'b'),
      change('shop', 'collection-stopped', 's'),
    ])
    batcher.usage([point('shop', 1)])
    const answer = request('span', 'shop', 4)
    batcher.dropNamespace('shop')
    expect(await answer).toEqual({ type: 'kept', droppedItems: 4 })
    await clock.advance(1_000)
    expect(written).toEqual([{ lane: 'kube', texts: ['pay/b', 'shop/s'], items: 2 }])
    expect(losses.map(({ lane, items, reason }) => [lane, items, reason])).toEqual([
      ['kube', 1, 'scope-stopped'],
      ['metrics', 2, 'scope-stopped'],
      ['traces', 4, 'scope-stopped'],
    ])
  })

  test('when the spool fails, requests are refused and records wait', async () => {
    const { batcher, clock, spool, written, request } = start()
    spool.failure = 'ENOSPC'
    batcher.kube([change('shop', 'created', 'a')])
    const answer = request('span')
    await clock.advance(1_000)
    expect(await answer).toEqual({ type: 'failed', message: 'ENOSPC', failedItems: 1 })
    expect(written).toEqual([])
    spool.failure = undefined
    batcher.kube([change('shop', 'created', 'b')])
    await clock.advance(2_000)
    expect(written).toEqual([{ lane: 'kube', texts: ['shop/a,shop/b'], items: 2 }])
    expect(batcher.state().kube.bytes).toBe(0)
  })

  test('at the limit of memory requests are refused and the oldest records go, counted', async () => {
    const { batcher, clock, losses, spool, written, request } = start()
    spool.failure = 'ENOSPC'
    const answers = [1, 2, 3, 4].map((one) => request(String(one).repeat(3_000)))
    expect(await answers[3]).toMatchObject({ type: 'failed', message: expect.stringContaining('memory') })
    const names = Array.from({ length: 40 }, (_, index) => `pod-${index}`)
    for (const name of names) batcher.kube([change('shop', 'created', name)])
    expect(batcher.state().kube.bytes).toBeLessThanOrEqual(10_000)
    spool.failure = undefined
    await clock.advance(5_000)
    const kept = written.filter(({ lane }) => lane === 'kube').flatMap(({ texts }) => texts.join().split(','))
    expect(kept.length + losses.length).toBe(40)
    expect(kept.at(-1)).toBe('shop/pod-39')
    expect(losses.every(({ reason }) => reason === 'memory-full')).toBe(true)
  })

  test('closing writes what waits at once', async () => {
    const { batcher, written, losses } = start()
    batcher.kube([change('shop', 'created', 'a')])
    await batcher.close()
    expect(written).toHaveLength(1)
    expect(losses).toEqual([])
  })

  test('what cannot be written when closing is counted as lost', async () => {
    const { batcher, spool, losses } = start()
    spool.failure = 'ENOSPC'
    batcher.kube([change('shop', 'created', 'a')])
    await batcher.close()
    expect(losses).toEqual([{ lane: 'kube', signal: 'logs', items: 1, reason: 'shutdown' }])
    expect(batcher.state().kube.bytes).toBe(0)
  })
})
