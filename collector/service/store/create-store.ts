import { createClient } from '@clickhouse/client'
import type { Clock } from '../../std/clock.ts'
import { systemClock } from '../../std/clock.ts'
import { insertRows } from './insert.ts'
import { type MigrationReport, migrate } from './migrate.ts'
import type { Store } from './store.ts'

export interface StoreConfig {
  readonly url: string
  readonly database: string
  readonly username?: string
  readonly password?: string
  readonly clock?: Clock
  /** How long an insert is tried again inside before the sender is told to come back. */
  readonly insertRetryForMs?: number
  readonly queryMaxExecutionSeconds?: number
  readonly queryMaxMemoryBytes?: number
}

export interface OpenStore extends Store {
  migrate(): Promise<MigrationReport>
  /** Whether the database answers now. */
  ping(): Promise<boolean>
}

/** The service's only way to ClickHouse, over HTTP, whether it is a server or the embedded engine. */
export function createStore({
  url,
  database,
  username = 'default',
  password = '',
  clock = systemClock,
  insertRetryForMs = 5_000,
  queryMaxExecutionSeconds = 20,
  queryMaxMemoryBytes = 1024 ** 3,
}: StoreConfig): OpenStore {
  const closing = new AbortController()
  const options = {
    url,
    username,
    password,
    request_timeout: (queryMaxExecutionSeconds + 10) * 1000,
    max_open_connections: 32,
    compression: { request: false, response: false },
    keep_alive: { enabled: true, idle_socket_ttl: 2_000 },
  }
  const client = createClient({ ...options, database })
  return {
    client,
    insert: (rows, token) =>
      insertRows({ client, clock, retryForMs: insertRetryForMs, signal: closing.signal }, rows, token),
    async hasBatch(table, batchId, days) {
      const column = table.dayColumn
      const bound = column === null || days.length === 0 ? '' : `AND toDate(${column}) IN {days:Array(Date)}`
      const result = await client.query({
        query: `SELECT 1 FROM ${table.name} WHERE batch_id = {batchId:String} ${bound} LIMIT 1`,
        query_params: { batchId, ...(bound ? { days: [...days] } : {}) },
        format: 'JSONEachRow',
      })
      return (await result.json()).length > 0
    },
    async query<Row>(
      { sql, params }: { sql: string; params: Record<string, unknown> },
      { signal }: { signal?: AbortSignal } = {},
    ) {
      const result = await client.query({
        query: sql,
        query_params: params,
        format: 'JSONEachRow',
        clickhouse_settings: {
          max_execution_time: queryMaxExecutionSeconds,
          max_memory_usage: String(queryMaxMemoryBytes),
          output_format_json_quote_64bit_integers: 0,
          output_format_json_quote_denormals: 0,
          readonly: '0',
        },
        ...(signal ? { abort_signal: signal } : {}),
      })
      return result.json<Row>()
    },
    async migrate() {
      const admin = createClient({ ...options, database: 'default' })
      try {
        await admin.command({ query: `CREATE DATABASE IF NOT EXISTS \`${database.replaceAll('`', '')}\`` })
      } finally {
        await admin.close()
      }
      return migrate(client)
    },
    ping: async () => (await client.ping()).success,
    async close() {
      closing.abort()
      await client.close()
    },
  }
}
