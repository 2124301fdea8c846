import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Embedded, startEmbedded } from '../../../collector/embedded/supervise.ts'
import { rollupConfig } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import { clusterStatements } from '../../../collector/service/store/cluster-sql.ts'
import { createStore } from '../../../collector/service/store/create-store.ts'
import { readMigrations } from '../../../collector/service/store/migrate.ts'
import type { Store } from '../../../collector/service/store/store.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { podUid } from '../../support/seed/cluster.ts'
import { type SeededApp, startSeededApp } from '../../support/service-app.ts'

/**
 * What of a ClickHouse cluster the embedded engine can be: a cluster of one shard, itself, whose Distributed tables work; one
 * of two shards that are both itself, which plans questions as two do; and Keeper in memory, with which replicated tables can
 * be made, but not written. It knows no ON CLUSTER, which is cut off here.
 * Several shards and replicas, and what happens when one dies, need servers, and have not been tried by a test.
 */
const configuration = `<clickhouse>
  <tcp_port>9000</tcp_port>
  <zookeeper><implementation>testkeeper</implementation></zookeeper>
  <macros><shard>1</shard><replica>a</replica></macros>
  <remote_servers><main><shard>
    <internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica>
  </shard></main>
  <twice>
    <shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard>
    <shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard>
  </twice></remote_servers>
</clickhouse>`

const directory = mkdtempSync(join(tmpdir(), 'binnacle-cluster-'))
let embedded: Embedded
let like: Server
let replicated = false
beforeAll(async () => {
  const configFile = join(directory, 'cluster.xml')
  writeFileSync(configFile, configuration)
  embedded = await startEmbedded({ dataDir: join(directory, 'data'), configFile, log: silentLog })
  like = createServer((request, response) => void forward(request, response)).listen(0, '127.0.0.1')
  await once(like, 'listening')
})
afterAll(async () => {
  like?.close()
  await embedded?.close()
  rmSync(directory, { recursive: true, force: true })
})

/** To the engine, without what it cannot do: ON CLUSTER, connections to itself, and, unless asked for, replication. */
async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request)
  const changes = /^\s*(CREATE|ALTER|DROP|TRUNCATE)\b/.test(body.subarray(0, 20).toString('latin1'))
  const url = new URL(request.url ?? '/', embedded.url)
  url.searchParams.delete('prefer_localhost_replica')
  const answer = await fetch(url, {
    method: request.method ?? 'GET',
    headers: { authorization: request.headers.authorization ?? '' },
    ...(request.method === 'POST' ? { body: changes ? alone(body.toString()) : body } : {}),
  })
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  response.end(Buffer.from(await answer.arrayBuffer()))
}

