import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAgentConfig } from '../../../collector/agent/config.ts'
import { type RunningAgent, startAgent } from '../../../collector/agent/main.ts'
import type {
  ClusterConfiguration,
  ConfigurationPreview,
} from '../../../collector/service/api/schema/agent-configuration.ts'
import type { AgentList } from '../../../collector/service/api/schema/clusters.ts'
import { parseServiceConfig } from '../../../collector/service/config.ts'
import { type RunningService, startService } from '../../../collector/service/main.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../../support/kube-api/server.ts'
import { freePort } from '../../support/processes.ts'

/** Service, agent and fake API server in one process; the tests build on one another. */
let directory: string
let clickHouse: TestClickHouse
let kube: FakeKubeApi
let service: RunningService | undefined
let agent: RunningAgent | undefined
let servicePort: number
const values = { include: [] as string[], exclude: ['dark'], allowed: ['shop', 'pay', 'dark'] }

async function startTheService(): Promise<void> {
  const config = parseServiceConfig({
    overrides: {
      'listen.port': servicePort,
      'otlp.grpc.port': 0,
      'otlp.http.port': 0,
      'clickhouse.url': clickHouse.url,
      'clickhouse.database': clickHouse.database,
      'ui.directory': directory,
      'rollup.enabled': false,
    },
  })
  service = await startService(config, { log: silentLog, version: '0.0.0-test' })
}

const agentConfig = () =>
  parseAgentConfig({
    overrides: {
      'cluster.name': 'test',
      'service.endpoint': `http://127.0.0.1:${servicePort}`,
      'spool.directory': join(directory, 'spool'),
      'namespaces.include': values.include,
      'namespaces.exclude': values.exclude,
      'namespaces.allowed': values.allowed,
      'batch.windowMs': 20,
      'batch.kubeWindowMs': 20,
      'ship.reconnectMaxMs': 200,
      'receive.grpcPort': 0,
      'receive.httpPort': 0,
      'admin.port': 0,
    },
  })

async function startTheAgent(): Promise<void> {
  agent = await startAgent(agentConfig(), {
    version: '1.2.0',
    log: silentLog,
    kubeconfig: join(directory, 'kubeconfig'),
    readConfig: agentConfig,
  })
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'binnacle-remote-'))
  clickHouse = await startTestClickHouse()
  kube = await startFakeKubeApi()
  writeFileSync(join(directory, 'kubeconfig'), kube.kubeconfig())
  for (const name of ['kube-system', 'shop', 'pay', 'dark', 'other']) {
    kube.create('Namespace', { metadata: { name, uid: `uid-${name}` }, status: { phase: 'Active' } })
    kube.create('Pod', {
      metadata: { name: `${name}-1`, namespace: name, uid: `uid-${name}-1` },
      spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'registry/app:v3' }] },
      status: { phase: 'Running', podIP: '10.0.0.7', containerStatuses: [] },
    })
  }
  servicePort = await freePort()
  await startTheService()
  await startTheAgent()
}, 120_000)
afterAll(async () => {
  await agent?.close()
  await service?.close()
  await kube?.close()
  await clickHouse?.close()
  rmSync(directory, { recursive: true, force: true })
})

const api = `/api/v1/clusters/uid-kube-system/configuration`

