import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAgentConfig } from '../../collector/agent/config.ts'
import { type AgentStatus, startAgent } from '../../collector/agent/main.ts'
import { settleAbsences } from '../../collector/service/control/gone-objects.ts'
import { createStore } from '../../collector/service/store/create-store.ts'
import { silentLog } from '../../collector/std/log.ts'
import { residentBytesOf } from '../bench/support/process-stat.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../support/kube-api/server.ts'
import { eventually, freePort, startCli, type TempDirectory, tempDirectory } from '../support/processes.ts'
import { startTcpLink, type TcpLink } from '../support/tcp-link.ts'
import { quickAgent } from '../unit/agent-data/support.ts'
import type { Stack } from './stack.ts'

/**
 * An edge cluster without a way to its service, for far longer than the spool of its agent can hold: a spool of 128 KiB for
 * seconds here stands for one of a gigabyte and hours. A cluster of its own, an agent in mode `state`, the service of the stack.
 * `long` (npm run test:crash): an agent in a process of its own, killed half way, with the smallest spool that can be configured.
 */
const long = process.env['BINNACLE_DISCONNECTION'] === 'long'
const MiB = 1024 * 1024
const spoolBytesMax = long ? 64 * MiB : 128 * 1024
const memoryBytesMax = long ? 16 * MiB : 256 * 1024
/** Of what the spool holds. */
const overflowTimes = long ? 2 : 3
/** Bytes that do not compress, of the message of an event. */
const noiseBytes = long ? 700 : 100
const eventsEach = long ? 8 : 1
/** Of the process, from the time when its spool is full. */
const growthMax = 1.25
const clusterUid = 'uid-edge'

export function disconnection(stack: () => Stack): void {
  test(
    'an agent that was cut off for longer than its spool holds drops oldest first, counts it, and then tells what is true',
    async () => {
      const edge = await startEdge(stack())
      try {
        await edge.stored('before the outage')
        edge.link.partition()
        const bytesMax = await edge.churnUntilOverflow()
        expect(bytesMax.resident).toBeLessThanOrEqual(bytesMax.residentWhenFull * growthMax)
        expect(bytesMax.memory).toBeLessThanOrEqual(memoryBytesMax)
        expect(bytesMax.spool).toBeLessThanOrEqual(spoolBytesMax)
        expect(await edge.droppedBy()).toEqual(['reason="spool-full"'])
        edge.link.heal()
        await edge.stored('after the outage')
        await edge.expectNothingDoubled()
        await edge.expectLedger()
      } finally {
        await edge.close()
      }
    },
    long ? 800_000 : 120_000,
  )
}

