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
import { seedDemo } from '../../support/seed.ts'

/**
 * What of a ClickHouse cluster the embedded engine can be: a cluster of one shard, itself, whose Distributed tables work; and
 * Keeper in memory, with which replicated tables can be made, but not written. It knows no ON CLUSTER, which is cut off here.
 * Several shards and replicas, and what happens when one dies, need servers, and have not been tried by a test.
 */
const configuration = `<clickhouse>
  <tcp_port>9000</tcp_port>
  <zookeeper><implementation>testkeeper</implementation></zookeeper>
  <macros><shard>1</shard><replica>a</replica></macros>
  <remote_servers><main><shard>
    <internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica>
  </shard></main></remote_servers>
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
  const here = sql.replace(' ON CLUSTER `main`', '')
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

  test('has the same rows and rollups through distributed tables as a single server', async () => {
    const nowMs = Math.floor(Date.now() / 60_000) * 60_000
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => {} }
    const config = { ...rollupConfig, restFactor: 0, windowMs: 4 * 3_600_000 }
    const [cluster, single] = await Promise.all(
      ['main', ''].map(async (name) => {
        const store = open(name || 'single', name)
        await store.migrate()
        expect((await store.migrate()).applied).toEqual([])
        await seedDemo(store, { nowMs, minutes: 20, tracesPerMinute: 10 })
        const runs = createRollupRuns({ store, clock }, config)
        while ((await runs.next()).backlog);
        const read = (sql: string) => ask<object>(store, sql)
        const answer = {
          rows: await Promise.all(
            [
              'spans',
              'metrics',
              'k8s_objects',
              'k8s_events',
              'snapshots',
              'transactions',
              'rollup_entries',
            ].map((table) => read(`SELECT '${table}', count() AS rows FROM ${table}`)),
          ),
          red: await read('SELECT * EXCEPT generation FROM red_1m FINAL WHERE calls > 0 ORDER BY ALL'),
          edges: await read('SELECT * EXCEPT generation FROM edges_1m FINAL WHERE calls > 0 ORDER BY ALL'),
        }
        await store.close()
        return answer
      }),
    )
    expect(cluster).toEqual(single)
    expect(single?.red.length).toBeGreaterThan(50)
  })
})
