import { createRequire } from 'node:module'
import { quote } from './sql-text.ts'

/**
 * The engine as a library. Every statement runs on a connection of its own: opening one costs 0.2 ms and no memory, and
 * what a statement sets (settings, parameters, USE, SET, readonly, temporary tables) ends with it, as on a server without
 * a session. Connections run in parallel, each on one libuv thread.
 *
 * The native addon is used directly: chdb's own `Session.close()` waits for every running statement of the process, so
 * that closed connections pile up beside a long query (measured: 1 GB after 3,000 short ones), and its parameter binding
 * is serialised over the process.
 */
export interface Engine {
  /** Throws the engine's exception, whose text begins `Code: N. DB::Exception`. */
  run(statement: EngineStatement): Promise<EngineResult>
  /** Ends the statement with this marker; harmless when it is over already. */
  kill(marker: string): Promise<void>
  close(): void
}

export interface EngineStatement {
  readonly sql: string
  readonly database: string
  readonly format: string
  /** Names the statement in `system.processes` (as `log_comment`), so that another connection can end it. */
  readonly marker: string
  readonly settings: ReadonlyMap<string, string>
  /** Values of `{name:Type}` in ClickHouse's escaped text form. */
  readonly parameters: ReadonlyMap<string, string>
}

export interface EngineResult {
  readonly bytes: Uint8Array
  readonly rows: number
  readonly bytesRead: number
}

interface NativeResult {
  readonly bytes: Uint8Array
  readonly rowsRead: number
  readonly bytesRead: number
}

/** The part of chdb's native addon that is used (chdb 3.4.0, exact version pinned). */
interface Addon {
  CreateConnection(path: string, args: readonly string[]): object
  QueryAsyncConnection(connection: object, sql: string, format: string): Promise<NativeResult>
  CloseConnection(connection: object): void
}

export interface EngineConfig {
  readonly dataDir: string
  /** Memory of the whole engine and of one statement. A result is held in memory, so the second bounds it as well. */
  readonly memoryBytesMax: number
  readonly statementMemoryBytesMax: number
  /** More configuration, as a file of ClickHouse's; empty: none. */
  readonly configFile: string
}

/** A SET text longer than this does not pass the default `max_query_size`. */
const setBytesMax = 250_000

function enginePackage(): string {
  try {
    return createRequire(import.meta.url).resolve('chdb')
  } catch (cause) {
    throw new Error(
      'this installation has no embedded engine: set clickhouse.url, or use the image whose tag ends in -embedded',
      { cause },
    )
  }
}

/** Opens the directory; throws with `Code: 76` when another process holds it. */
export function openEngine({
  dataDir,
  memoryBytesMax,
  statementMemoryBytesMax,
  configFile,
}: EngineConfig): Engine {
  const require = createRequire(enginePackage())
  const addon = (require('./dist/loader.js') as { loadNative(): Addon }).loadNative()
  const args = [
    `--max_server_memory_usage=${memoryBytesMax}`,
    `--max_memory_usage=${statementMemoryBytesMax}`,
    `--mark_cache_size=${Math.round(memoryBytesMax / 8)}`,
    ...(configFile ? [`--config-file=${configFile}`] : []),
    '--max_threads=2',
    '--async_insert=0',
    '--log_queries=0',
    // Defaults of clickhouse-local that a server does not have.
    '--implicit_select=0',
    '--allow_introspection_functions=0',
  ]
  // Keeps the engine up between statements.
  const anchor = addon.CreateConnection(dataDir, args)

  async function withConnection<T>(
    work: (execute: (sql: string, format?: string) => Promise<NativeResult>) => Promise<T>,
  ) {
    const connection = addon.CreateConnection(dataDir, args)
    try {
      return await work((sql, format = 'Null') => addon.QueryAsyncConnection(connection, sql, format))
    } finally {
      addon.CloseConnection(connection)
    }
  }

  return {
    run: (statement) =>
      withConnection(async (execute) => {
        // One text: each that the engine is given costs it 0.15 ms.
        const use = statement.database ? `USE ${quoteName(statement.database)}; ` : ''
        const set = `${use}SET ${assignments(statement).join(', ')}`
        if (set.length > setBytesMax) await execute(`SET max_query_size = ${set.length * 2}`)
        await execute(set)
        const { bytes, rowsRead, bytesRead } = await execute(statement.sql, statement.format)
        return { bytes, rows: rowsRead, bytesRead }
      }),
    async kill(marker) {
      await withConnection((execute) =>
        execute(`KILL QUERY WHERE Settings['log_comment'] = ${quote(marker)} ASYNC`),
      )
    },
    close: () => addon.CloseConnection(anchor),
  }
}

function assignments({ marker, settings, parameters }: EngineStatement): string[] {
  return [
    `log_comment = ${quote(marker)}`,
    ...[...settings].map(([name, value]) => `${name} = ${quote(value)}`),
    ...[...parameters].map(([name, value]) => `param_${name} = ${quote(value)}`),
  ]
}

const quoteName = (name: string) => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
