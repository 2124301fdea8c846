import { afterEach, describe, expect, test } from 'vitest'
import type { KubeObject } from '../../support/kube-api/objects.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../../support/kube-api/server.ts'
import { printedPod } from '../../support/kube-api/table.ts'
import { createAddresses } from '../../support/simulated-cluster/addresses.ts'
import { createSimulatedCluster } from '../../support/simulated-cluster/cluster.ts'
import type { StartPodProcess } from '../../support/simulated-cluster/pod-process.ts'
import { workloads } from '../../support/simulated-cluster/workloads.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Started {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly end: (code: number) => void
  stopped: boolean
}

/** The cluster on a clock of its own; containers are promises. */
async function startCluster({ seed = 1, ownIps = true } = {}) {
  let nowMs = Date.parse('2026-05-01T08:00:00Z')
  const api = await startFakeKubeApi({ nowMs: () => nowMs })
  closers.push(() => api.close())
  const started: Started[] = []
  const startProcess: StartPodProcess = ({ program, env }) => {
    const { promise, resolve } = Promise.withResolvers<number>()
    const one: Started = { program, env, end: resolve, stopped: false }
    started.push(one)
    const stop = async () => {
      one.stopped = true
      resolve(0)
    }
    return { started: Promise.resolve(), exited: promise, stop }
  }
  let state = seed
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  const services = new Map([['magnanimo', { host: '127.0.0.1', port: 4000 }]])
  const cluster = createSimulatedCluster({
    api,
    workloads,
    addresses: createAddresses(workloads, { network: '127.10', ownIps, services }),
    otlpEndpoint: 'http://127.0.0.1:4318',
    nowMs: () => nowMs,
    random,
    startProcess,
  })
  return {
    api,
    started,
    cluster,
    /** Ticks as the program does, ten times a second. */
    async run(seconds: number, tickMs = 100) {
      for (const endMs = nowMs + seconds * 1000; nowMs < endMs; ) {
        nowMs += tickMs
        cluster.tick()
        await Promise.resolve()
        await Promise.resolve()
      }
    },
  }
}

const podsOf = (api: FakeKubeApi, app: string) =>
  api.list('Pod').filter(({ metadata }) => metadata.labels?.['app'] === app)
const only = (api: FakeKubeApi, app: string): KubeObject => {
  const [pod, ...more] = podsOf(api, app)
  if (!pod || more.length > 0) throw new Error(`${more.length + 1} pods of ${app}`)
  return pod
}
const eventsOf = (api: FakeKubeApi, pod: KubeObject) =>
  api.list('Event', pod.metadata.namespace).filter((event) => {
    const { uid } = event['involvedObject'] as { uid: string }
    return uid === pod.metadata.uid
  })
const reasonsOf = (api: FakeKubeApi, pod: KubeObject) => eventsOf(api, pod).map((event) => event['reason'])

