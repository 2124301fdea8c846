import { describe, expect, test } from 'vitest'
import { readNodeMetrics, readPodMetrics } from '../../../collector/agent/scrape/read-metrics.ts'
import { createUsageScraper, type UsageScraperConfig } from '../../../collector/agent/scrape/scraper.ts'
import type { JsonObject } from '../../../collector/record/kube-api.ts'
import type { KnownPod } from '../../../collector/record/pod-identity.ts'
import type { NodeUsagePoint, UsagePoint } from '../../../collector/record/usage.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const nowMs = 1_700_000_000_000

const metrics = (pod: string, cpu: unknown, memory: unknown, atMs = nowMs): JsonObject => ({
  metadata: { name: pod, namespace: 'shop' },
  timestamp: new Date(atMs).toISOString(),
  window: '15s',
  containers: [{ name: 'web', usage: { cpu, memory } }],
})

describe('readPodMetrics', () => {
  test.each<[unknown, unknown, [number, number] | undefined]>([
    ['12345678n', '64Mi', [12.345678, 64 * 1024 ** 2]],
    ['250m', '1000Ki', [250, 1_024_000]],
    ['2', '12345', [2000, 12_345]],
    ['0', '0', [0, 0]],
    ['much', '64Mi', undefined],
    [undefined, '64Mi', undefined],
  ])('%s and %s', (cpu, memory, want) => {
    const found = readPodMetrics(metrics('web-1', cpu, memory), nowMs)
    expect(found.map((one) => [one.cpuMillicores, one.memoryBytes])).toEqual(
      want ? [[expect.closeTo(want[0], 6), want[1]]] : [],
    )
  })
  test('takes what is no metrics for nothing', () => {
    for (const item of [
      {},
      { metadata: null, containers: [{}] },
      { ...metrics('a', '1m', '1Ki'), containers: 7 },
    ]) {
      expect(readPodMetrics(item, nowMs)).toEqual([])
      expect(readNodeMetrics(item, nowMs)).toBeUndefined()
    }
  })
})

/** `answer` is asked with what is listed, such as `pods shop`, `pods` of all, or `nodes`. */
function setUp(
  answer: (what: string, nowMs: number) => readonly JsonObject[] | number,
  config: Partial<UsageScraperConfig> = {},
) {
  const clock = createManualClock(nowMs)
  const points: (UsagePoint | NodeUsagePoint)[] = []
  const asked: string[] = []
  const selected = ['shop', 'cart']
  const identity = (name: string, namespace: string): KnownPod => ({
    uid: `uid-${name}`,
    name,
    namespace,
    node: 'n',
    workloadKind: 'Deployment',
    workloadName: 'web',
    version: '1',
    container: '',
    labels: {},
    resourceAttributes: {},
  })
  const current = { enabled: true, intervalMs: 30_000 }
  const scraper = createUsageScraper(
    {
      client: {
        async list({ resource, namespace }, onItem) {
          const what = namespace === undefined ? resource.plural : `${resource.plural} ${namespace}`
          asked.push(what)
          const found = answer(what, clock.nowMs())
          if (typeof found === 'number')
            return { type: 'error', status: found, reason: '', message: `status ${found}` }
          for (const item of found) onItem(item)
          return { type: 'page', resourceVersion: '', continueToken: '' }
        },
      },
      clock,
      random: () => 0,
      log: silentLog,
      namespaces: () => selected,
      pods: {
        find: ({ podName = '', namespace = '' }) =>
          podName === 'stranger' ? undefined : identity(podName, namespace),
      },
      emit: (more) => points.push(...more),
    },
    { current: () => current, ...config },
  )
  const stop = new AbortController()
  const run = scraper.run(stop.signal)
  const end = async () => {
    stop.abort()
    await clock.advance(0)
    await run
  }
  return { clock, points, asked, selected, scraper, current, end }
}

const podsSeen = (points: readonly (UsagePoint | NodeUsagePoint)[]) =>
  points.map((one) => ('pod' in one ? one.pod.name : one.node))
const inNamespace = (namespace: string, item: JsonObject): JsonObject => ({
  ...item,
  metadata: { ...(item['metadata'] as JsonObject), namespace },
})

