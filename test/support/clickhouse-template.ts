import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startEmbedded } from '../../collector/embedded/supervise.ts'
import { createStore } from '../../collector/service/store/create-store.ts'
import { silentLog } from '../../collector/std/log.ts'

const root = join(import.meta.dirname, '../..')
const cache = join(root, 'node_modules/.cache/binnacle-test')

/** The database of every test's own embedded engine. */
export const templateDatabase = 'test'

/**
 * A migrated, empty data directory to copy: the migrations take over a second of a core, and fifty files want an engine of their
 * own. One for each state of the schema and version of the engine; made by the first who needs it.
 */
export async function templateDirectory(): Promise<string> {
  const directory = join(cache, `clickhouse-${schemaHash()}`)
  if (existsSync(directory)) return directory
  const draft = `${directory}.${randomBytes(6).toString('hex')}`
  await mkdir(draft, { recursive: true })
  const embedded = await startEmbedded({ dataDir: draft, log: silentLog })
  const store = createStore({ url: embedded.url, database: templateDatabase })
  await store.migrate()
  await store.close()
  await embedded.close()
  // Another process may have been quicker; then its directory is as good.
  await rename(draft, directory).catch(() => rm(draft, { recursive: true, force: true }))
  return directory
}

function schemaHash(): string {
  const hash = createHash('sha256')
  const folder = join(root, 'collector/service/store')
  const sources = readdirSync(join(folder, 'schema')).sort()
  for (const name of sources) hash.update(`${name}\0`).update(readFileSync(join(folder, 'schema', name)))
  hash
    .update(readFileSync(join(folder, 'migrate.ts')))
    .update(readFileSync(join(root, 'collector/package.json')))
  return hash.digest('hex').slice(0, 16)
}
