import { loadServiceConfig } from '../service/config.ts'
import { createStore } from '../service/store/create-store.ts'

export interface MigrateOptions {
  readonly config?: string
  readonly clickhouseUrl?: string
  readonly clickhouseDatabase?: string
}

/** `binnacle migrate`: what `serve` does at start, apart from it, for a deployment that migrates first. */
export async function runMigrate(options: MigrateOptions): Promise<number> {
  const { clickhouse } = loadServiceConfig({
    file: options.config,
    env: process.env,
    overrides: { 'clickhouse.url': options.clickhouseUrl, 'clickhouse.database': options.clickhouseDatabase },
  })
  const store = createStore({ ...clickhouse, url: clickhouse.url || 'http://127.0.0.1:8123' })
  try {
    const { applied, version } = await store.migrate()
    const done = applied.length === 0 ? 'nothing to do' : `applied ${applied.join(', ')}`
    process.stdout.write(`${clickhouse.database}: ${done}; the schema is at version ${version}\n`)
    return 0
  } finally {
    await store.close()
  }
}