async function startEdge(stack: Stack) {
  const directory = tempDirectory('edge')
  const kube = await startFakeKubeApi()
  fill(kube)
  const link = await startTcpLink(Number(new URL(stack.serviceUrl).port))
  let agent = await startEdgeAgent(directory, kube, link)
  const store = createStore({ url: stack.clickhouseUrl, database: 'binnacle' })
  const kubeLine = async () => (await agent.status()).items.find(({ lane }) => lane === 'kube')
  let hint = ''
  let round = 0

  const query = <Row>(sql: string) => store.query<Row>({ sql, params: { clusterUid } })

  /** What is stored as present, with its version, against what is there in the collected namespaces. */
  async function difference() {
    const rows = await query<{ id: string }>(`
      SELECT concat(kind, '/', namespace, '/', name, ' ', resource_version) AS id FROM k8s_objects FINAL
      WHERE cluster_id = {clusterUid:String} AND NOT deleted AND kind IN ('Pod', 'Deployment')
        AND namespace IN (${collected(kube).map((name) => `'${name}'`)})`)
    const events = await query<{ id: string }>(`
      SELECT concat('Event/', event_uid, ' ', resource_version) AS id FROM k8s_events
      WHERE cluster_id = {clusterUid:String}`)
    const stored = new Set([...rows, ...events].map(({ id }) => id))
    const real = collected(kube).flatMap((namespace) => [
      ...['Pod', 'Deployment'].flatMap((kind) =>
        kube
          .list(kind, namespace)
          .map(({ metadata }) => `${kind}/${namespace}/${metadata.name} ${metadata.resourceVersion}`),
      ),
      ...kube
        .list('Event', namespace)
        .map(({ metadata }) => `Event/${metadata.uid} ${metadata.resourceVersion}`),
    ])
    return {
      missing: real.filter((id) => !stored.has(id)),
      // Events stay where they are when they expire.
      surplus: [...stored].filter((id) => !id.startsWith('Event/') && !real.includes(id)),
    }
  }

  function churn(): void {
    round++
    const name = `web-${round}`
    kube.create('Pod', pod('shop', name))
    const older = { namespace: 'shop', name: `web-${round - 3}` }
    if (kube.get('Pod', older)) kube.patch('Pod', older, { status: { phase: 'Failed', reason: 'Evicted' } })
    const oldest = { namespace: 'shop', name: `web-${round - 20}` }
    if (kube.get('Pod', oldest)) kube.remove('Pod', oldest)
    for (let each = 0; each < eventsEach; each++) {
      kube.create('Event', event('shop', `${name}.${each}`))
      const expired = { namespace: 'shop', name: `web-${round - 100}.${each}` }
      if (kube.get('Event', expired)) kube.remove('Event', expired)
    }
  }

  return {
    link,
    async stored(when: string) {
      await eventually(
        `the store says what the cluster is, ${when}`,
        async () => {
          hint = JSON.stringify(await agent.status(), null, 1)
          // What nobody told of is looked for after two minutes: they have passed.
          await settleAbsences(store, { nowMs: Date.now() + 150_000, settleMs: 120_000 })
          expect(await difference()).toEqual({ missing: [], surplus: [] })
          const stopped = await query<{ namespace: string }>(`
            SELECT namespace FROM (
              SELECT namespace, change FROM k8s_changes FINAL
              WHERE cluster_id = {clusterUid:String} AND kind = 'Namespace' AND namespace != ''
                AND change IN ('collection-started', 'collection-stopped')
              ORDER BY time DESC LIMIT 1 BY namespace)
            WHERE change = 'collection-started' ORDER BY namespace`)
          expect(stopped.map(({ namespace }) => namespace)).toEqual(collected(kube).sort())
          return true
        },
        { withinMs: long ? 180_000 : 60_000, everyMs: 200, hint: () => hint },
      )
    },
    /** Pods and events come and go; early in it, namespaces do too. */
    async churnUntilOverflow() {
      const bytesMax = { spool: 0, memory: 0, residentWhenFull: 0, resident: 0 }
      kube.remove('Pod', { namespace: 'shop', name: 'first' })
      kube.patch('Deployment', { namespace: 'shop', name: 'web' }, { spec: { replicas: 7 } })
      label(kube, 'out', 'disabled')
      kube.remove('Pod', { namespace: 'gone', name: 'first' })
      kube.remove('Namespace', { name: 'gone' })
      label(kube, 'in', 'enabled')
      let killed = !long
      await eventually(
        'the spool has dropped several times what it holds',
        async () => {
          for (let each = 0; each < 10; each++) churn()
          const status = await agent.status()
          hint = JSON.stringify(status, null, 1)
          for (const lane of status.lanes) {
            bytesMax.spool = Math.max(bytesMax.spool, lane.spoolBytes)
            bytesMax.memory = Math.max(bytesMax.memory, lane.memoryBytes)
          }
          const { dropped = 0, queued = 0 } = (await kubeLine()) ?? {}
          if (dropped === 0) return undefined
          if (!killed && dropped > queued) {
            killed = true
            await agent.kill()
            agent = await startEdgeAgent(directory, kube, link)
            return undefined
          }
          bytesMax.residentWhenFull ||= agent.residentBytes()
          bytesMax.resident = Math.max(bytesMax.resident, agent.residentBytes())
          return dropped > overflowTimes * queued && queued > 0 ? true : undefined
        },
        { withinMs: long ? 400_000 : 60_000, everyMs: 20, hint: () => hint },
      )
      return bytesMax
    },
    /** Why records of the cluster were lost. */
    async droppedBy() {
      const metrics = await agent.metrics()
      const lines = metrics.matchAll(
        /^binnacle_agent_items_dropped_total\{lane="kube",signal="logs",(.*)\} /gm,
      )
      return [...lines].map(([, reason]) => reason)
    },
    async expectNothingDoubled() {
      const [doubled] = await query<Record<string, number>>(`
        SELECT
          (SELECT count() - uniqExact(change_id) FROM k8s_changes FINAL WHERE cluster_id = {clusterUid:String}) AS changes,
          (SELECT count() - uniqExact(event_uid, resource_version) FROM k8s_events FINAL WHERE cluster_id = {clusterUid:String}) AS events`)
      expect(doubled).toEqual({ changes: 0, events: 0 })
    },
    async expectLedger() {
      const line = await kubeLine()
      const { received = 0, recovered = 0, shipped = 0, rejected, dropped = 0, queued = 0 } = line ?? {}
      expect({ sum: shipped + dropped + queued, rejected }).toEqual({
        sum: received + recovered,
        rejected: 0,
      })
    },
    async close() {
      await agent.close()
      await store.close()
      await link.close()
      await kube.close()
      directory.remove()
    },
  }
}

