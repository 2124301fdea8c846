import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseAgentConfig } from '../../../collector/agent/config.ts'
import { type RunningAgent, startAgent } from '../../../collector/agent/main.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { splitRequest } from '../../../collector/wire/split-request.ts'
import type { KubeObject } from '../../support/kube-api/objects.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../../support/kube-api/server.ts'
import { type OtlpSink, type SinkRequest, startOtlpSink } from '../../support/otlp-sink.ts'
import { quickAgent } from './support.ts'

let directory: string
let kube: FakeKubeApi
let sink: OtlpSink
let running: RunningAgent[]

/** Creates the object, or brings one that is there to its labels. */
function put(kind: string, object: KubeObject): void {
  const { name, namespace: of, labels = {} } = object.metadata
  const where = { name, ...(of ? { namespace: of } : {}) }
  const current = kube.get(kind, where)
  if (!current) kube.create(kind, object)
  else {
    const gone = Object.keys(current.metadata.labels ?? {}).filter((key) => !(key in labels))
    kube.patch(kind, where, {
      metadata: { labels: { ...Object.fromEntries(gone.map((key) => [key, null])), ...labels } },
    })
  }
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'binnacle-agent-'))
  kube = await startFakeKubeApi()
  writeFileSync(join(directory, 'kubeconfig'), kube.kubeconfig())
  put('Namespace', namespace('kube-system', {}))
  put('Namespace', namespace('shop', { 'binnacle.dev/collect': 'enabled' }))
  put('Namespace', namespace('hidden', {}))
  put('Pod', pod('shop', 'web-1'))
  put('Pod', pod('hidden', 'secret-1'))
  sink = await startOtlpSink()
  running = []
})
afterEach(async () => {
  for (const agent of running) await agent.close()
  await sink.close()
  await kube.close()
  rmSync(directory, { recursive: true })
})

const namespace = (name: string, labels: Record<string, string>) => ({
  metadata: { name, uid: `uid-${name}`, labels, creationTimestamp: '2026-01-01T00:00:00Z' },
  status: { phase: 'Active' },
})
const pod = (home: string, name: string) => ({
  metadata: { name, namespace: home, uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'registry/app:v3' }] },
  status: { phase: 'Running', podIP: '10.0.0.7', containerStatuses: [] },
})