describe('the simulated cluster', () => {
  test('a namespace that asks for injection late has pods without; one restarted then does not bear it', async () => {
    const { api, run } = await startCluster()
    await run(65)
    const labelOf = (name: string) =>
      podsOf(api, name).map(({ metadata }) => metadata.labels?.['binnacle.dev/injected'])
    expect([labelOf('catalogo').every(Boolean), labelOf('postgres'), labelOf('sconti')]).toEqual([
      true,
      [undefined],
      [undefined],
    ])
    await run(50)
    expect(labelOf('sconti').map(Boolean)).toEqual([false, true])
    expect(podsOf(api, 'sconti').map((pod) => printedPod(pod).status)).toEqual([
      'Running',
      'CrashLoopBackOff',
    ])
    const entry = { namespace: 'payments', kind: 'Deployment', name: 'sconti', reason: 'it crashed', at: '' }
    api.create('ConfigMap', {
      metadata: { namespace: 'default', name: 'binnacle-agent-injection' },
      data: { 'disabled.json': JSON.stringify([entry]) },
    })
    for (const pod of podsOf(api, 'sconti').slice(1))
      api.remove('Pod', { namespace: 'payments', name: pod.metadata.name })
    await run(10)
    expect(podsOf(api, 'sconti').at(-1)?.metadata.annotations?.['binnacle.dev/injection']).toBe(
      'skipped: switched off for Deployment sconti: it crashed',
    )
  })

  test('has pods of every kind in its namespaces within half a minute', async () => {
    const { api, run } = await startCluster()
    await run(30)
    const all = api.list('Pod')
    expect(all.length).toBeGreaterThanOrEqual(40)
    expect(all.length).toBeLessThanOrEqual(60)
    expect(new Set(all.map(({ metadata }) => metadata.namespace))).toEqual(
      new Set(['shop', 'payments', 'staging', 'batch', 'kube-system']),
    )
    for (const pod of all.filter(({ metadata }) => metadata.namespace === 'shop'))
      expect(printedPod(pod)).toEqual({ ready: '1/1', status: 'Running', restarts: '0' })
    expect(api.get('Namespace', { name: 'kube-system' })?.metadata.uid).toMatch(/^5f1c7a52-/)
  })

  test.each([
    ['fatture', 'CrashLoopBackOff', ['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started', 'BackOff']],
    ['report', 'OOMKilled', ['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started']],
    ['antifrode', 'ImagePullBackOff', ['Scheduled', 'Pulling', 'Failed', 'BackOff']],
    ['modello', 'Pending', ['FailedScheduling']],
    ['tariffe', 'CreateContainerConfigError', ['Scheduled', 'Pulled', 'Failed']],
    ['notifiche', 'ContainerCreating', ['Scheduled', 'FailedMount']],
    ['migrazione', 'Init:CrashLoopBackOff', ['Scheduled', 'BackOff', 'Started']],
    ['cache', 'Evicted', ['Evicted']],
    ['gateway', 'Running', ['Unhealthy']],
  ])('%s comes to be %s', async (app, status, reasons) => {
    const { api, run } = await startCluster()
    const seen = new Set<string>()
    for (let second = 0; second < 45; second++) {
      await run(1)
      for (const pod of podsOf(api, app)) seen.add(printedPod(pod).status)
    }
    expect(seen).toContain(status)
    const [pod] = podsOf(api, app)
    expect(pod && reasonsOf(api, pod)).toEqual(expect.arrayContaining(reasons))
  })

  test('repeats an event on the same uid: with a count, or with a series from the scheduler', async () => {
    const { api, run } = await startCluster()
    await run(5)
    const event = (app: string, reason: string) =>
      eventsOf(api, only(api, app)).find((one) => one['reason'] === reason)
    const first = event('modello', 'FailedScheduling')
    expect(first).toMatchObject({ firstTimestamp: null, lastTimestamp: null, eventTime: expect.any(String) })
    expect(first).not.toHaveProperty('count')
    await run(60)
    const again = event('modello', 'FailedScheduling')
    expect(again?.metadata.uid).toBe(first?.metadata.uid)
    expect(again).toMatchObject({ series: { count: 4 } })
    const mounts = event('notifiche', 'FailedMount')
    expect(Number(mounts?.['count'])).toBeGreaterThan(2)
    expect(mounts?.['firstTimestamp']).not.toBe(mounts?.['lastTimestamp'])
  })

  test('restarts a container that ends, counts it, and backs off', async () => {
    const { api, run, started } = await startCluster()
    await run(10)
    const ordini = started.find(({ program }) => program === 'ordini.ts')
    ordini?.end(1)
    await run(3)
    expect(printedPod(only(api, 'ordini'))).toEqual({
      ready: '0/1',
      status: 'CrashLoopBackOff',
      restarts: '0',
    })
    await run(15)
    expect(printedPod(only(api, 'ordini'))).toEqual({ ready: '1/1', status: 'Running', restarts: '1' })
    expect(started.filter(({ program }) => program === 'ordini.ts')).toHaveLength(2)
  })

  test('gives containers what their specification says, the downward API resolved', async () => {
    const { api, run, started } = await startCluster()
    await run(10)
    const pod = only(api, 'ordini')
    const { env } = started.find(({ program }) => program === 'ordini.ts') ?? {}
    expect(env).toMatchObject({
      HOST: (pod['status'] as { podIP: string }).podIP,
      PORT: '5001',
      POD_NAME: pod.metadata.name,
      POD_UID: pod.metadata.uid,
      POD_NAMESPACE: 'shop',
      NODE_NAME: (pod['spec'] as { nodeName: string }).nodeName,
      OTEL_SERVICE_NAME: 'ordini',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    })
    const magnanimo = started.find(({ program }) => program === 'magnanimo.ts')
    expect(magnanimo?.env['BENIGNO']).toMatch(
      /^45=http:\/\/127\.10\.\d+\.1:5000,45=.*\.2:5000,10=.*\.1:5000$/,
    )
  })

  test('gives every pod an address or a port of its own', async () => {
    for (const ownIps of [true, false]) {
      const { run, started } = await startCluster({ ownIps })
      await run(10)
      const servers = started.filter(({ env }) => env['PORT'] !== '0')
      expect(new Set(servers.map(({ env }) => `${env['HOST']}:${env['PORT']}`)).size).toBe(servers.length)
      expect(servers.length).toBe(7)
    }
  })

  test('replaces a pod that somebody deleted, and stops its process', async () => {
    const { api, run, started } = await startCluster()
    await run(10)
    const { name, uid } = only(api, 'ordini').metadata
    api.remove('Pod', { namespace: 'shop', name })
    await run(10)
    expect(only(api, 'ordini').metadata.uid).not.toBe(uid)
    expect(started.filter(({ program }) => program === 'ordini.ts').map(({ stopped }) => stopped)).toEqual([
      true,
      false,
    ])
  })

  test('rolls out a version pod by pod, with Terminating pods and an old ReplicaSet that stays', async () => {
    const { api, run } = await startCluster()
    await run(145)
    const before = podsOf(api, 'catalogo')
    expect(before.map(({ metadata }) => metadata.labels?.['version'])).toEqual(['2.1.0', '2.1.0', '2.1.0'])
    const most: number[] = []
    let sawTerminating = false
    for (let second = 0; second < 40; second++) {
      await run(1)
      const now = podsOf(api, 'catalogo')
      most.push(now.filter(({ metadata }) => !metadata.deletionTimestamp).length)
      sawTerminating ||= now.some((pod) => printedPod(pod).status === 'Terminating')
    }
    const after = podsOf(api, 'catalogo')
    expect(after.map(({ metadata }) => metadata.labels?.['version'])).toEqual(['2.1.1', '2.1.1', '2.1.1'])
    expect(Math.max(...most)).toBe(4)
    expect(Math.min(...most)).toBe(3)
    expect(sawTerminating).toBe(true)
    const replicaSets = api
      .list('ReplicaSet', 'shop')
      .filter(({ metadata }) => metadata.labels?.['app'] === 'catalogo')
    expect(replicaSets.map((one) => (one['status'] as { replicas: number }).replicas).sort()).toEqual([0, 3])
    expect(api.get('Deployment', { namespace: 'shop', name: 'catalogo' })).toMatchObject({
      metadata: { generation: expect.any(Number), labels: { version: '2.1.1' } },
      status: { readyReplicas: 3, updatedReplicas: 3 },
    })
    for (const pod of after) expect((pod['status'] as { podIP: string }).podIP).toMatch(/^127\.10\.\d+\.\d+$/)
  })

  test('does what somebody scales', async () => {
    const { api, run } = await startCluster()
    await run(10)
    const where = { namespace: 'payments', name: 'incassi' }
    api.patch('Deployment', where, { spec: { replicas: 5 } })
    await run(8)
    expect(podsOf(api, 'incassi').map((pod) => printedPod(pod).ready)).toEqual(Array(5).fill('1/1'))
    api.patch('Deployment', where, { spec: { replicas: 1 } })
    await run(8)
    expect(podsOf(api, 'incassi')).toHaveLength(1)
  })

  test('runs jobs, whose pods end and of which the last stay', async () => {
    const { api, run } = await startCluster()
    await run(600, 500)
    const pods = podsOf(api, 'riconciliazione')
    expect(pods.length).toBeGreaterThanOrEqual(3)
    expect(pods.length).toBeLessThanOrEqual(4)
    const statuses = new Set(pods.map((pod) => printedPod(pod).status))
    expect([...statuses].some((status) => ['Completed', 'Error'].includes(status))).toBe(true)
    const [owner] = (pods[0]?.metadata.ownerReferences ?? []) as { kind: string; name: string }[]
    expect(owner?.kind).toBe('Job')
    expect(api.get('Job', { namespace: 'payments', name: owner?.name ?? '' })).toBeDefined()
  })

  test('has what stands around the pods, some of it at fault', async () => {
    const { api, run } = await startCluster()
    await run(75)
    const status = (kind: string, namespace: string, name: string) =>
      api.get(kind, { namespace, name })?.['status']
    const readyOf = (namespace: string, service: string) =>
      api
        .list('EndpointSlice', namespace)
        .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
        .flatMap((slice) => slice['endpoints'] as { conditions: { ready: boolean } }[])
        .map(({ conditions }) => conditions.ready)
    expect(readyOf('shop', 'catalogo')).toEqual([true, true, true])
    expect(readyOf('payments', 'gateway')).toEqual([false, false])
    expect(readyOf('payments', 'rimborsi')).toEqual([])
    expect(api.get('Service', { namespace: 'payments', name: 'vecchio' })).toBeUndefined()
    expect(readyOf('payments', 'vecchio')).toEqual([true])
    expect(status('PersistentVolumeClaim', 'payments', 'archivio')).toEqual({ phase: 'Pending' })
    const quota = status('ResourceQuota', 'payments', 'squadra-billing') as Record<
      string,
      { [key: string]: string }
    >
    const share = Number.parseInt(quota['used']?.['requests.cpu'] ?? '', 10) / 72_000
    expect(share).toBeGreaterThan(0.8)
    expect(share).toBeLessThan(1)
    expect(status('DaemonSet', 'shop', 'registro')).toMatchObject({
      numberAvailable: 3,
      desiredNumberScheduled: 3,
    })
    expect(JSON.stringify(status('Deployment', 'payments', 'antifrode'))).toContain(
      'ProgressDeadlineExceeded',
    )
    expect(JSON.stringify(status('HorizontalPodAutoscaler', 'payments', 'antifrode'))).toContain(
      'FailedGetResourceMetric',
    )
    expect(status('CronJob', 'payments', 'riconciliazione')).toHaveProperty('lastScheduleTime')
  })

  test('stays of one size for hours', async () => {
    const { api, run } = await startCluster()
    const sizes: number[] = []
    for (let quarter = 0; quarter < 6; quarter++) {
      await run(900, 3_000)
      sizes.push(api.list('Pod').length)
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(60)
    expect(api.list('Event').length).toBeLessThan(2_500)
    expect(api.list('ReplicaSet').length).toBeLessThan(45)
  })

  test('is the same again with the same seed', async () => {
    const namesOf = async (seed: number) => {
      const { api, run } = await startCluster({ seed })
      await run(20)
      return api.list('Pod').map((pod) => `${pod.metadata.name} ${printedPod(pod).status}`)
    }
    expect(await namesOf(7)).toEqual(await namesOf(7))
    expect(await namesOf(7)).not.toEqual(await namesOf(8))
  })

  test('stops callers before the called', async () => {
    const { cluster, run, started } = await startCluster()
    await run(10)
    await cluster.close()
    expect(started.every(({ stopped }) => stopped)).toBe(true)
  })
})
