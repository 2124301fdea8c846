import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOfflineApp } from './offline-app.ts'

/** node test/support/write-openapi.ts: writes docs/openapi.json from the routes; `biome format --write docs/openapi.json` after it. */
const app = await createOfflineApp()
const answer = await app.inject({ url: '/openapi.json' })
writeFileSync(
  join(import.meta.dirname, '../../docs/openapi.json'),
  `${JSON.stringify(answer.json(), null, 2)}\n`,
)
await app.close()