async function start(overrides: Record<string, unknown> = {}): Promise<RunningAgent> {
  const config = parseAgentConfig({
    overrides: {
      'cluster.name': 'test',
      'service.endpoint': sink.url,
      'spool.directory': join(directory, 'spool'),
      ...quickAgent,
      'control.intervalMs': 100,
      ...overrides,
    },
  })
  const agent = await startAgent(config, {
    version: '0.1.0',
    log: silentLog,
    kubeconfig: join(directory, 'kubeconfig'),
  })
  running.push(agent)
  return agent
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** One span as an SDK's JSON exporter sends it. */
async function sendSpan(agent: RunningAgent, name: string, attributes: Record<string, string>) {
  const body = {
    resourceSpans: [
      {
        resource: {
          attributes: Object.entries(attributes).map(([key, stringValue]) => ({
            key,
            value: { stringValue },
          })),
        },
        scopeSpans: [
          {
            spans: [
              {
                traceId: '0102030405060708090a0b0c0d0e0f10',
                spanId: '0102030405060708',
                name,
                startTimeUnixNano: '1700000000000000000',
                endTimeUnixNano: '1700000000100000000',
              },
            ],
          },
        ],
      },
    ],
  }
  const response = await fetch(`http://127.0.0.1:${agent.ports.http}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, answer: (await response.json()) as object }
}

const isData = ({ path }: SinkRequest) => path !== '/v1/opamp'
const batchId = ({ headers }: SinkRequest) => String(headers['binnacle-batch-id'])
const text = ({ body }: SinkRequest) => body.toString('latin1')

/** What a service with a memory for batch ids keeps: each batch once, in the order of arrival. */
function keptBy(accepted: readonly SinkRequest[]): SinkRequest[] {
  const seen = new Set<string>()
  return accepted.filter((one) => {
    const id = batchId(one)
    if (seen.has(id)) return false
    seen.add(id)
    return true
  })
}

describe('the agent', () => {
  test('nothing is lost, nothing doubled and the order kept over an outage and a restart', async () => {
    const accepted: SinkRequest[] = []
    let mode: 'down' | 'answer-lost' | 'up' = 'down'
    let count = 0
    sink.answer = (request) => {
      if (!isData(request)) return { status: 404 }
      if (mode === 'down') return { status: 503 }
      accepted.push(request)
      // Stored, but every third answer does not arrive: the agent must send the same batch again.
      return { status: mode === 'answer-lost' && count++ % 3 === 2 ? 502 : 200 }
    }
    const inFlightMax = { 'ship.inFlightMax': 1 }
    const first = await start(inFlightMax)
    await until(() => first.status().ready, 'ready')
    for (let index = 0; index < 10; index++) {
      put('Pod', pod('shop', `web-${index + 2}`))
      expect(await sendSpan(first, `span-${index};`, { 'k8s.pod.uid': 'uid-web-1' })).toEqual({
        status: 200,
        answer: {},
      })
    }
    expect(accepted).toEqual([])
    await first.close()

    mode = 'answer-lost'
    const second = await start(inFlightMax)
    await until(() => second.status().ready, 'ready again')
    for (let index = 10; index < 20; index++)
      await sendSpan(second, `span-${index};`, { 'k8s.pod.uid': 'uid-web-1' })
    await until(
      () => second.status().lanes.every(({ queued }) => Object.values(queued).every((one) => one === 0)),
      'drained',
    )
    mode = 'up'

    const kept = keptBy(accepted)
    expect(accepted.length).toBeGreaterThan(kept.length)
    const spans = kept.flatMap((request) => text(request).match(/span-\d+(?=;)/g) ?? [])
    expect(spans).toEqual(Array.from({ length: 20 }, (_, index) => `span-${index}`))
    const resent = accepted.filter((one) => one.headers['binnacle-batch-resend'] === '1')
    expect(resent.length).toBeGreaterThanOrEqual(accepted.length - kept.length)
    const firstRun = kept.filter(
      (one) => batchId(one).split('/')[1] === batchId(kept[0] as SinkRequest).split('/')[1],
    )
    for (const path of ['/v1/traces', '/v1/logs']) {
      const numbers = firstRun
        .filter((one) => one.path === path)
        .map((one) => Number(batchId(one).split('/')[2]))
      expect(numbers.length).toBeGreaterThan(0)
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    }
    for (const line of second.status().items)
      expect(line.received + line.recovered).toBe(line.shipped + line.rejected + line.dropped + line.queued)
    const items = kept.reduce((sum, { path, body }) => {
      const signal = path === '/v1/traces' ? 'traces' : 'logs'
      return (
        sum + splitRequest({ signal, encoding: 'protobuf', body }).reduce((all, one) => all + one.items, 0)
      )
    }, 0)
    expect(items).toBe(second.status().items.reduce((sum, line) => sum + line.shipped, 0))
  })

  test('ships pods of selected namespaces and enriched spans, and nothing of the others', async () => {
    const agent = await start()
    await until(() => agent.status().ready, 'ready')
    expect(await sendSpan(agent, 'checkout', { 'k8s.pod.uid': 'uid-web-1' })).toEqual({
      status: 200,
      answer: {},
    })
    const refused = await sendSpan(agent, 'stolen', { 'k8s.namespace.name': 'hidden' })
    expect(refused.answer).toEqual({
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage: expect.stringContaining('namespace hidden is not collected'),
      },
    })
    await until(() => sink.requests.some((one) => text(one).includes('checkout')), 'the span arrives')
    await until(() => sink.requests.some((one) => text(one).includes('"name":"web-1"')), 'the pod arrives')
    const all = sink.requests.filter(isData).map(text).join('')
    expect(all).not.toMatch(/secret-1|stolen|hidden/)
    const span = sink.requests.find((one) => text(one).includes('checkout')) as SinkRequest
    const [resource] = splitRequest({ signal: 'traces', encoding: 'protobuf', body: span.body })
    expect(resource?.attribute('k8s.cluster.uid')).toBe('uid-kube-system')
    expect(resource?.attribute('k8s.cluster.name')).toBe('test')
    expect(resource?.attribute('k8s.namespace.name')).toBe('shop')
    expect(resource?.attribute('k8s.pod.name')).toBe('web-1')
    expect(resource?.attribute('service.version')).toBe('v3')
    const traceLine = () => agent.status().items.find(({ signal }) => signal === 'traces')
    await until(() => traceLine()?.shipped === 1, 'the answer to the traces is counted')
    expect(traceLine()).toMatchObject({ received: 2, shipped: 1, rejected: 1 })
  })

  test('an application that sends before its pod is seen loses nothing, and its first span is enriched', async () => {
    const agent = await start()
    await until(() => agent.status().ready, 'ready')
    let answered = false
    const sent = sendSpan(agent, 'first-span', { 'k8s.pod.uid': 'uid-web-9' }).finally(() => {
      answered = true
    })
    const held = async () =>
      (await (await fetch(`http://127.0.0.1:${agent.ports.admin}/metrics`)).text()).match(
        /^binnacle_agent_otlp_held_requests\S* 1$/m,
      ) !== null
    await until(held, 'the request is held')
    expect(answered).toBe(false)
    put('Pod', pod('shop', 'web-9'))
    expect(await sent).toEqual({ status: 200, answer: {} })
    await until(() => sink.requests.some((one) => text(one).includes('first-span')), 'the span arrives')
    const span = sink.requests.find((one) => text(one).includes('first-span')) as SinkRequest
    const [resource] = splitRequest({ signal: 'traces', encoding: 'protobuf', body: span.body })
    expect(resource?.attribute('k8s.pod.name')).toBe('web-9')
    expect(resource?.attribute('k8s.namespace.name')).toBe('shop')
    expect(agent.status().items.find(({ signal }) => signal === 'traces')).toMatchObject({
      received: 1,
      rejected: 0,
    })
  })

  test('a namespace that opts in later is shipped, and one that opts out stops', async () => {
    const agent = await start()
    await until(() => agent.status().ready, 'ready')
    put('Namespace', namespace('hidden', { 'binnacle.dev/collect': 'enabled' }))
    await until(() => sink.requests.some((one) => text(one).includes('"name":"secret-1"')), 'its pod arrives')
    put('Namespace', namespace('hidden', {}))
    await until(
      () => sink.requests.some((one) => text(one).includes('collection-stopped')),
      'the stop arrives',
    )
    const refused = await sendSpan(agent, 'late', { 'k8s.namespace.name': 'hidden' })
    expect(refused.answer).toHaveProperty('partialSuccess')
  })

  test.each([
    ['while the service is away', false],
    ['while the agent is away too', true],
  ])('what the spool holds of a namespace that opts out %s is never shipped', async (_, restarts) => {
    let up = false
    const accepted: SinkRequest[] = []
    sink.answer = (request) => {
      if (!isData(request)) return { status: 404 }
      if (up) accepted.push(request)
      return { status: up ? 200 : 503 }
    }
    put('Namespace', namespace('hidden', { 'binnacle.dev/collect': 'enabled' }))
    let agent = await start()
    await until(() => agent.status().ready, 'ready')
    await sendSpan(agent, 'checkout', { 'k8s.pod.uid': 'uid-web-1' })
    await sendSpan(agent, 'stolen', { 'k8s.pod.uid': 'uid-secret-1' })
    const spooled = () =>
      agent.status().lanes.every((one) => one.memoryBytes === 0) &&
      agent.status().lanes.some(({ lane, queued }) => lane === 'kube' && (queued.logs ?? 0) > 4)
    await until(spooled, 'pods and spans of both are in the spool')
    if (restarts) await agent.close()
    put('Namespace', namespace('hidden', {}))
    if (restarts) agent = await start()
    else {
      await until(() => agent.status().namespaces.length === 1, 'opted out')
      // Requests that were on their way then have been answered.
      const before = sink.requests.filter(isData).length
      await until(() => sink.requests.filter(isData).length >= before + 8, 'tried again')
    }
    up = true
    await until(
      () => agent.status().lanes.every(({ queued }) => Object.values(queued).every((one) => one === 0)),
      'drained',
    )
    const all = accepted.map(text).join('')
    expect(all).toContain('checkout')
    expect(all).toContain('"name":"web-1"')
    expect(all).not.toMatch(/stolen|secret-1/)
    if (!restarts) expect(all).toContain('collection-stopped')
    for (const line of agent.status().items)
      expect(line.received + line.recovered).toBe(line.shipped + line.rejected + line.dropped + line.queued)
    const metrics = await (await fetch(`http://127.0.0.1:${agent.ports.admin}/metrics`)).text()
    expect(metrics).toMatch(/items_dropped_total\{lane="traces",signal="traces",reason="opted-out"\} 1/)
  })

  test('what the disk lost of the cluster is told anew when the service takes records again', async () => {
    let up = false
    const accepted: SinkRequest[] = []
    sink.answer = (request) => {
      if (!isData(request)) return { status: 404 }
      if (up) accepted.push(request)
      return { status: up ? 200 : 503 }
    }
    const agent = await start()
    await until(() => agent.status().ready, 'ready')
    const queued = () => agent.status().lanes.find(({ lane }) => lane === 'kube')?.queued.logs ?? 0
    const isWritten = () => agent.status().lanes.every(({ memoryBytes }) => memoryBytes === 0)
    await until(() => isWritten() && queued() >= 2, 'the first list is in the spool')
    const before = queued()
    put('Pod', pod('shop', 'web-2'))
    await until(() => isWritten() && queued() > before, 'the new pod is in the spool')
    const lane = join(directory, 'spool', 'kube')
    for (const name of readdirSync(lane).filter((one) => /^\d+/.test(one))) {
      const bytes = readFileSync(join(lane, name))
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 0xff
      writeFileSync(join(lane, name), bytes)
    }
    up = true
    const lost = () => agent.status().items.find((line) => line.lane === 'kube')?.dropped ?? 0
    await until(() => lost() > 0, 'the loss is counted')
    await until(() => accepted.some((one) => text(one).includes('"name":"web-2"')), 'the new pod arrives')
  })

  test('reports over OpAMP and says what it does on its admin port', async () => {
    const agent = await start()
    await until(() => agent.status().ready, 'ready')
    await until(() => sink.requests.some(({ path }) => path === '/v1/opamp'), 'a report')
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${agent.ports.admin}${path}`)
      return { status: response.status, text: await response.text() }
    }
    expect(await get('/livez')).toEqual({ status: 200, text: 'ok\n' })
    expect(await get('/readyz')).toEqual({ status: 200, text: 'ok\n' })
    expect((await get('/metrics')).text).toContain(
      'binnacle_agent_items_received_total{lane="kube",signal="logs"',
    )
    const status = JSON.parse((await get('/status')).text) as { namespaces: unknown[]; cluster: unknown }
    expect(status.cluster).toEqual({ uid: 'uid-kube-system', name: 'test' })
    expect(status.namespaces).toMatchObject([{ namespace: 'shop', selected: true }])
    expect((await get('/status/namespaces/hidden')).text).toContain('"selected":false')
  })

  test('ships the last lines of a container that crashes, and says when it may not read them', async () => {
    const agent = await start({ 'crashLogs.enabled': true, 'crashLogs.lines': 2 })
    await until(() => agent.status().ready, 'ready')
    kube.logs = (_pod, { previous }) => (previous ? 'one\nDB_PASSWORD=hunter2\nfatal\n' : 'alive\n')
    const crash = (name: string, exitCode: number) =>
      kube.patch(
        'Pod',
        { name, namespace: 'shop' },
        {
          status: {
            containerStatuses: [
              {
                name: 'main',
                restartCount: 1,
                state: { running: {} },
                lastState: { terminated: { exitCode, reason: 'Error' } },
              },
            ],
          },
        },
      )
    crash('web-1', 3)
    const shipped = () => sink.requests.map(text).join('')
    await until(() => shipped().includes('"lines":"DB_PASSWORD=[redacted]\\nfatal"'), 'lines are shipped')
    expect(shipped()).not.toContain('hunter2')
    expect(agent.status().health).toMatchObject({ healthy: true })

    put('Pod', pod('shop', 'web-2'))
    kube.faults.forbid({ verb: 'get', resource: 'pods/log' })
    crash('web-2', 3)
    await until(() => !agent.status().health.healthy, 'the missing right is reported')
    expect(agent.status().health.error).toContain('may not read pods/log')
  })

  test('lives while the API server is away, and is not ready', async () => {
    await kube.close()
    const agent = await start()
    expect(agent.status()).toMatchObject({ ready: false, health: { healthy: false } })
    const live = await fetch(`http://127.0.0.1:${agent.ports.admin}/livez`)
    expect(live.status).toBe(200)
    expect((await sendSpan(agent, 'early', { 'k8s.namespace.name': 'shop' })).status).toBe(503)
    kube = await startFakeKubeApi()
  })

  test.each(['receive.grpcPort', 'receive.httpPort', 'admin.port'])(
    'a taken %s is one clear sentence, and nothing stays open',
    async (key) => {
      const blocker = createServer()
      await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
      const { port } = blocker.address() as { port: number }
      await expect(start({ [key]: port })).rejects.toThrow(
        `cannot listen on 127.0.0.1:${port}: the port is in use`,
      )
      await new Promise((resolve) => blocker.close(resolve))
      const agent = await start({ [key]: port })
      expect(Object.values(agent.ports)).toContain(port)
    },
  )

  test.each([
    ['junk', 'application/x-protobuf', Buffer.from('junk!'), 400],
    ['another type', 'text/plain', Buffer.from('x'), 415],
    ['too much', 'application/x-protobuf', Buffer.alloc(20 * 1024 * 1024), 413],
  ])('%s is refused and the agent lives on', async (_, type, body, status) => {
    const agent = await start()
    await until(() => agent.status().ready, 'ready')
    const response = await fetch(`http://127.0.0.1:${agent.ports.http}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    expect(response.status).toBe(status)
    expect((await sendSpan(agent, 'after', { 'k8s.pod.uid': 'uid-web-1' })).status).toBe(200)
  })
})
