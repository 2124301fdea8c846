import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { startEmbedded } from '../../../collector/embedded/supervise.ts'
import { createStore, type OpenStore } from '../../../collector/service/store/create-store.ts'
import { silentLog } from '../../../collector/std/log.ts'

/** The embedded engine on a fresh directory, and clients that wait for long statements. */
export interface BenchEngine {
  readonly url: string
  readonly pid: number
  /** A migrated database. */
  database(name: string): Promise<BenchDatabase>
  close(): Promise<void>
}

export interface BenchDatabase {
  readonly store: OpenStore
  run(sql: string): Promise<void>
  rows<Row>(sql: string): Promise<Row[]>
}

/** The longest statement of a benchmark. */
const statementMsMax = 20 * 60_000
const memoryBytesMax = 10 * 1024 ** 3

/** `keepDir`: a directory that outlasts the run. */
export async function startBenchEngine(keepDir?: string): Promise<BenchEngine> {
  const dataDir = keepDir ?? mkdtempSync(join(tmpdir(), 'binnacle-bench-'))
  const embedded = await startEmbedded({ dataDir, memoryBytesMax, log: silentLog })
  const closers: (() => Promise<void>)[] = []
  return {
    url: embedded.url,
    pid: embedded.pid(),
    async database(name) {
      const store = createStore({
        url: embedded.url,
        database: name,
        queryMaxExecutionSeconds: 300,
        queryMaxMemoryBytes: memoryBytesMax / 2,
      })
      await store.migrate()
      const client = createClient({
        url: embedded.url,
        database: name,
        request_timeout: statementMsMax,
        log: { level: ClickHouseLogLevel.OFF },
      })
      closers.push(
        () => store.close(),
        () => client.close(),
      )
      return { store, run: (sql) => run(client, sql), rows: (sql) => rows(client, sql) }
    },
    async close() {
      for (const close of closers) await close()
      await embedded.close()
      if (!keepDir) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function run(client: ClickHouseClient, sql: string): Promise<void> {
  await client.command({ query: sql })
}

async function rows<Row>(client: ClickHouseClient, sql: string): Promise<Row[]> {
  const result = await client.query({
    query: sql,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  })
  return result.json<Row>()
}
