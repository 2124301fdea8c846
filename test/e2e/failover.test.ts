import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeKubeApi, startFakeKubeApi } from '../support/kube-api/server.ts'
import {
  eventually,
  freePort,
  startCli,
  startNode,
  type TempDirectory,
  type TestProcess,
  tempDirectory,
} from '../support/processes.ts'
import { startTcpLink, type TcpLink } from '../support/tcp-link.ts'

/**
 * Replicas of the agent as real processes around one API server, under churn: whatever becomes of the leader, every change
 * and every version of an event is stored, once. `long` (npm run test:crash): three replicas, the times of production, and
 * clocks that are wrong.
 */
const long = process.env['BINNACLE_FAILOVER'] === 'long'
const times = long
  ? { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 }
  : { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryMs: 300 }
const replicasCount = long ? 3 : 2
const takeoverMsMax = long ? 20_000 : 12_000
const handOverMsMax = 3_000
const churnEveryMs = long ? 50 : 100

interface Replica {
  readonly name: string
  readonly adminPort: number
  readonly link: TcpLink
  readonly skewMs: number
  process: TestProcess
}

interface Status {
  readonly ready: boolean
  readonly leader: boolean
  readonly health: { readonly components: readonly { readonly name: string; readonly status: string }[] }
}

let directory: TempDirectory
let kube: FakeKubeApi
let service: TestProcess
let serviceUrl: string
let replicas: Replica[]
let churn: Churn
const client = { query: async <Row>(_sql: string): Promise<Row[]> => [], close: async () => {} }

beforeAll(async () => {
  directory = tempDirectory('failover')
  kube = await startFakeKubeApi()
  for (const name of ['kube-system', 'binnacle']) kube.create('Namespace', { metadata: { name } })
  kube.create('Namespace', { metadata: { name: 'shop', labels: { 'binnacle.dev/collect': 'enabled' } } })
  const [port, clickhousePort] = await Promise.all([freePort(), freePort()])
  serviceUrl = `http://127.0.0.1:${port}`
  service = startCli(
    ...['serve', '--listen', `127.0.0.1:${port}`, '--clickhouse-port', String(clickhousePort)],
    ...['--data-dir', join(directory.path, 'clickhouse')],
  )
  const clickhouse = createClient({ url: `http://127.0.0.1:${clickhousePort}`, database: 'binnacle' })
  client.close = () => clickhouse.close()
  client.query = async (query) => (await clickhouse.query({ query, format: 'JSONEachRow' })).json()
  await eventually(
    'the service is ready',
    async () => (await fetch(`${serviceUrl}/readyz`)).ok || undefined,
    {
      withinMs: 60_000,
      hint: service.output,
    },
  )
  replicas = await Promise.all(
    Array.from({ length: replicasCount }, async (_, index) => {
      const replica = {
        name: `agent-${index}`,
        adminPort: await freePort(),
        link: await startTcpLink(Number(new URL(kube.url).port)),
        skewMs: long ? ([0, 3_600_000, -3_600_000][index % 3] ?? 0) : 0,
      }
      return { ...replica, process: startAgent(replica) }
    }),
  )
  await Promise.all(replicas.map(ready))
  churn = startChurn(kube)
})
afterAll(async () => {
  churn?.stop()
  await Promise.all((replicas ?? []).map((one) => one.process.kill('SIGKILL')))
  await Promise.all((replicas ?? []).map((one) => one.link.close()))
  await client.close()
  await service?.kill('SIGTERM')
  await kube?.close()
  directory?.remove()
})

function startAgent({ name, adminPort, link, skewMs }: Omit<Replica, 'process'>): TestProcess {
  const kubeconfig = join(directory.path, `${name}.kubeconfig`)
  writeFileSync(kubeconfig, kube.kubeconfig().replace(kube.url, `http://127.0.0.1:${link.port}`))
  const config = {
    service: { endpoint: serviceUrl },
    cluster: { name: 'failover' },
    leaderElection: { enabled: true, namespace: 'binnacle', name: 'agent', identity: name, ...times },
    receive: { grpcPort: 0, httpPort: 0 },
    admin: { port: adminPort },
    spool: { directory: join(directory.path, name) },
    ship: { drainMs: 2_000 },
  }
  const file = join(directory.path, `${name}.yaml`)
  writeFileSync(file, JSON.stringify(config))
  return startNode(
    ['--import', './test/support/skewed-clock.ts', 'collector/cli/main.ts', 'agent'].concat([
      ...['--config', file, '--kubeconfig', kubeconfig],
    ]),
    { BINNACLE_TEST_CLOCK_SKEW_MS: String(skewMs) },
  )
}

