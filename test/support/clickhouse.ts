import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { cp, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Embedded, startEmbedded } from '../../collector/embedded/supervise.ts'
import { createStore, type OpenStore } from '../../collector/service/store/create-store.ts'
import { silentLog } from '../../collector/std/log.ts'
import { templateDatabase, templateDirectory } from './clickhouse-template.ts'

export interface TestClickHouse {
  readonly url: string
  readonly database: string
  readonly store: OpenStore
  /** Undefined when the tests run against a server. */
  readonly embedded: Embedded | undefined
  close(): Promise<void>
}

/** A migrated, empty database: in an embedded engine of its own, or a fresh one on BINNACLE_TEST_CLICKHOUSE_URL. */
export async function startTestClickHouse(): Promise<TestClickHouse> {
  const server = process.env['BINNACLE_TEST_CLICKHOUSE_URL']
  const directory = server ? undefined : await mkdtemp(join(tmpdir(), 'binnacle-clickhouse-'))
  if (directory) await cp(await templateDirectory(), directory, { recursive: true, verbatimSymlinks: true })
  const embedded = directory ? await startEmbedded({ dataDir: directory, log: silentLog }) : undefined
  const url = server ?? embedded?.url ?? ''
  const database = embedded ? templateDatabase : `test_${randomBytes(6).toString('hex')}`
  const store = createStore({ url, database })
  // Of a copy of the template it finds that nothing is to do.
  await store.migrate()
  return {
    url,
    database,
    store,
    embedded,
    async close() {
      if (server) await store.client.command({ query: `DROP DATABASE IF EXISTS ${database}` })
      await store.close()
      await embedded?.close()
      if (directory) rmSync(directory, { recursive: true, force: true })
    },
  }
}
