import { createRequire } from 'node:module'
import { errorText } from '../std/assert.ts'
import { quote } from './statement.ts'

/** The part of chdb that is used; its CommonJS build is loaded by require. */
interface ChdbResult {
  readonly rowsRead: number
  readonly bytesRead: number
  bytes(): Uint8Array
}
interface ChdbSession {
  queryAsync(query: string, options: { format: string }): Promise<ChdbResult>
  close(): void
}
interface Chdb {
  readonly Session: new (path: string, options?: { connectionArgs?: readonly string[] }) => ChdbSession
}

export interface Result {
  readonly bytes: Uint8Array
  readonly rows: number
  readonly bytesRead: number
}

export interface RunOptions {
  readonly database: string
  readonly format: string
  /** Names the query in system.processes, so that another connection can end it. */
  readonly marker: string
  readonly settings: ReadonlyMap<string, string>
  readonly queryParameters: ReadonlyMap<string, string>
}

/** One connection to the engine. Settings and parameters of a statement are set before it and taken back after it. */
export interface Connection {
  /** Throws the engine's exception, whose text begins `Code: N. DB::Exception`. */
  run(sql: string, options: RunOptions): Promise<Result>
  /** Ends the query that carries the marker; harmless when it is over already. */
  kill(marker: string): Promise<void>
  close(): void
}

const defaultDatabase = 'default'

/** Opens the directory; fails with `Code: 76` when another process holds it. */
export function openConnection(dataDir: string, connectionArgs: readonly string[]): Connection {
  const { Session } = createRequire(import.meta.url)('chdb') as Chdb
  const session = new Session(dataDir, { connectionArgs })
  const execute = (sql: string, format = 'Null') => session.queryAsync(sql, { format })
  let database = defaultDatabase
  return {
    async run(sql, options) {
      const wanted = options.database || defaultDatabase
      if (wanted !== database) {
        await execute(`USE \`${wanted.replaceAll('`', '``')}\``)
        database = wanted
      }
      const names = [...options.settings.keys()]
      try {
        await execute(`SET ${assignments(options).join(', ')}`)
        const result = await execute(sql, options.format)
        return { bytes: result.bytes(), rows: result.rowsRead, bytesRead: result.bytesRead }
      } finally {
        for (const name of names) await execute(`SET ${name} = DEFAULT`).catch(ignoreUnknownSetting)
      }
    },
    async kill(marker) {
      await execute(`KILL QUERY WHERE Settings['log_comment'] = ${quote(marker)} ASYNC`)
    },
    close: () => session.close(),
  }
}

function assignments({ marker, settings, queryParameters }: RunOptions): string[] {
  return [
    `log_comment = ${quote(marker)}`,
    ...[...settings].map(([name, value]) => `${name} = ${quote(value)}`),
    ...[...queryParameters].map(([name, value]) => `param_${name} = ${quote(value)}`),
  ]
}

function ignoreUnknownSetting(error: unknown): void {
  if (!/Code: 115\./.test(errorText(error))) throw error
}
