import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenStore } from '../../../collector/service/store/create-store.ts'
import { say } from '../support/say.ts'

/** The store, with a line for each statement, and its text and parameters in `directory`, the newest of each number. */
export function timedStore(store: OpenStore, directory: string): OpenStore {
  mkdirSync(directory, { recursive: true })
  const numbers = new Map<string, number>()
  return {
    ...store,
    async query<Row>(query: Parameters<OpenStore['query']>[0], options?: Parameters<OpenStore['query']>[1]) {
      const number = numbers.get(query.sql) ?? numbers.size + 1
      numbers.set(query.sql, number)
      writeFileSync(join(directory, `${number}.sql`), query.sql)
      writeFileSync(join(directory, `${number}.json`), JSON.stringify(query.params))
      const startedAt = performance.now()
      const rows = await store.query<Row>(query, options)
      const ms = performance.now() - startedAt
      say(
        `  ${number}.sql: ${ms.toFixed(1)} ms, ${(query.sql.length / 1000).toFixed(1)} kB of text, ${rows.length} rows`,
      )
      return rows
    },
  }
}
