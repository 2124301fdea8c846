import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { type Clock, systemClock } from '../../std/clock.ts'
import { type Log, silentLog } from '../../std/log.ts'
import { clusterSettings, clusterStatements, isScattered } from './cluster-sql.ts'
import { insertNative, insertRows } from './insert.ts'
import { createInsertProblems } from './insert-problems.ts'
import { parseRow } from './json-row.ts'
import { type MigrationReport, migrate } from './migrate.ts'
import type { Query, Store } from './store.ts'

export interface StoreConfig {
  readonly url: string
  readonly database: string
  /** Name of a ClickHouse cluster; empty: one server. */
  readonly cluster?: string
  /** On a cluster: replicas that must have a row before it is acknowledged. */
  readonly insertQuorum?: number
  readonly username?: string
  readonly password?: string
  readonly clock?: Clock
  readonly log?: Log
  /** How long an insert is tried again inside before the sender is told to come back. */
  readonly insertRetryForMs?: number
  readonly queryMaxExecutionSeconds?: number
  readonly queryMaxMemoryBytes?: number
  /** Connections to ClickHouse; requests beyond wait. */
  readonly connectionsMax?: number
}

export interface OpenStore extends Store {
  migrate(): Promise<MigrationReport>
  /** Whether the database answers now. */
  ping(): Promise<boolean>
  /** Why the database does not take rows (read-only, full, without a table or column), as far as the last inserts tell; else empty. */
  insertProblem(): string
}

/** A request that outlasts the query's own limit by this much is given up. */
const answerWithinMs = 10_000
/** A migration may copy weeks of rollups. */
const migrationMsMax = 20 * 60_000
/** Below a server's keep-alive time-out (3 s by default), so that no request meets a socket that is being closed. */
const idleSocketMs = 2_000

/**
 * To understand a screen's question takes ClickHouse longer than to answer it. These rewritings of it take a fifth of that time
 * and find nothing to do (docs/decisions/0022-speed-of-questions.md), nor is there anything to format by several threads.
 */
const plainReading = {
  optimize_and_compare_chain: 0,
  optimize_syntax_fuse_functions: 0,
  optimize_aggregators_of_group_by_keys: 0,
  output_format_parallel_formatting: 0,
} as const

/** The service's only way to ClickHouse, over HTTP, whether it is a server or the embedded engine. */
export function createStore({
  url,
  database,
  cluster = '',
  insertQuorum = 2,
  username = 'default',
  password = '',
  clock = systemClock,
  log = silentLog,
  insertRetryForMs = 5_000,
  queryMaxExecutionSeconds = 20,
  queryMaxMemoryBytes = 1024 ** 3,
  connectionsMax = 32,
}: StoreConfig): OpenStore {
  const closing = new AbortController()
  const options = {
    url,
    username,
    password,
    request_timeout: queryMaxExecutionSeconds * 1000 + answerWithinMs,
    max_open_connections: connectionsMax,
    // What fails is logged where it is handled.
    log: { level: ClickHouseLogLevel.OFF },
    keep_alive: { enabled: true, idle_socket_ttl: idleSocketMs },
    ...(cluster ? { clickhouse_settings: clusterSettings(insertQuorum) } : {}),
  }
  const client = createClient({ ...options, database })
  const carryOver = (statement: string) =>
    cluster ? clusterStatements(statement, { cluster, database }) : [statement]
  const problems = createInsertProblems()
  const insertDeps = { client, clock, log, retryForMs: insertRetryForMs, signal: closing.signal }

  async function query<Row>(
    { sql, params }: Query,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Row[]> {
    const result = await client.query({
      query: sql,
      query_params: params,
      format: 'JSONEachRow',
      clickhouse_settings: {
        // Reads only; settings may still be named in the query.
        readonly: '2',
        // Rules of an application's transactions are part of the text.
        max_query_size: String(4 * 1024 ** 2),
        max_ast_elements: '1000000',
        max_expanded_ast_elements: '2000000',
        max_execution_time: queryMaxExecutionSeconds,
        max_memory_usage: String(queryMaxMemoryBytes),
        cancel_http_readonly_queries_on_client_close: 1,
        ...plainReading,
        output_format_json_quote_64bit_integers: 0,
        output_format_json_quote_denormals: 0,
      },
      ...(signal ? { abort_signal: signal } : {}),
    })
    const text = await result.text()
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => parseRow(line) as Row)
  }

  return {
    client,
    carryOver,
    query,
    insert: async (rows, token) => problems.note(rows.table, await insertRows(insertDeps, rows, token)),
    insertNative: async (rows, token) =>
      problems.note(rows.table, await insertNative(insertDeps, rows, token)),
    insertProblem: problems.last,
    async hasBatch(table, batchId, days) {
      if (table.dayColumn !== null && days.length === 0) return false
      // Its rows are inserted again, then: those that are there collapse with them.
      if (cluster && isScattered(table.name)) return false
      const bound = table.dayColumn === null ? '' : `AND toDate(${table.dayColumn}) IN {days:Array(Date)}`
      const sql = `SELECT 1 FROM ${table.name} WHERE batch_id = {batchId:String} ${bound} LIMIT 1`
      return (await query({ sql, params: { batchId, days } })).length > 0
    },
    async migrate() {
      const admin = createClient({ ...options, database: 'default' })
      try {
        const everywhere = cluster ? ` ON CLUSTER \`${cluster}\`` : ''
        await admin.command({
          query: `CREATE DATABASE IF NOT EXISTS \`${database.replaceAll('`', '')}\`${everywhere}`,
        })
      } finally {
        await admin.close()
      }
      const patient = createClient({ ...options, database, request_timeout: migrationMsMax })
      try {
        return await migrate(patient, carryOver)
      } finally {
        await patient.close()
      }
    },
    ping: async () => (await client.ping()).success,
    async close() {
      closing.abort()
      await client.close()
    },
  }
}
