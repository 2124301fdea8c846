import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { loadServiceConfig } from '../service/config.ts'
import { type BackupPlace, backupStatement, restoreStatement } from '../service/store/backup-sql.ts'
import { errorText } from '../std/assert.ts'

export interface BackupOptions {
  readonly config?: string
  readonly clickhouseUrl?: string
  readonly clickhouseDatabase?: string
  readonly disk?: string
  readonly s3?: string
}

/** `binnacle backup`: one full backup by ClickHouse itself, under a name that sorts by time. */
export function runBackup({ name, ...options }: BackupOptions & { readonly name?: string }): Promise<number> {
  const backup = name ?? `binnacle-${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`
  return carryOut(options, {
    what: 'back up to',
    done: 'backed up to',
    name: backup,
    statement: backupStatement,
  })
}

/** `binnacle restore`: into a database that is not there, or has no rows. */
export function runRestore(
  options: BackupOptions & { readonly name: string; readonly as?: string },
): Promise<number> {
  const { name, as = '', ...rest } = options
  const statement: typeof backupStatement = (backup) => restoreStatement(backup, as)
  return carryOut(rest, { what: 'restore from', done: 'restored from', name, statement })
}

interface Work {
  readonly what: string
  readonly done: string
  readonly name: string
  readonly statement: typeof backupStatement
}

/** Longer than any backup should take: what answers never is given up then. */
const withinMs = 12 * 3_600_000

async function carryOut(options: BackupOptions, { what, done, name, statement }: Work): Promise<number> {
  const place = placeOf(options)
  const { clickhouse } = loadServiceConfig({
    file: options.config,
    env: process.env,
    overrides: { 'clickhouse.url': options.clickhouseUrl, 'clickhouse.database': options.clickhouseDatabase },
  })
  const { url, database, cluster, username, password } = clickhouse
  const client = createClient({
    url: url || 'http://127.0.0.1:8123',
    username,
    password,
    request_timeout: withinMs,
    // What fails is this program's answer.
    log: { level: ClickHouseLogLevel.OFF },
    // Something is sent all the while, so that nothing on the way takes the connection for dead.
    clickhouse_settings: { send_progress_in_http_headers: 1, http_headers_progress_interval_ms: '50000' },
  })
  const startedMs = performance.now()
  try {
    await client.command({ query: statement({ name, place, database, cluster }) })
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    process.stdout.write(`${database}: ${done} ${name} in ${seconds} s\n`)
    return 0
  } catch (error) {
    throw new Error(`cannot ${what} ${name}: ${errorText(error)}`, { cause: error })
  } finally {
    await client.close()
  }
}

function placeOf({ disk, s3 }: BackupOptions): BackupPlace {
  if (disk && !s3) return { type: 'disk', disk }
  if (s3 && !disk) {
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env
    return { type: 's3', url: s3, accessKeyId, secretAccessKey }
  }
  throw new Error('cannot tell where backups are: expected one of --disk and --s3')
}