function alone(sql: string): string {
  const here = sql.replace(/ ON CLUSTER `\w+`/, '')
  if (replicated) return here
  return here
    .replace(/ENGINE = Replicated(\w+)\('[^']*', '\{replica\}'(?:, )?/, 'ENGINE = $1(')
    .replace(' replicated_deduplication_window', ' non_replicated_deduplication_window')
}

const open = (database: string, cluster: string) => {
  const { port } = like.address() as AddressInfo
  return createStore({ url: `http://127.0.0.1:${port}`, database, cluster, insertQuorum: 0 })
}
const ask = <Row>(store: Store, sql: string) => store.query<Row>({ sql, params: {} })

describe('a ClickHouse cluster', () => {
  test('takes every table as a replicated one and a distributed one over it', async () => {
    const store = open('default', 'main')
    replicated = true
    await store.client.command({ query: 'CREATE DATABASE replicated' })
    const tables = readMigrations()
      .flatMap(({ statements }) => statements)
      .filter((statement) => statement.startsWith('CREATE'))
    for (const query of tables.flatMap((sql) =>
      clusterStatements(sql, { cluster: 'main', database: 'replicated' }),
    ))
      await store.client.command({ query })
    replicated = false
    const engines = await ask<{ engine: string; tables: number }>(
      store,
      "SELECT engine, count() AS tables FROM system.tables WHERE database = 'replicated' GROUP BY engine ORDER BY engine",
    )
    const [outer, ...inner] = engines
    expect(outer?.engine).toBe('Distributed')
    expect(inner.map(({ engine }) => engine)).toEqual([
      'ReplicatedAggregatingMergeTree',
      'ReplicatedMergeTree',
      'ReplicatedReplacingMergeTree',
    ])
    expect(inner.reduce((sum, { tables }) => sum + tables, 0)).toBe(outer?.tables)
    await store.close()
  })

  test('gives the same rows, rollups and answers through distributed tables as a single server', async () => {
    const nowMs = Math.floor(Date.now() / 60_000) * 60_000
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => {} }
    const config = { ...rollupConfig, restFactor: 0, windowMs: 4 * 3_600_000 }
    const [single, cluster, twice] = await Promise.all(
      ['', 'main', 'twice'].map(async (name) => {
        const store = open(name || 'single', name)
        await store.migrate()
        expect((await store.migrate()).applied).toEqual([])
        const clickHouse = { url: '', database: '', store, embedded: undefined, close: () => store.close() }
        const seeded = await startSeededApp({ nowMs, minutes: 20, tracesPerMinute: 10, clickHouse })
        const runs = createRollupRuns({ store, clock }, config)
        while ((await runs.next()).backlog);
        const read = (sql: string) => ask<object>(store, sql)
        const rows = [
          ...(await Promise.all(
            [
              'spans',
              'metrics',
              'k8s_objects',
              'k8s_events',
              'snapshots',
              'transactions',
              'rollup_entries',
            ].map((table) => read(`SELECT '${table}', count() AS rows FROM ${table}`)),
          )),
          await read('SELECT * EXCEPT generation FROM red_1m FINAL WHERE calls > 0 ORDER BY ALL'),
          await read('SELECT * EXCEPT generation FROM edges_1m FINAL WHERE calls > 0 ORDER BY ALL'),
        ]
        const answers = new Map<string, { status: number; body: unknown }>()
        for (const url of await urlsOf(seeded)) {
          const { statusCode, body } = await seeded.app.inject({ url })
          answers.set(url, { status: statusCode, body: JSON.parse(body) })
        }
        await seeded.close()
        return { rows, answers }
      }),
    )
    expect(cluster?.rows).toEqual(single?.rows)
    expect(single?.rows.at(-2)?.length).toBeGreaterThan(50)
    const statuses = (of: typeof single) =>
      [...(of?.answers ?? [])].map(([url, { status }]) => `${url} ${status}`)
    expect(statuses(cluster)).toEqual(statuses(single))
    // Its two shards are one table, which takes the half of a block for the second one for a resend of the first: rows are missing.
    expect([...(twice?.answers ?? [])].filter(([, { status }]) => status >= 500)).toEqual([])
    expect(statuses(single).filter((line) => line.endsWith(' 200')).length).toBeGreaterThan(35)
    for (const [url, answer] of single?.answers ?? []) expect(cluster?.answers.get(url), url).toEqual(answer)
  })
})

/** Every question of the API, about what the seed has. */
async function urlsOf({ app, facts }: SeededApp): Promise<string[]> {
  const { paths } = (await app.inject({ url: '/openapi.json' })).json<{
    paths: Record<string, { get?: { parameters?: { name: string; in: string; required?: boolean }[] } }>
  }>()
  const values: Readonly<Record<string, string>> = {
    application: 'shop',
    clusterId: facts.clusterId,
    group: '1',
    hash: '1',
    kind: 'Pod',
    name: 'magnanimo-7d9f-0',
    protocol: 'http',
    service: 'magnanimo',
    sloId: 'none',
    system: 'postgresql',
    traceId: facts.traces.sampleTraceId,
    transaction: 'GET /hw2',
    type: 'database',
    uid: podUid('magnanimo-7d9f-0'),
  }
  const range = { from: String(facts.fromMs), to: String(facts.toMs) }
  return Object.entries(paths).flatMap(([path, { get }]) => {
    if (!get || path.endsWith('/about')) return []
    const parameters = get.parameters ?? []
    const query = new URLSearchParams(
      parameters.flatMap(({ name, in: where, required }) =>
        where === 'query' && (required || name in range) ? [[name, { ...values, ...range }[name] ?? '']] : [],
      ),
    )
    return [
      `${path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))}?${query}`,
    ]
  })
}