async function statusOf({ adminPort }: Replica): Promise<Status | undefined> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/status`, {
    signal: AbortSignal.timeout(2_000),
  }).catch(() => undefined)
  return answer && ((await answer.json()) as Status)
}

const ready = (replica: Replica) =>
  eventually(`${replica.name} is ready`, async () => (await statusOf(replica))?.ready || undefined, {
    hint: replica.process.output,
  })

async function leadersNow(): Promise<Replica[]> {
  const leads = await Promise.all(
    replicas.map(async (one) => ((await statusOf(one))?.leader ? one : undefined)),
  )
  return leads.filter((one) => one !== undefined)
}

const leader = (other?: Replica): Promise<Replica> =>
  eventually(
    'one leads',
    async () => {
      const [first, ...more] = await leadersNow()
      expect(more).toEqual([])
      return first === other ? undefined : first
    },
    {
      withinMs: 60_000,
      everyMs: 25,
      hint: () => replicas.map((one) => one.process.output()).join('\n---\n'),
    },
  )

async function restart(replica: Replica): Promise<void> {
  replica.process = startAgent(replica)
  await ready(replica)
}

interface Churn {
  /** Ids of changes and (uid, resourceVersion) of events that must be stored. */
  readonly changes: Set<string>
  readonly events: Set<string>
  stop(): void
}

/** Pods that come, fail, restart and go, and events of which some are counted up. */
function startChurn(api: FakeKubeApi): Churn {
  const changes = new Set<string>()
  const events = new Set<string>()
  let round = 0
  const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const status = (restarts: number, state: object) => ({
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          ...{ name: 'main', image: 'app:1', ready: 'running' in state, restartCount: restarts, state },
          lastState: restarts > 0 ? { terminated: { exitCode: 1, reason: 'Error', finishedAt: now() } } : {},
        },
      ],
    },
  })
  const tell = (reason: string, uid: string, name: string) => ({
    metadata: { name: `${name}.${reason}`, namespace: 'shop' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name, uid },
    ...{ type: 'Normal', reason, message: `${reason} ${name}`, count: 1, source: { component: 'kubelet' } },
    ...{ firstTimestamp: now(), lastTimestamp: now() },
  })
  const keep = ({ metadata }: { metadata: { uid?: string; resourceVersion?: string } }) =>
    events.add(`${metadata.uid} ${metadata.resourceVersion}`)
  const timer = setInterval(() => {
    round++
    const name = `web-${round}`
    const created = api.create('Pod', {
      metadata: { name, namespace: 'shop' },
      spec: { nodeName: 'n', containers: [{ name: 'main', image: 'app:1' }] },
      ...status(0, { running: {} }),
    })
    const uid = created.metadata.uid ?? ''
    changes.add(`${uid}:created`)
    keep(api.create('Event', tell('Started', uid, name)))
    const older = { namespace: 'shop', name: `web-${round - 3}` }
    const old = api.get('Pod', older)
    if (old) {
      const failed = api.patch('Pod', older, status(0, { waiting: { reason: 'ImagePullBackOff' } }))
      changes.add(`${old.metadata.uid}:status:${failed.metadata.resourceVersion}`)
      keep(api.create('Event', tell('BackOff', old.metadata.uid ?? '', older.name)))
    }
    const restarting = { namespace: 'shop', name: `web-${round - 6}` }
    const restarted = api.get('Pod', restarting)
    if (restarted) {
      const running = api.patch('Pod', restarting, status(1, { running: {} }))
      changes.add(`${restarted.metadata.uid}:status:${running.metadata.resourceVersion}`)
      changes.add(`${restarted.metadata.uid}:restart:main:1`)
      const event = { namespace: 'shop', name: `${restarting.name}.BackOff` }
      keep(api.patch('Event', event, { count: 7, lastTimestamp: now() }))
    }
    const dying = { namespace: 'shop', name: `web-${round - 40}` }
    const gone = api.get('Pod', dying)
    if (!gone) return
    // As a kubelet ends one: it is marked, its last state is written, it goes.
    api.patch('Pod', dying, { metadata: { deletionTimestamp: now() }, status: { phase: 'Succeeded' } })
    api.remove('Pod', dying)
    changes.add(`${gone.metadata.uid}:deleted`)
  }, churnEveryMs)
  return { changes, events, stop: () => clearInterval(timer) }
}

/** All of the churn is there, and nothing twice. */
async function expectAllOnce(): Promise<void> {
  const pods = "WHERE kind = 'Pod' AND namespace = 'shop'"
  const missing = async (want: ReadonlySet<string>, sql: string) => {
    const got = new Set((await client.query<{ id: string }>(sql)).map(({ id }) => id))
    return [...want].filter((id) => !got.has(id))
  }
  const changes = new Set(churn.changes)
  const events = new Set(churn.events)
  await eventually(
    'everything is stored',
    async () => {
      const lost = {
        changes: await missing(changes, `SELECT change_id AS id FROM k8s_changes ${pods}`),
        events: await missing(
          events,
          `SELECT concat(event_uid, ' ', resource_version) AS id FROM k8s_events`,
        ),
      }
      expect(lost).toEqual({ changes: [], events: [] })
      return true
    },
    { everyMs: 300, hint: () => replicas.map((one) => one.process.output()).join('\n---\n') },
  )
  const [doubled] = await client.query<Record<string, string>>(`
    SELECT
      (SELECT toInt32(count() - uniqExact(change_id)) FROM k8s_changes FINAL ${pods}) AS changes,
      (SELECT toInt32(count() - uniqExact(event_uid, resource_version)) FROM k8s_events FINAL) AS events`)
  expect(doubled).toEqual({ changes: 0, events: 0 })
}

async function expectStateOfPods(): Promise<void> {
  await eventually('the stored pods are those of the cluster, in their last state', async () => {
    const rows = await client.query<{ name: string; rv: string }>(
      `SELECT name, resource_version AS rv FROM k8s_objects FINAL WHERE kind = 'Pod' AND NOT deleted`,
    )
    const stored = new Map(rows.map(({ name, rv }) => [name, rv]))
    const real = new Map(
      kube.list('Pod', 'shop').map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
    )
    expect(stored).toEqual(real)
    return true
  })
}

describe(`the leader of ${replicasCount} agents under churn`, () => {
  const took = async (first: Replica) => {
    const sinceMs = performance.now()
    const next = await leader(first)
    return { next, ms: performance.now() - sinceMs }
  }
  const figures: string[] = []

  test('SIGKILL: another leads in time, nothing is lost and nothing doubled', async () => {
    for (let round = 0; round < (long ? 3 : 1); round++) {
      const first = await leader()
      await eventually('churn', () => churn.changes.size > 20 * (round + 1) || undefined)
      await first.process.kill('SIGKILL')
      const { ms } = await took(first)
      figures.push(`SIGKILL ${Math.round(ms)} ms`)
      expect(ms).toBeLessThan(takeoverMsMax)
      await restart(first)
      await expectAllOnce()
    }
  }, 180_000)

  test('SIGTERM: the next leads within 3 s of the end of the first', async () => {
    const first = await leader()
    expect(await first.process.kill('SIGTERM')).toBe(0)
    const { ms } = await took(first)
    figures.push(`SIGTERM ${Math.round(ms)} ms after the exit`)
    expect(ms).toBeLessThan(handOverMsMax)
    if (long) await restart(first)
    await expectAllOnce()
  }, 60_000)

  test.skipIf(!long)(
    'cut off from the API server: silent before another leads',
    async () => {
      const first = await leader()
      first.link.partition()
      const { ms } = await took(first)
      figures.push(`partition ${Math.round(ms)} ms`)
      expect(ms).toBeLessThan(takeoverMsMax)
      expect((await statusOf(first))?.leader).toBe(false)
      first.link.heal()
      await expectAllOnce()
      expect(await leadersNow()).toHaveLength(1)
    },
    120_000,
  )

  test.skipIf(!long)(
    'a process that stood still does not speak when it wakes up',
    async () => {
      const first = await leader()
      process.kill(first.process.pid, 'SIGSTOP')
      const { ms } = await took(first)
      figures.push(`SIGSTOP ${Math.round(ms)} ms`)
      expect(ms).toBeLessThan(takeoverMsMax)
      process.kill(first.process.pid, 'SIGCONT')
      await eventually('it stands by', async () =>
        (await statusOf(first))?.leader === false ? true : undefined,
      )
      await expectAllOnce()
    },
    120_000,
  )

  test('at the end the stored pods are those of the cluster', async () => {
    churn.stop()
    await expectAllOnce()
    await expectStateOfPods()
    process.stdout.write(
      `failover: ${figures.join(', ')}; ${churn.changes.size} changes, ${churn.events.size} events\n`,
    )
  }, 60_000)
})
