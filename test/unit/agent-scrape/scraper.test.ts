import { describe, expect, test } from 'vitest'
import { parsePodMetrics } from '../../../collector/agent/scrape/pod-metrics.ts'
import { createUsageScraper } from '../../../collector/agent/scrape/scraper.ts'
import type { JsonObject, KubeError } from '../../../collector/record/kube-api.ts'
import type { KnownPod } from '../../../collector/record/pod-identity.ts'
import type { UsagePoint } from '../../../collector/record/usage.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const nowMs = 1_700_000_000_000

const metrics = (pod: string, cpu: unknown, memory: unknown, atMs = nowMs): JsonObject => ({
  metadata: { name: pod, namespace: 'shop' },
  timestamp: new Date(atMs).toISOString(),
  window: '15s',
  containers: [{ name: 'web', usage: { cpu, memory } }],
})

describe('parsePodMetrics', () => {
  test.each<[unknown, unknown, [number, number] | undefined]>([
    ['12345678n', '64Mi', [12.345678, 64 * 1024 ** 2]],
    ['250m', '1000Ki', [250, 1_024_000]],
    ['2', '12345', [2000, 12_345]],
    ['0', '0', [0, 0]],
    ['much', '64Mi', undefined],
    [undefined, '64Mi', undefined],
  ])('%s and %s', (cpu, memory, want) => {
    const found = parsePodMetrics({ items: [metrics('web-1', cpu, memory)] }, nowMs)
    expect(found.map((one) => [one.cpuMillicores, one.memoryBytes])).toEqual(
      want ? [[expect.closeTo(want[0], 6), want[1]]] : [],
    )
  })
  test('takes what is no list for empty', () => {
    expect(parsePodMetrics({ items: null }, nowMs)).toEqual([])
    expect(parsePodMetrics({ items: [null, { containers: [{}] }] }, nowMs)).toEqual([])
  })
})

function setUp(answer: (path: string, nowMs: number) => JsonObject | number) {
  const clock = createManualClock(nowMs)
  const points: UsagePoint[] = []
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
        async get(path) {
          asked.push(path)
          const found = answer(path, clock.nowMs())
          const error: KubeError = {
            type: 'error',
            status: Number(found),
            reason: '',
            message: `status ${String(found)}`,
          }
          return typeof found === 'number' ? error : { type: 'object', object: found }
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
    { current: () => current },
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

describe('the scraper', () => {
  test('asks each selected namespace once per interval and tells a sample once', async () => {
    const { clock, points, asked, scraper, end } = setUp((path) => ({
      items: path.includes('/shop/') ? [metrics('web-1', '5m', '1Mi'), metrics('stranger', '5m', '1Mi')] : [],
    }))
    await clock.advance(60_000)
    await end()
    expect(asked.filter((path) => path === '/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods')).toHaveLength(
      3,
    )
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
      const { clock, asked, scraper, end } = setUp(() => status)
      await clock.advance(299_000)
      expect(asked).toHaveLength(1)
      expect(scraper.status()).toMatchObject({ state: 'absent', message: `status ${status}` })
      await clock.advance(2_000)
      expect(asked).toHaveLength(2)
      await end()
    },
  )
  test('a namespace that is refused does not keep the others from being read', async () => {
    const { clock, points, scraper, end } = setUp((path, at) =>
      path.includes('/shop/') ? 403 : { items: [metrics('cart-1', '5m', '1Mi', at)] },
    )
    await clock.advance(30_000)
    await end()
    expect(points.map((one) => one.pod.name)).toEqual(['cart-1', 'cart-1'])
    expect(scraper.status().state).toBe('failing')
  })
  test('an answer for a namespace that opted out meanwhile is dropped', async () => {
    const { clock, points, selected, end } = setUp(() => {
      selected.length = 0
      return { items: [metrics('web-1', '5m', '1Mi')] }
    })
    await clock.advance(1_000)
    await end()
    expect(points).toEqual([])
  })

  test('a changed configuration counts at once, also one that switches it off and on again', async () => {
    const { clock, asked, scraper, current, end } = setUp(() => ({ items: [] }))
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
