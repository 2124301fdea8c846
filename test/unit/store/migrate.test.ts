import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStore, type OpenStore } from '../../../collector/service/store/create-store.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'

const files = readdirSync(join(import.meta.dirname, '../../../collector/service/store/schema')).sort()
const newest = Number(files.at(-1)?.slice(0, 4))

let clickhouse: TestClickHouse
const opened = new Map<OpenStore, string>()
beforeAll(async () => {
  clickhouse = await startTestClickHouse()
})
afterAll(async () => {
  for (const [store, database] of opened) {
    await clickhouse.store.client.command({ query: `DROP DATABASE IF EXISTS ${database}` })
    await store.close()
  }
  await clickhouse?.close()
})

function open(name: string): OpenStore {
  const database = `${clickhouse.database}_${name}`
  const store = createStore({ url: clickhouse.url, database })
  opened.set(store, database)
  return store
}

const migrationsOf = (store: OpenStore) =>
  store.query<{ name: string }>({
    sql: 'SELECT name FROM schema_migrations FINAL ORDER BY number',
    params: {},
  })

test('a fresh database gets every file in order, and a migrated one none again', async () => {
  const store = open('fresh')
  expect(await store.migrate()).toMatchObject({ applied: files, version: newest })
  expect(await store.migrate()).toMatchObject({ applied: [], version: newest })
  expect((await migrationsOf(store)).map(({ name }) => name)).toEqual(files)
})

test('replicas that start at once all come up on the same schema', async () => {
  for (let round = 0; round < 2; round++) {
    const replicas = [open(`round_${round}`), open(`round_${round}`), open(`round_${round}`)] as const
    const reports = await Promise.all(replicas.map((replica) => replica.migrate()))
    for (const report of reports) expect(report.version).toBe(newest)
    expect((await migrationsOf(replicas[0])).map(({ name }) => name)).toEqual(files)
    const sql = 'SELECT count() AS tables FROM system.tables WHERE database = currentDatabase()'
    const [counted] = await replicas[0].query<{ tables: number }>({ sql, params: {} })
    const [fresh] = await clickhouse.store.query<{ tables: number }>({ sql, params: {} })
    expect(counted).toEqual(fresh)
  }
}, 60_000)

const register = (store: OpenStore, row: Record<string, unknown>) =>
  store.client.insert({ table: 'schema_migrations', values: [row], format: 'JSONEachRow' })

test('a file that was changed after it was applied is an error that names it', async () => {
  const store = open('changed')
  await store.migrate()
  await register(store, { number: 1, name: files[0], checksum: 'other', applied_at: '2200-01-01 00:00:00' })
  await expect(store.migrate()).rejects.toThrow(`migration ${files[0]} was applied with other content`)
})

test('a database of a newer program is an error that says so', async () => {
  const store = open('newer')
  await store.migrate()
  await register(store, { number: 9_999, name: '9999_future.sql', checksum: 'x' })
  await expect(store.migrate()).rejects.toThrow(/migrated by a newer program \(9999_future\.sql\)/)
})