describe('the scraper', () => {
  test('asks each selected namespace once per interval and tells a sample once', async () => {
    const { clock, points, asked, scraper, end } = setUp((what) =>
      what === 'pods shop' ? [metrics('web-1', '5m', '1Mi'), metrics('stranger', '5m', '1Mi')] : [],
    )
    await clock.advance(60_000)
    await end()
    expect(asked).toEqual(['pods shop', 'pods cart', 'pods shop', 'pods cart', 'pods shop', 'pods cart'])
    expect(points).toHaveLength(1)
    expect(points[0]).toMatchObject({
      pod: { uid: 'uid-web-1', namespace: 'shop' },
      container: 'web',
      cpuMillicores: 5,
      timeMs: nowMs,
    })
    expect(scraper.status().state).toBe('ok')
  })
  test.each([404, 503])(
    'a cluster without metrics-server (%d) is a state, asked again after minutes',
    async (status) => {
      const { clock, asked, scraper, end } = setUp(() => status, { nodes: true })
      await clock.advance(299_000)
      expect(asked).toHaveLength(1)
      expect(scraper.status()).toMatchObject({
        state: 'absent',
        message: `status ${status}`,
        nodes: { state: 'absent' },
      })
      await clock.advance(2_000)
      expect(asked).toHaveLength(2)
      await end()
    },
  )
  test('a namespace that is refused does not keep the others from being read', async () => {
    const { clock, points, scraper, end } = setUp((what, at) =>
      what === 'pods shop' ? 403 : [inNamespace('cart', metrics('cart-1', '5m', '1Mi', at))],
    )
    await clock.advance(30_000)
    await end()
    expect(podsSeen(points)).toEqual(['cart-1', 'cart-1'])
    expect(scraper.status().state).toBe('denied')
  })
  test('an answer for a namespace that opted out meanwhile is dropped', async () => {
    const { clock, points, selected, end } = setUp(() => {
      selected.length = 0
      return [metrics('web-1', '5m', '1Mi')]
    })
    await clock.advance(1_000)
    await end()
    expect(points).toEqual([])
  })
  test('asks once for all when many namespaces are selected, and takes only theirs', async () => {
    const { clock, points, asked, end } = setUp(
      () => [metrics('web-1', '5m', '1Mi'), inNamespace('hidden', metrics('secret-1', '5m', '1Mi'))],
      { clusterWide: true, namespacesMax: 1 },
    )
    await clock.advance(1_000)
    await end()
    expect(asked).toEqual(['pods'])
    expect(podsSeen(points)).toEqual(['web-1'])
  })
  test('asks one by one when it may not ask for all', async () => {
    const { clock, asked, end } = setUp((what) => (what === 'pods' ? 403 : []), {
      clusterWide: true,
      namespacesMax: 1,
    })
    await clock.advance(31_000)
    await end()
    expect(asked).toEqual(['pods', 'pods shop', 'pods cart', 'pods shop', 'pods cart'])
  })
  test('reads nodes with one request, and tells a sample once', async () => {
    const node = {
      metadata: { name: 'node-a' },
      timestamp: new Date(nowMs).toISOString(),
      usage: { cpu: '1500m', memory: '2Gi' },
    }
    const { clock, points, asked, scraper, end } = setUp((what) => (what === 'nodes' ? [node] : []), {
      nodes: true,
    })
    await clock.advance(31_000)
    await end()
    expect(asked.filter((what) => what === 'nodes')).toHaveLength(2)
    expect(points).toEqual([
      { node: 'node-a', cpuMillicores: 1500, memoryBytes: 2 * 1024 ** 3, timeMs: nowMs },
    ])
    expect(scraper.status().nodes).toEqual({ state: 'ok', message: '' })
  })
  test('nodes that may not be read are a state of their own, asked for again after minutes', async () => {
    const { clock, asked, scraper, end } = setUp((what) => (what === 'nodes' ? 403 : []), { nodes: true })
    await clock.advance(299_000)
    expect(asked.filter((what) => what === 'nodes')).toHaveLength(1)
    expect(scraper.status()).toMatchObject({ state: 'ok', nodes: { state: 'denied', message: 'status 403' } })
    await clock.advance(32_000)
    await end()
    expect(asked.filter((what) => what === 'nodes')).toHaveLength(2)
  })

  test('a changed configuration counts at once, also one that switches it off and on again', async () => {
    const { clock, asked, scraper, current, end } = setUp(() => [])
    await clock.advance(0)
    const first = asked.length
    Object.assign(current, { enabled: false })
    scraper.wake()
    await clock.advance(90_000)
    expect([asked.length, scraper.status().state]).toEqual([first, 'off'])
    Object.assign(current, { enabled: true, intervalMs: 1_000 })
    scraper.wake()
    await clock.advance(2_000)
    expect(asked.length).toBe(first * 4)
    await end()
  })
})