interface EdgeAgent {
  status(): Promise<AgentStatus>
  metrics(): Promise<string>
  /** Of its process; 0 where it has none of its own. */
  residentBytes(): number
  kill(): Promise<unknown>
  close(): Promise<unknown>
}

async function startEdgeAgent(
  directory: TempDirectory,
  kube: FakeKubeApi,
  link: TcpLink,
): Promise<EdgeAgent> {
  const kubeconfig = join(directory.path, 'kubeconfig')
  writeFileSync(kubeconfig, kube.kubeconfig())
  const settings = {
    ...quickAgent,
    mode: 'state',
    'service.endpoint': `http://127.0.0.1:${link.port}`,
    'spool.directory': join(directory.path, 'spool'),
    'batch.bytesMax': long ? 4 * MiB : 32 * 1024,
    'batch.memoryBytesMax': memoryBytesMax,
    'ship.timeoutMs': long ? 10_000 : 500,
    'admin.port': await freePort(),
  }
  const get = (path: string) => fetch(`http://127.0.0.1:${settings['admin.port']}${path}`)
  const asked = {
    status: async () => (await (await get('/status')).json()) as AgentStatus,
    metrics: async () => (await get('/metrics')).text(),
  }
  const config = parseAgentConfig({ overrides: settings })
  if (!long) {
    // Below the smallest cap that a configuration may have, so that seconds are enough.
    const spool = { ...config.spool, bytesMax: spoolBytesMax }
    const agent = await startAgent({ ...config, spool }, { version: '0.1.0', log: silentLog, kubeconfig })
    return { ...asked, residentBytes: () => 0, kill: agent.close, close: agent.close }
  }
  const file = join(directory.path, 'agent.yaml')
  writeFileSync(file, JSON.stringify({ ...config, spool: { ...config.spool, bytesMax: spoolBytesMax } }))
  const process_ = startCli('agent', '--config', file, '--kubeconfig', kubeconfig)
  await eventually('the agent answers', async () => (await get('/livez')).ok || undefined, {
    withinMs: 60_000,
    hint: process_.output,
  })
  return {
    ...asked,
    residentBytes: () => residentBytesOf(process_.pid).now,
    kill: () => process_.kill('SIGKILL'),
    close: () => process_.kill('SIGTERM'),
  }
}

const labels = { 'binnacle.dev/collect': 'enabled' }

function fill(kube: FakeKubeApi): void {
  kube.create('Namespace', { metadata: { name: 'kube-system', uid: clusterUid } })
  for (const name of ['shop', 'out', 'gone']) kube.create('Namespace', { metadata: { name, labels } })
  kube.create('Namespace', { metadata: { name: 'in' } })
  for (const namespace of ['shop', 'out', 'gone', 'in']) kube.create('Pod', pod(namespace, 'first'))
  kube.create('Deployment', { metadata: { name: 'web', namespace: 'shop' }, spec: { replicas: 3 } })
}

function collected(kube: FakeKubeApi): string[] {
  return kube
    .list('Namespace', '')
    .filter(({ metadata }) => metadata.labels?.['binnacle.dev/collect'] === 'enabled')
    .map(({ metadata }) => metadata.name)
}

function label(kube: FakeKubeApi, name: string, value: string): void {
  kube.patch('Namespace', { name }, { metadata: { labels: { 'binnacle.dev/collect': value } } })
}

const pod = (namespace: string, name: string) => ({
  metadata: { name, namespace },
  spec: { nodeName: 'edge-1', containers: [{ name: 'main', image: 'registry/web:v3' }] },
  status: { phase: 'Running' },
})

function event(namespace: string, name: string) {
  const at = new Date().toISOString()
  return {
    metadata: { name, namespace },
    involvedObject: { kind: 'Pod', namespace, name: name.slice(0, name.indexOf('.')) },
    type: 'Normal',
    reason: 'Pulled',
    // What does not compress fills a spool soonest.
    message: randomBytes(noiseBytes).toString('base64'),
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
  }
}