async function call<T>(method: string, path: string, body?: unknown, type = 'application/json') {
  const response = await fetch(`http://127.0.0.1:${servicePort}${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': type }, body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as T }
}

const configuration = async () => (await call<ClusterConfiguration>('GET', api)).body

async function apply(namespaces: { include?: string[]; exclude?: string[] }, more: object = {}) {
  const { version } = await configuration()
  return call<{ version: number; message: string }>('PUT', api, { version, config: { namespaces, ...more } })
}

async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const found = await look().catch(() => undefined)
    if (found) return found
    if (Date.now() > deadline) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const podsStored = async () =>
  (
    await clickHouse.store.query<{ name: string }>({
      sql: "SELECT DISTINCT name FROM k8s_objects WHERE kind = 'Pod' ORDER BY name",
      params: {},
    })
  ).map(({ name }) => name)

const remoteOf = async () => (await configuration()).agents[0]?.remote

describe('configuration from the UI', () => {
  test('lists all namespaces of the cluster, with why each is not collected and whether it can be', async () => {
    const { namespaces, allowed, version } = await until('namespaces are told of', async () => {
      const found = await configuration()
      return found.namespaces?.length === 5 && found
    })
    expect(version).toBe(0)
    expect(allowed).toEqual(values.allowed)
    expect(namespaces.map(({ name, selected, notSelectable }) => [name, selected, notSelectable])).toEqual([
      ['dark', false, 'namespaces.exclude matches "dark"'],
      ['kube-system', false, 'namespaces.allowed does not match it'],
      ['other', false, 'namespaces.allowed does not match it'],
      ['pay', false, ''],
      ['shop', false, ''],
    ])
  })

  test('a preview says what would start, by the decision of the agent, and which pattern matches nothing', async () => {
    const { body } = await call<ConfigurationPreview>('POST', `${api}/preview`, {
      config: { namespaces: { include: ['.*', 'nowhere'], exclude: ['pay'] } },
    })
    expect(body).toEqual({
      starts: [{ name: 'shop', reason: 'remote namespaces.include matches ".*"' }],
      stops: [],
      selected: 1,
      unmatched: ['nowhere'],
    })
  })

  test('what is applied is stored within seconds, and shown as applied; values win over it', async () => {
    const startedMs = Date.now()
    expect((await apply({ include: ['shop', 'pay', 'dark', 'other'] })).body).toMatchObject({ version: 1 })
    await until('pods are stored', async () => (await podsStored()).length === 2)
    const tookMs = Date.now() - startedMs
    expect(tookMs).toBeLessThan(10_000)
    expect(await podsStored()).toEqual(['pay-1', 'shop-1'])
    const applied = await until('applied', async () => {
      const remote = await remoteOf()
      return remote?.status === 'applied' && remote.version === 1 && remote
    })
    expect(applied.atMs).toBeGreaterThanOrEqual(startedMs)
    const { namespaces } = await until('told of again', async () => {
      const found = await configuration()
      return found.namespaces[0]?.selected && found
    })
    expect(namespaces.filter(({ selected }) => selected).map(({ name }) => name)).toEqual(['pay', 'shop'])
  })

  test('a change that is based on an old version is a conflict', async () => {
    const outcome = await call<{ code: string; message: string }>('PUT', api, { version: 0, config: {} })
    expect([outcome.status, outcome.body.code]).toEqual([409, 'version-conflict'])
    expect(outcome.body.message).toContain('version 1 was saved by 127.0.0.1 meanwhile')
  })

  test('of two who save the same version at once one wins', async () => {
    const save = (name: string) =>
      call('PUT', api, { version: 1, config: { namespaces: { include: ['shop', 'pay', name] } } })
    const statuses = (await Promise.all([save('a'), save('b'), save('c')])).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, 409, 409])
    expect((await configuration()).version).toBe(2)
  })

  test.each<[string, object, string]>([
    ['a bad pattern', { namespaces: { include: ['('] } }, 'remote namespaces.include[0] "("'],
    ['no list', { namespaces: { include: 'shop' } }, 'remote namespaces.include: it is no list of texts'],
    ['a key that bounds', { namespaces: { allowed: [] } }, 'cannot set namespaces.allowed'],
    ['another key', { spool: { bytesMax: 1 } }, 'cannot set spool.bytesMax: control.settable'],
    [
      'too much',
      { namespaces: { include: Array.from({ length: 1_000 }, () => 'x'.repeat(100)) } },
      'at most 65536',
    ],
  ])('%s is refused before it is sent', async (_, config, message) => {
    const { status, body } = await call<{ code: string; message: string }>('PUT', api, { version: 2, config })
    expect([status, body.code]).toEqual([400, 'bad-configuration'])
    expect(body.message).toContain(message)
  })

  test('JSON of another type, as a form of another site could send, is refused', async () => {
    const change = { version: 2, config: {} }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
      expect(await call('PUT', api, change, type)).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('Unsupported Media Type') },
      })
    expect((await configuration()).version).toBe(2)
  })

  test('what only the agent can judge is refused by it as a whole, shown with its reason, and the old one stays', async () => {
    expect((await apply({ include: [] }, { scrape: { intervalMs: 1 } })).status).toBe(200)
    const failed = await until('refused', async () => {
      const remote = await remoteOf()
      return remote?.status === 'failed' && remote
    })
    expect(failed).toMatchObject({ version: 3, error: expect.stringContaining('scrape.intervalMs') })
    expect(agent?.status().namespaces.map(({ namespace }) => namespace)).toEqual(['shop', 'pay'])
    const { body } = await call<AgentList>('GET', '/api/v1/agents')
    expect(body.agents[0]).toMatchObject({
      healthy: false,
      remoteConfig: { status: 'failed', version: 3 },
    })
    expect(body.agents[0]?.health).toContainEqual(
      expect.objectContaining({ name: 'configuration', healthy: false, status: 'refused' }),
    )
  })

  test('what is left out stops, with its record, and other keys count too', async () => {
    await apply({ include: ['shop', 'pay'], exclude: ['pay'] }, { scrape: { intervalMs: 5_000 } })
    await until('pay has stopped', async () => agent?.status().namespaces.length === 1)
    const stops = await until('the stop is stored', async () => {
      const rows = await clickHouse.store.query<{ reason: string }>({
        sql: "SELECT reason FROM k8s_changes WHERE change = 'collection-stopped' AND namespace = 'pay'",
        params: {},
      })
      return rows.length > 0 && rows
    })
    expect(stops).toEqual([{ reason: 'remote namespaces.exclude matches "pay"' }])
    const { body } = await until('the effective configuration is told', async () => {
      const found = await call<AgentList>('GET', '/api/v1/agents')
      return found.body.agents[0]?.effectiveConfig.includes('intervalMs: 5000') && found
    })
    expect(body.agents[0]?.effectiveConfig).toContain('remote:\n  namespaces:')
  })

  test('an agent that starts while the service is away goes on with the last known good', async () => {
    await agent?.close()
    await service?.close()
    service = undefined
    await startTheAgent()
    await until('the selection is as it was', async () => agent?.status().namespaces.length === 1)
    expect(agent?.status().configuration.remote).toMatchObject({ status: 'applied' })
    expect(agent?.status().namespaces).toEqual([
      { namespace: 'shop', selected: true, reason: 'remote namespaces.include matches "shop"' },
    ])
    await startTheService()
    await until('it reports again', async () => (await remoteOf())?.status === 'applied')
  })

  test('values that change count without a restart, and keep the upper hand', async () => {
    values.exclude = ['dark', 'shop']
    await until('shop has stopped', async () => agent?.status().namespaces.length === 0)
    expect(agent?.status().notCollected).toContainEqual({
      namespace: 'shop',
      reason: 'namespaces.exclude matches "shop"',
    })
  })

  test('the audit log has every change with who made it', async () => {
    const rows = await clickHouse.store.query<{ actor: string; subject: string }>({
      sql: "SELECT actor, subject FROM audit WHERE action = 'agents.configure' ORDER BY time",
      params: {},
    })
    expect(rows).toEqual(
      [1, 2, 3, 4].map((version) => ({ actor: '127.0.0.1', subject: `version ${version}` })),
    )
  })
})
