import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderDashboards } from './dashboards.ts'

/** Writes the dashboards as Grafana imports or provisions them: `npm run dashboards`. */
const directory = join(import.meta.dirname, 'json')
mkdirSync(directory, { recursive: true })
for (const [file, text] of renderDashboards()) writeFileSync(join(directory, file), text)
